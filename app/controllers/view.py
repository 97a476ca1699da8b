"""Zoom and pan without a mouse, looking at one take, and the view as a picture: in the clipboard or in a file."""

from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtGui import QImage

from app.controllers.person import Person
from app.jobs.engine import Engine
from app.render.geometry import Geometry
from app.render.scaling import pixels_of
from codec.media.writer import write_png
from codec.output import short_name

ZOOM_STEP = 1.25
PAN_SHARE = 0.1
"""Of a pane, for one press of a key."""


class Panes(Protocol):
    """The pictures on the screen."""

    def place(self) -> Geometry | None:
        """Where the picture lies in the first pane that can be seen."""
        ...

    def image(self) -> QImage:
        """The panes with their labels and aids, in device pixels."""
        ...


class View:
    """What the keyboard does to the view."""

    def __init__(self, engine: Engine, panes: Panes, person: Person) -> None:
        self._engine, self._session, self._panes, self._person = engine, engine.session, panes, person
        self._last_focus: tuple[int | None, int | None] = (None, None)
        self._before_hold: list[int | None] = []
        """The focus before the source was held; empty while it is not."""
        self._session.focus_changed.connect(self._focus_changed)

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
        return self._panes.place()

    @property
    def zoom_text(self) -> str:
        """As shown: "zoom 53 % (fit)", in device pixels per picture pixel."""
        place = self.place()
        if place is None or self._session.clip is None:
            return ""
        return f"zoom {100 * place.scale:.3g} %{' (fit)' if self._session.view.zoom is None else ''}"

    def copy(self) -> None:
        """The view to the clipboard."""
        self._person.copy_image(self._panes.image())
        self._person.tell("The view is in the clipboard")

    def ask_save(self) -> None:
        """Ask for a name and write the view as it is now."""
        clip = self._session.clip
        assert clip is not None
        image, frame = self._panes.image(), self._session.playback.frame
        proposed = clip.path.parent / short_name(clip.path.stem.replace("%", ""), f"_view_{frame:04d}.png")
        target = self._person.ask_target("Save view", proposed, "PNG picture (*.png)", (".png",))
        if target is not None:
            self.save(image, target)

    def save(self, image: QImage, target: Path) -> None:
        """Write a view as PNG, in the background."""
        if target.suffix.lower() != ".png":
            target = target.with_name(f"{target.name}.png")
        pixels = pixels_of(plain := image.convertToFormat(QImage.Format.Format_RGB32))
        rgb = np.ascontiguousarray(pixels[:, :, 2::-1])
        del plain
        self._engine.in_background(_write, (target, rgb, self._engine.files_in_use))

    def blink(self) -> None:
        """Swap between the last two ways of looking (a take alone, another, or all panes)."""
        current, before = self._last_focus
        if current == before:
            takes = list(self._session.takes)
            before = takes[-1].id if current != takes[-1].id else takes[0].id
        self._set_focus(before)

    def hold_source(self, down: bool) -> None:
        """Show the source alone while a key is held, then what was there."""
        source = next(iter(self._session.takes))
        if down and self._session.focus != source.id:
            self._before_hold = [self._session.focus]
            self._session.set_focus(source)
        elif not down and self._session.focus == source.id and self._before_hold:
            self._set_focus(self._before_hold.pop())

    def _set_focus(self, number: int | None) -> None:
        self._session.set_focus(None if number is None else self._session.takes.by_id(number))

    def _focus_changed(self) -> None:
        if self._session.focus != self._last_focus[0]:
            self._last_focus = (self._session.focus, self._last_focus[0])


def _write(context: object, target: Path, rgb: np.ndarray, inputs: tuple[Path, ...]) -> None:
    del context
    write_png(target, rgb, inputs)
