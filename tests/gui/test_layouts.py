"""Every way of placing takes, in the real window: what is where, and that zoom and frame stay."""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.render.difference import difference_rgb
from app.render.framing import Framing
from app.state.layouts import Layout
from app.state.session import Session
from app.state.takes import Encoded, Kind, Rate, Take
from app.state.view import View
from app.views.main_window import MainWindow
from app.views.names import brief
from app.views.pictures.canvas import Canvas, Content
from app.views.pictures.pane import Pane, Said
from codec.gop import SeamMode
from tests.gui.conftest import WAIT_MS

Takes = tuple[Take, Take]


def visible(window: MainWindow) -> list[Pane]:
    return [pane for pane in window.panes.values() if not pane.isHidden()]


def rgb(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until what is asked for is on the screen."""
    window._refresh_all()

    def there() -> bool:
        made = window.shown_set
        return (
            made is window.presenter.get(window.session.playback.frame)
            and made.arrangement == window.presenter.arrangement()
            and made.complete
        )

    qtbot.waitUntil(there, timeout=WAIT_MS)


def drag(canvas: Canvas, start: QPoint, stop: QPoint, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    kinds = QMouseEvent.Type
    for kind, point, button, held in (
        (kinds.MouseButtonPress, start, left, left),
        (kinds.MouseMove, stop, none, left),
        (kinds.MouseButtonRelease, stop, left, none),
    ):
        event = QMouseEvent(kind, QPointF(point), canvas.mapToGlobal(QPointF(point)), button, held, modifiers)
        QApplication.sendEvent(canvas, event)


def test_panes_stand_as_the_layout_says(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    places = {}
    for name in ("layout_row", "layout_column", "layout_grid"):
        window.menus.trigger(name)
        settle(qtbot, window)
        QApplication.processEvents()
        first, second = (window.panes[take.id].geometry() for take in two_takes)
        places[name] = (second.x() > first.x(), second.y() > first.y())
        assert window.menus.actions[name].isChecked()
    assert places["layout_row"] == (True, False)
    assert places["layout_column"] == (False, True)
    # 96x64 pictures in a wide area are larger side by side.
    assert places["layout_grid"] == (True, False)


def test_panes_stand_evenly_where_pictures_are_as_large(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("charts")
    settle(qtbot, window)
    for asked in ("CRF 20", "CRF 30"):
        window.session.takes.add(Kind.HEVC, asked)
    grid, label = window.stage.grid, window.panes[two_takes[0].id].label.height()
    # Higher than four beside each other; lower than three or two beside each other could be.
    height = 2 * (64 * grid.width() / (3.5 * 96) + label)
    window.resize(window.width(), window.height() + round(height) - grid.height())

    def even() -> bool:
        places = [pane.geometry() for pane in visible(window)]
        return [len({place.x() for place in places}), len({place.y() for place in places})] == [2, 2]

    qtbot.waitUntil(even, timeout=WAIT_MS)


def test_zoom_and_frame_survive_every_switch(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    view = window.session.view
    window.session.playback.seek(11)
    view.set_zoom(3.0)
    view.pan((40.0, 10.0), (96.0, 64.0), (400.0, 300.0))
    before = view.zoom, view.centre
    for name in (
        "layout_row", "layout_column", "layout_split", "swap", "difference", "difference_kind", "gain_up", "take_1",
        "take_2", "all_panes", "blink", "layout_grid", "difference", "reference",
    ):  # fmt: skip
        window.menus.trigger(name)
        settle(qtbot, window)
        assert (view.zoom, view.centre) == before, name
        assert window.session.playback.frame == 11
        assert {pane.canvas.frame for pane in visible(window)} == {11}, name
    assert window.mismatches == 0


def test_a_split_shows_one_take_on_either_side_of_the_line(qtbot: QtBot, session_canvas: Canvas) -> None:
    canvas = session_canvas
    red, blue = (QImage(96, 64, QImage.Format.Format_RGB32) for _ in range(2))
    red.fill(Qt.GlobalColor.red)
    blue.fill(Qt.GlobalColor.blue)
    layouts, whole = canvas._session.view.layouts, Framing((0, 0, 96, 64), (96, 64))
    for share in (0.25, 0.5, 0.75):
        layouts.move_split(share)
        canvas.show_content(Content(0, {whole: red}, {whole: blue}, split=True))
        shown = rgb(canvas.grab().toImage())
        row, line = shown[20], round(share * canvas.width())
        assert np.all(row[: line - 3] == (255, 0, 0))
        assert np.all(row[line + 3 :] == (0, 0, 255))


@pytest.fixture
def session_canvas(qtbot: QtBot, tmp_path, small_clip) -> Canvas:
    """A canvas of 384x256 over a clip of 96x64, without a window."""
    from codec.media.clip import open_clip

    session = Session(tmp_path / "settings.json")
    session.set_clip(open_clip(small_clip))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(384, 256)
    yield canvas
    session.clip.close()


def test_samples_are_exact_at_one_to_one_and_when_magnified(session_canvas: Canvas) -> None:
    canvas = session_canvas
    generator = np.random.default_rng(5)
    pixels = generator.integers(0, 256, (64, 96, 4), dtype=np.uint8)
    image = QImage(pixels.data, 96, 64, 4 * 96, QImage.Format.Format_RGB32).copy()
    canvas.show_content(Content(0, {Framing((0, 0, 96, 64), (96, 64)): image}))
    truth = pixels[:, :, 2::-1]
    canvas._session.view.set_zoom(1.0)
    shown = rgb(canvas.grab(QRect(144, 96, 96, 64)).toImage())
    assert np.array_equal(shown, truth)
    canvas._session.view.set_zoom(4.0)
    shown = rgb(canvas.grab().toImage())
    assert np.array_equal(shown, np.repeat(np.repeat(truth, 4, 0), 4, 1))


def test_the_line_can_be_dragged_or_follow_the_mouse(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("layout_split")
    settle(qtbot, window)
    (pane,) = visible(window)
    canvas, layouts = pane.canvas, window.session.view.layouts
    assert pane.right_label.isVisible()
    assert "HEVC" in pane.right_label.text()
    width, middle = canvas.width(), canvas.height() // 2
    drag(canvas, QPoint(width // 2, middle), QPoint(width // 4, middle))
    assert layouts.split == pytest.approx(0.25, abs=0.01)
    before = window.session.view.centre
    drag(canvas, QPoint(int(width * 0.7), middle), QPoint(int(width * 0.6), middle))
    assert layouts.split == pytest.approx(0.25, abs=0.01)
    assert window.session.view.centre != before
    window.menus.trigger("follow_mouse")
    qtbot.mouseMove(canvas, QPoint(int(width * 0.8), middle))
    position = QPointF(width * 0.8, middle)
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, position, canvas.mapToGlobal(position), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, event)
    assert layouts.split == pytest.approx(0.8, abs=0.01)


def test_differences_on_the_screen_are_those_of_the_pictures(
    qtbot: QtBot, window: MainWindow, two_takes: Takes
) -> None:
    window.session.playback.seek(6)
    window.menus.trigger("difference")
    for _ in range(4):
        settle(qtbot, window)
        source, take = (t.picture(6, SeamMode.BLENDED) for t in two_takes)
        look = window.session.view.layouts.difference
        shown = window.panes[two_takes[1].id]
        assert np.array_equal(rgb(shown.canvas.image), difference_rgb(take, source, look))
        assert f" · Δ×{look.gain} " in shown.label.text()
        assert window.panes[two_takes[0].id].canvas.content.scale is None
        window.menus.trigger("difference_kind")
        window.menus.trigger("gain_up")


def test_number_keys_flip_in_place_and_choose_the_partner_of_a_split(
    qtbot: QtBot, window: MainWindow, two_takes: Takes
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_2)
    settle(qtbot, window)
    assert [pane.tile.takes for pane in visible(window)] == [(two_takes[1].id,)]
    qtbot.keyClick(window, Qt.Key.Key_1)
    settle(qtbot, window)
    assert [pane.tile.takes for pane in visible(window)] == [(two_takes[0].id,)]
    qtbot.keyClick(window, Qt.Key.Key_0)
    window.menus.trigger("layout_split")
    settle(qtbot, window)
    assert window.session.view.layouts.layout is Layout.SPLIT
    qtbot.keyClick(window, Qt.Key.Key_2)
    settle(qtbot, window)
    assert [pane.tile.takes for pane in visible(window)] == [(two_takes[0].id, two_takes[1].id)]
    window.menus.trigger("swap")
    settle(qtbot, window)
    assert [pane.tile.takes for pane in visible(window)] == [(two_takes[1].id, two_takes[0].id)]


def test_a_flip_to_a_picture_that_is_made_shows_at_once(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.session.playback.seek(9)
    settle(qtbot, window)
    for name, take in (("take_1", 0), ("take_2", 1), ("take_1", 0)):
        window.menus.trigger(name)
        # No event is processed in between.
        assert [pane.tile.left for pane in visible(window)] == [two_takes[take].id]
        assert visible(window)[0].canvas.frame == 9


def test_blinking_takes_turns_at_its_rate_and_puts_back_what_was_shown(
    qtbot: QtBot, window: MainWindow, two_takes: Takes
) -> None:
    session = window.session
    window.menus.trigger("auto_blink")
    seen: list[int | None] = []
    session.focus_changed.connect(lambda: seen.append(session.focus))
    window._refresh_all()
    for _ in range(9):
        window.menus.trigger("blink_faster")
    assert session.view.layouts.blink_hz == 6.0
    qtbot.waitUntil(lambda: len(seen) >= 6, timeout=WAIT_MS)
    assert all(a != b for a, b in itertools.pairwise(seen))
    assert set(seen) == {take.id for take in two_takes}
    window.menus.trigger("blink_slower")
    assert session.view.layouts.blink_hz == 4.0
    window.menus.trigger("auto_blink")
    assert session.focus is None
    assert not session.view.layouts.blinking


def test_blinking_ends_when_a_take_goes(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("auto_blink")
    window.engine.remove(two_takes[1])
    assert not window.session.view.layouts.blinking
    settle(qtbot, window)
    assert [pane.tile.left for pane in visible(window)] == [two_takes[0].id]


def test_presentation_shows_large_labels_and_nothing_else(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("present")
    window._refresh_all()
    pane = window.panes[two_takes[1].id]
    name, rate, quality = pane.label.text().split("\n")
    assert quality.startswith(("LPIPS 0.", " "))
    assert name == f"2 · {two_takes[1].name}"
    assert "kbps" in rate
    assert "bpp" in rate
    assert "26px" in pane.label.styleSheet()
    assert window.panes[two_takes[0].id].label.text() == "1 · Source\n96x64, 25 fps\n "
    # The source's label is as tall, so that pictures stand at the same place in all panes.
    qtbot.waitUntil(lambda: len({window.panes[take.id].canvas.height() for take in two_takes}) == 1, timeout=WAIT_MS)
    parts = (window.menuBar(), window.side, window.statusBar(), window.charts, window.transport)
    assert all(part.isHidden() for part in parts)
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.session.playback.frame == 1
    window.menus.trigger("leave")
    window._refresh_all()
    assert not any(part.isHidden() for part in parts)
    assert "\n" not in pane.label.text()
    assert not window.session.view.presenting


@pytest.mark.parametrize("chosen", [Layout.ROW, Layout.COLUMN])
def test_a_presentation_shows_pictures_as_large_as_they_fit_and_gives_the_layout_back(
    qtbot: QtBot, window: MainWindow, two_takes: Takes, chosen: Layout
) -> None:
    names = {Layout.ROW: "layout_row", Layout.COLUMN: "layout_column"}

    def scale() -> float:
        settle(qtbot, window)
        found: list[float] = []

        def steady() -> bool:
            # Panels give their room back in turns of the event loop, each of which may move the panes.
            window._refresh_all()
            qtbot.wait(50)
            found.append(min(pane.canvas.place().scale for pane in visible(window)))
            return len(found) > 3 and len(set(found[-4:])) == 1

        qtbot.waitUntil(steady, timeout=WAIT_MS)
        return found[-1]

    window.menus.trigger(names[chosen])
    window.menus.trigger("present")
    at_first = scale()
    picked = []
    for layout, name in names.items():
        window.menus.trigger(name)
        assert window.session.view.layouts.layout is layout
        picked.append(scale())
    assert at_first == max(picked) > min(picked)
    assert window.session.view.as_values()["layout"] == chosen.value
    window.menus.trigger("leave")
    assert window.session.view.layouts.layout is chosen
    window.menus.trigger("layout_split")
    window.menus.trigger("present")
    assert window.session.view.layouts.layout is Layout.SPLIT


def test_a_project_opened_while_presenting_ends_the_presentation_in_its_layout() -> None:
    view = View()
    view.present(True)
    view.restore({"layout": Layout.COLUMN.value})
    assert view.layouts.layout is Layout.GRID
    view.present(False)
    assert view.layouts.layout is Layout.COLUMN


def test_a_second_window_shows_the_same_set_with_large_labels(
    qtbot: QtBot, window: MainWindow, two_takes: Takes
) -> None:
    window.menus.trigger("second_window")
    second = window.second
    assert second.isVisible()
    window.menus.trigger("layout_split")
    window.session.playback.seek(12)
    settle(qtbot, window)
    (pane,) = [pane for pane in second.grid.panes.values() if not pane.isHidden()]
    assert pane.tile.takes == tuple(take.id for take in two_takes)
    assert pane.canvas.frame == 12
    assert pane.canvas.content.shown is window.panes[two_takes[0].id].canvas.content.shown
    # Its panes are of another size: it has images of its own.
    qtbot.waitUntil(lambda: pane.canvas.framing() in pane.canvas.content.images, timeout=WAIT_MS)
    first = window.panes[two_takes[0].id].canvas
    qtbot.waitUntil(lambda: first.framing() in first.content.images, timeout=WAIT_MS)
    assert "26px" in pane.label.styleSheet()
    # The first window's keys work there.
    qtbot.keyClick(second, Qt.Key.Key_Right)
    assert window.session.playback.frame == 13
    settle(qtbot, window)
    assert window.menus.actions["second_window"].isChecked()
    second.close()
    assert not window.menus.actions["second_window"].isChecked()
    window.session.playback.seek(3)
    settle(qtbot, window)
    assert pane.canvas.frame == 13
    window.session.takes.remove(two_takes[1])
    window.menus.trigger("second_window")
    assert [p.tile.takes for p in second.grid.panes.values() if not p.isHidden()] == [(two_takes[0].id,)]


def test_the_buttons_in_the_menu_bar_are_the_actions(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    bar = window.look_bar.buttons
    qtbot.mouseClick(bar["layout_split"], Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert [pane.tile.right for pane in visible(window)] == [two_takes[1].id]
    assert bar["layout_split"].isChecked()
    assert not bar["layout_grid"].isChecked()
    assert "(W)" in bar["layout_split"].toolTip()
    qtbot.mouseClick(bar["panel_worst"], Qt.MouseButton.LeftButton)
    assert window.inspector_panel.shows("worst")
    window.engine.remove(two_takes[1])
    window._refresh_all()
    assert not bar["difference"].isEnabled()
    assert all(button.accessibleName() and button.text() for button in bar.values())


def test_narrow_labels_keep_what_tells_takes_apart(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    source, take = (window.panes[each.id].label for each in two_takes)
    window._refresh_all()
    assert source.text() == "1 · Source · 96x64, 25 fps"
    assert take.text().startswith("2 · HEVC (x265) CRF 10 · ")
    kbps = two_takes[1].rate.text.split(" · ")[0]
    # A bitrate is there whole or not at all.
    assert take._shorter[-2:] == (f"2 · HEVC CRF 10 · {kbps}", "2 · HEVC CRF 10")
    assert source._shorter == ("1 · Source",)
    for shorter in take._shorter:
        assert "CRF 10" in shorter
    for shorter in take._shorter[:-1]:
        assert kbps in shorter
    assert brief("HEVC (x265) matched to λ 0.16") == "HEVC"
    assert brief("Hybrid λ 0.16") == "Hybrid λ 0.16"
    neural = Take(7, Kind.NEURAL, "λ 0.16", nudge=1, encoded=Encoded(rate=Rate(11059, 53.1, 0.0227)))
    assert Said(neural, "", "blended", "").small()[-3:] == [
        "Hybrid λ 0.16 · +1 frame · 53.1 kbps", "λ 0.16 · +1 frame · 53.1 kbps", "λ 0.16 · +1 frame",
    ]  # fmt: skip


def test_the_window_fits_a_laptops_screen_whatever_is_open(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    settle(qtbot, window)
    for name in ("panel_seams", "panel_worst", "panel_scopes"):
        window.menus.trigger(name)
        QApplication.processEvents()
        assert window.minimumSizeHint().width() <= 1366, name
    window.resize(1366, 720)
    qtbot.waitUntil(lambda: window.width() <= 1366)
    # The charts' buttons go on in a second line, all of them to be seen.
    shown = [toggle.geometry() for toggle in window.charts.toggles.values()]
    room = window.charts.pages.currentWidget().rect()
    assert all(room.contains(place) for place in shown)
    assert not any(a.intersects(b) for a, b in itertools.combinations(shown, 2))
