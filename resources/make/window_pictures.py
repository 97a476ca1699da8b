"""Makes the pictures of the window in docs/: ways of looking at takes of one clip at one bitrate, and at seams.

    python -m resources.make.window_pictures --work DIR [--clip FILE] [--frames N]

The real window with real keys, mouse and encodes; wants a display with a window manager (Xvfb and openbox will do) and
takes minutes.
"""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSplitter, QWidget

from app.state.curves import statistics_of
from app.state.takes import Status, Take
from codec.gop import SeamMode
from resources.make.walk import Walk, begin

FRAMES = 25
"""Two seams, so that their ratio has an interval."""
LAMBDA = 0.04
"""Of `hybrid`: so few bits that rivals at the same bitrate look different."""
VAE_LAMBDA = 0.2
FRAME = 12
"""Inside a GoP: nothing marks it."""
TALL = (1366, 860)
"""Pictures over curves."""
CURVES_SHOWN = ("lpips", "psnr_db")
"""As large as the room allows."""
WIDER = 60
"""Pixels that the panels beside the pictures get, so that they tell whole names and rates."""
REGION = (236, 130, 420, 250)
"""Left, top, right, bottom in picture pixels: windows beside the front of another house."""
_LEFT = Qt.MouseButton.LeftButton
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_NONE = Qt.KeyboardModifier.NoModifier


class Looks:
    """Takes of a clip, and the window as each picture needs it: panes in a grid, curves below, before and after."""

    def __init__(self, walk: Walk) -> None:
        self._walk, self._window, self._session = walk, walk.window, walk.window.session
        for key in set(walk.charts.wanted) - set(CURVES_SHOWN):
            _click(walk.charts.toggles[key])
        self._widen(walk.window.side)

    def _widen(self, panel: QWidget) -> None:
        """Drag the line beside a panel on the left or right."""
        splitter = panel.parentWidget()
        assert isinstance(splitter, QSplitter)
        place = splitter.indexOf(panel)
        handle, by = splitter.handle(max(1, place)), QPoint(-WIDER if place else WIDER, 0)
        middle = handle.rect().center()
        QTest.mousePress(handle, _LEFT, _NONE, middle)
        QTest.mouseMove(handle, middle + by)
        QTest.mouseRelease(handle, _LEFT, _NONE, middle + by)

    def encode(self, codec: str, lmbda: float) -> Take:
        """A take of one of Seamscope's codecs, as the side panel is asked for it."""
        _choose(self._window.side.neural.codec, codec)
        number = self._window.side.neural.number
        number.setFocus()
        number.selectAll()
        QTest.keyClicks(number, f"{lmbda:g}")
        QTest.keyClick(number, Qt.Key.Key_Return)
        return self._made(_CTRL)

    def rival(self, codec: str) -> Take:
        """A rival at the bitrate of the newest take."""
        _choose(self._window.side.rival.codec, codec)
        return self._made(_CTRL | _SHIFT)

    def _made(self, modifiers: Qt.KeyboardModifier) -> Take:
        """What Enter begins, once it is whole."""
        before = len(self._session.takes)
        self._walk.press(Qt.Key.Key_Return, modifiers)
        if len(self._session.takes) == before:
            raise RuntimeError(self._window.banner.text())
        take = list(self._session.takes)[-1]
        self._walk.wait(lambda: take.status is not Status.RUNNING)
        if take.status is not Status.READY:
            raise RuntimeError(f"{take.name}: {take.error}")
        return take

    def show(self, *takes: Take) -> None:
        """These beside the source, all measured in the curves that are shown; the first is the one at hand."""
        for take in list(self._session.takes)[1:]:
            if take.visible is not (take in takes):
                QTest.mouseClick(self._window.side.takes.rows[take.id].shown, _LEFT, _NONE, QPoint(8, 8))
        _click(self._window.side.takes.rows[takes[0].id].number)
        keys = self._walk.charts.wanted
        self._walk.wait(lambda: all(self._measured(take, key) for take in takes for key in keys), 0.5)
        self._settle()

    def _measured(self, take: Take, key: str) -> bool:
        found = statistics_of(self._session, take, key)
        return found is not None and found.finished

    def go_to(self, frame: int) -> None:
        """A frame, with the arrow keys."""
        self._walk.press(Qt.Key.Key_Home)
        for _ in range(frame):
            self._walk.press(Qt.Key.Key_Right)
        self._settle()

    def _settle(self) -> None:
        """Until what is asked for is on the screen, with its labels."""
        window = self._window

        def there() -> bool:
            made = window.shown_set
            current = window.presenter.get(window.session.playback.frame)
            return made is not None and made is current and made.complete

        self._walk.wait(there, 1.0)

    def _press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        self._walk.press(key, modifiers)
        self._settle()

    def grid(self) -> None:
        """Takes beside each other, curves below."""
        self._walk.picture("grid", dithered=True)

    def split(self, take: Take) -> None:
        """Source and take in one large picture."""
        self._press(Qt.Key.Key_P)
        self._press(Qt.Key.Key_W)
        self._press(self._key(take))
        self._walk.picture("split", dithered=True)
        self._press(Qt.Key.Key_N)
        self._press(Qt.Key.Key_P)

    def _key(self, take: Take) -> Qt.Key:
        return Qt.Key(Qt.Key.Key_1.value + self._session.takes.place(take))

    def difference(self) -> None:
        """What every take changed."""
        self._press(Qt.Key.Key_P)
        self._press(Qt.Key.Key_E)
        self._walk.picture("difference", dithered=True)
        self._press(Qt.Key.Key_E)
        self._press(Qt.Key.Key_P)

    def texture(self, *takes: Take) -> None:
        """Where detail was lost or invented."""
        self._press(Qt.Key.Key_P)
        self._press(Qt.Key.Key_T, _SHIFT)
        aids = self._window.stage.aids
        self._walk.wait(lambda: all(aids.heat(take.id) is not None for take in takes), 0.5)
        self._walk.picture("texture", dithered=True)
        self._press(Qt.Key.Key_T, _SHIFT)
        self._press(Qt.Key.Key_P)

    def region(self, *takes: Take) -> None:
        """Labels and curves of a part of the picture."""
        canvas = self._window.panes[takes[0].id].canvas
        left, top, right, bottom = REGION
        corners = [canvas.place().to_widget(*corner).toPoint() for corner in ((left, top), (right, bottom))]
        QTest.mousePress(canvas, _LEFT, _CTRL, corners[0])
        QTest.mouseMove(canvas, corners[1])
        QTest.mouseRelease(canvas, _LEFT, _CTRL, corners[1])
        aids, keys = self._window.stage.aids, self._walk.charts.wanted
        self._walk.wait(lambda: all(aids.region_text(take.id) for take in takes))
        self._walk.wait(lambda: all(self._measured(take, key) for take in takes for key in keys), 1.0)
        self._walk.picture("region", dithered=True)
        self._press(Qt.Key.Key_R, _SHIFT)

    def worst(self, *takes: Take) -> None:
        """The worst frame of all, as a click on the list shows it."""
        self._press(Qt.Key.Key_F3)
        self._widen(self._window.inspector_panel)
        panel = self._window.inspector_panel.worst
        self._walk.wait(lambda: panel.list.count() > 0, 1.0)
        first = panel.list.visualItemRect(panel.list.item(0)).center()
        QTest.mouseClick(panel.list.viewport(), _LEFT, _NONE, first)
        self._settle()
        inspector = self._window.inspector
        self._walk.wait(lambda: all(inspector.worst_regions(take, 1) for take in takes), 1.0)
        self._walk.picture("worst", dithered=True)
        self._press(Qt.Key.Key_F3)

    def present(self) -> None:
        """For a room."""
        self._press(Qt.Key.Key_F5)
        self._walk.picture("present", dithered=True)
        self._press(Qt.Key.Key_Escape)

    def seams(self, take: Take) -> None:
        """The inspector at a boundary of a take that has a seam at every one, all ways measured."""
        self._press(Qt.Key.Key_F4)
        while self._session.seam_mode is not SeamMode.DISJOINT:
            self._press(Qt.Key.Key_G, _SHIFT)
        self._walk.wait(lambda: take.disjoint is not None and take.disjoint.rate is not None)
        self._press(Qt.Key.Key_G, _SHIFT)
        self._press(Qt.Key.Key_Home)
        self._press(Qt.Key.Key_PageDown)
        self._press(Qt.Key.Key_Y, _SHIFT)
        panel = self._window.inspector_panel.seams
        self._press(Qt.Key.Key_J, _CTRL)
        shown = self._session.takes.shown
        self._walk.wait(lambda: SeamMode.DISJOINT in panel.ratios and len(panel.slice.slices) == len(shown), 1.0)
        self._walk.picture("seams", dithered=True)
        self._press(Qt.Key.Key_F4)


def _choose(box: QComboBox, text: str) -> None:
    """With the arrow keys: letters are the window's own keys."""
    box.setFocus()
    wanted = next(place for place in range(box.count()) if box.itemText(place).startswith(text))
    while box.currentIndex() != wanted:
        QTest.keyClick(box, Qt.Key.Key_Down if box.currentIndex() < wanted else Qt.Key.Key_Up)


def _click(widget: QWidget) -> None:
    QTest.mouseClick(widget, _LEFT)


def main() -> None:
    """Encode and look."""
    walk, arguments = begin(__doc__, FRAMES)
    walk.open(arguments.clip, arguments.frames)
    walk.resize(*TALL)
    looks = Looks(walk)
    hybrid = looks.encode("Hybrid", LAMBDA)
    hevc, vvc = looks.rival("HEVC"), looks.rival("VVC")
    vae = looks.encode("VAE", VAE_LAMBDA)
    looks.show(hybrid, hevc, vvc)
    looks.go_to(FRAME)
    looks.grid()
    looks.split(hybrid)
    looks.difference()
    looks.texture(hybrid, hevc, vvc)
    looks.region(hybrid, hevc, vvc)
    looks.present()
    looks.worst(hybrid, hevc, vvc)
    looks.show(vae, hybrid, hevc)
    looks.seams(vae)
    walk.close()


if __name__ == "__main__":
    main()
