"""What the keyboard does to the view, and the view as a picture: in the clipboard or in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QGuiApplication, QImage

from app.render.scaling import pixels_of
from app.state.session import Session
from app.views.file_dialogs import ask_target
from app.views.geometry import Geometry
from codec.media.writer import write_png
from codec.output import short_name

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

ZOOM_STEP = 1.25
PAN_SHARE = 0.1
"""Of a pane, for one press of a key."""
_SHOWN_MS = 8000


class ViewDesk:
    """The `app.actions.spec.ViewKeys` of a window."""

    def __init__(self, window: "MainWindow", session: Session) -> None:
        self._window, self._session = window, session

    def zoom(self, steps: int) -> None:
        """In (or out, below 0) by a fourth a step, around the middle of the panes."""
        place = self.place()
        if place is not None:
            middle = place.pane[0] / 2, place.pane[1] / 2
            self._session.view.zoom_at(ZOOM_STEP**steps, middle, place.picture, place.pane)

    def pan(self, right: int, down: int) -> None:
        """Look further to the right and down, by a tenth of a pane each."""
        place = self.place()
        if place is not None:
            moved = -right * PAN_SHARE * place.pane[0], -down * PAN_SHARE * place.pane[1]
            self._session.view.pan(moved, place.picture, place.pane)

    def place(self) -> Geometry | None:
        """Where the picture lies in the first pane that can be seen."""
        pane = next((pane for pane in self._window.panes.values() if not pane.isHidden()), None)
        return None if pane is None else pane.canvas.place()

    @property
    def zoom_text(self) -> str:
        """As shown: "zoom 53 % (fit)", in device pixels per picture pixel."""
        place = self.place()
        if place is None or self._session.clip is None:
            return ""
        return f"zoom {100 * place.scale:.3g} %{' (fit)' if self._session.view.zoom is None else ''}"

    def image(self) -> QImage:
        """The panes with their labels and aids, as they are on the screen, in device pixels."""
        return self._window.stage.grab().toImage()

    def copy(self) -> None:
        """The view to the clipboard."""
        QGuiApplication.clipboard().setImage(self.image())
        self._window.statusBar().showMessage("The view is in the clipboard", _SHOWN_MS)

    def ask_save(self) -> None:
        """Ask for a name and write the view as it is now."""
        clip = self._session.clip
        assert clip is not None
        image, frame = self.image(), self._session.playback.frame
        proposed = clip.path.parent / short_name(clip.path.stem.replace("%", ""), f"_view_{frame:04d}.png")
        target = ask_target(self._window, "Save view", proposed, "PNG picture (*.png)", (".png",))
        if target is not None:
            self.save(image, target)

    def save(self, image: QImage, target: Path) -> None:
        """Write a view as PNG, in the background."""
        if target.suffix.lower() != ".png":
            target = target.with_name(f"{target.name}.png")
        pixels = pixels_of(plain := image.convertToFormat(QImage.Format.Format_RGB32))
        rgb = np.ascontiguousarray(pixels[:, :, 2::-1])
        del plain
        self._window.engine.in_background(_write, (target, rgb, self._window.engine.files_in_use))


def _write(context: object, target: Path, rgb: np.ndarray, inputs: tuple[Path, ...]) -> None:
    del context
    write_png(target, rgb, inputs)
