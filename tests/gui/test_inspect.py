"""Looking closely, in the real window: values, magnifier, region, LPIPS map."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs.inspecting import heat_map, region_score, texture_map
from app.render.heat import FULL, heat_area, heat_image
from app.render.pixels import pixel_value
from app.render.shown import Shown
from app.state.inspection import MAGNIFICATIONS, Inspection, Overlay, Region
from app.state.layouts import DifferenceLook
from app.views.main_window import MainWindow
from app.views.pictures import overlays
from app.views.pictures.canvas import Canvas
from codec.context import QUIET
from codec.gop import SeamMode
from codec.media.colour import to_rgb
from codec.media.picture import Colour, Picture
from codec.metrics.frames import psnr_db
from codec.metrics.lpips import shared
from codec.metrics.structure import ssim
from tests.gui.conftest import WAIT_MS
from tests.gui.test_layouts import Takes, drag, rgb, settle


def hover(canvas: Canvas, x: float, y: float) -> None:
    """Move the mouse over a picture position."""
    point, none = canvas.place().to_widget(x, y), Qt.MouseButton.NoButton
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, point, canvas.mapToGlobal(point), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, event)


def test_the_pixel_under_the_cursor_is_told_for_every_take(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.session.playback.seek(13)
    window.menus.trigger("take_2")
    settle(qtbot, window)
    window.menus.trigger("values")
    pane = window.panes[two_takes[1].id]
    hover(pane.canvas, 40.5, 30.5)
    assert window.session.view.inspection.cursor == (40, 30)
    aids = pane.canvas._aids
    # The source has no pane now: its picture is made beside.
    qtbot.waitUntil(lambda: all(row.value.rgb is not None for row in aids.rows(40, 30)), timeout=WAIT_MS)
    rows = aids.rows(40, 30)
    assert [row.name for row in rows] == [take.name for take in two_takes]
    for row, take in zip(rows, two_takes, strict=True):
        picture = take.picture(13, SeamMode.BLENDED)
        assert row.value.ycbcr == (picture.y[30, 40], picture.u[15, 20], picture.v[15, 20])
        assert row.value.rgb == tuple(to_rgb(picture)[30, 40])
    assert rows[0].value.ycbcr[0] == 20 + 6 * 13
    hover(pane.canvas, -5, 2)
    assert window.session.view.inspection.cursor is None


def test_values_outside_the_picture_are_none(two_takes: Takes) -> None:
    picture = two_takes[0].picture(0, SeamMode.BLENDED)
    assert pixel_value(picture, 96, 0).ycbcr is None
    assert pixel_value(picture, -1, 3).ycbcr is None
    assert pixel_value(None, 1, 1).rgb is None


@pytest.mark.parametrize("pixel", [(40, 30), (1, 0), (95, 63)])
def test_the_magnifier_shows_samples_around_the_pixel(qtbot: QtBot, pixel: tuple[int, int]) -> None:
    generator = np.random.default_rng(2)
    shapes = (64, 96), (32, 48), (32, 48)
    picture = Picture(*(generator.integers(60, 190, shape, dtype=np.uint8) for shape in shapes), Colour())
    shown = QImage(400, 300, QImage.Format.Format_RGB32)
    shown.fill(0)
    painter = QPainter(shown)
    overlays.paint_magnifier(painter, Shown(picture), pixel, QPointF(10, 10), 8, shown.rect().toRectF())
    painter.end()
    # The box begins at 34, 34 and is 176 wide: the pixel's own 8x8 are in its middle.
    truth, (x, y) = to_rgb(picture), pixel
    block = rgb(shown)[34 + 84 + 2 : 34 + 92 - 2, 34 + 84 + 2 : 34 + 92 - 2]
    assert np.all(block == truth[y, x])
    if x + 1 < 96:
        neighbour = rgb(shown)[34 + 84 + 2 : 34 + 92 - 2, 34 + 92 + 2 : 34 + 100 - 2]
        assert np.all(neighbour == truth[y, x + 1])


@pytest.mark.parametrize("size", [(120, 90), (260, 150), (640, 360), (90, 700)])
def test_the_magnifier_stands_beside_the_cursor_and_inside_the_pane(size: tuple[int, int]) -> None:
    area = QRectF(0, 0, *size)
    for x in range(0, size[0], 7):
        for y in range(0, size[1], 7):
            at = QPointF(x, y)
            box = overlays.magnifier_box(at, area)
            assert area.contains(box)
            assert not box.intersects(QRectF(x - 7.5, y - 7.5, 15, 15)), (x, y)
            assert box.width() >= 0.25 * min(size), (x, y)
    if min(size) >= 300:
        assert overlays.magnifier_box(QPointF(10, 10), area).topLeft() == QPointF(34, 34)
        assert overlays.magnifier_box(QPointF(630, 350), area).bottomRight() == QPointF(606, 326)


@pytest.mark.parametrize(("size", "share"), [((800, 500), 0.03), ((300, 170), 0.06), ((150, 100), 0.0)])
@pytest.mark.parametrize("overlay", Overlay)
def test_scales_take_little_of_a_pane(size: tuple[int, int], share: float, overlay: Overlay) -> None:
    for paint in (
        lambda painter, area: overlays.paint_heat_scale(painter, area, overlay),
        lambda painter, area: overlays.paint_scale(painter, DifferenceLook(), area),
    ):
        image = QImage(*size, QImage.Format.Format_RGB32)
        image.fill(QColor(255, 0, 255))
        painter = QPainter(image)
        paint(painter, QRectF(image.rect()))
        painter.end()
        covered = float(np.mean(np.any(rgb(image) != (255, 0, 255), axis=2)))
        assert covered <= share
        assert (covered > 0) == (share > 0)


def test_the_table_of_values_covers_no_cursor_and_hardly_any_magnifier() -> None:
    area, size = QRectF(0, 0, 640, 360), QSizeF(240, 90)
    assert overlays.free_corner(size, area, []).topLeft() == QPointF(8, 8)
    for x in range(0, 640, 16):
        for y in range(0, 360, 16):
            at = QPointF(x, y)
            taken = [QRectF(x - 24, y - 24, 48, 48), overlays.magnifier_box(at, area)]
            box = overlays.free_corner(size, area, taken)
            assert area.contains(box)
            assert not box.intersects(taken[0]), (x, y)
            over = box.intersected(taken[1])
            assert over.width() * over.height() < 0.15 * taken[1].width() * taken[1].height(), (x, y)


def test_the_magnifier_has_three_strengths_and_goes_away(window: MainWindow, two_takes: Takes) -> None:
    seen = []
    for _ in range(4):
        window.menus.trigger("magnifier")
        seen.append(window.session.view.inspection.magnifier)
        hover(window.panes[two_takes[0].id].canvas, 20, 20)
        window.grab()
    assert seen == [*MAGNIFICATIONS, None]


def test_a_region_is_marked_by_dragging_scored_and_given_up(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.session.playback.seek(5)
    settle(qtbot, window)
    canvas = window.panes[two_takes[1].id].canvas
    corners = [canvas.place().to_widget(*at) for at in ((16, 8), (80, 56))]
    zoom = window.session.view.zoom
    drag(canvas, *(QPoint(round(p.x()), round(p.y())) for p in corners), Qt.KeyboardModifier.ControlModifier)
    region = window.session.view.inspection.region
    assert region is not None
    assert (region.left, region.top, region.width, region.height) == pytest.approx((16, 8, 64, 48), abs=1)
    assert window.session.view.zoom == zoom
    qtbot.waitUntil(lambda: window.inspector.region(two_takes[1]) is not None, timeout=WAIT_MS)
    score = window.inspector.region(two_takes[1])
    source, take = (t.picture(5, SeamMode.BLENDED) for t in two_takes)
    rows, columns = slice(region.top, region.top + region.height), slice(region.left, region.left + region.width)
    a, b = (np.ascontiguousarray(to_rgb(p)[rows, columns]) for p in (source, take))
    assert score.psnr_db == pytest.approx(psnr_db(a, b))
    assert score.ssim == pytest.approx(ssim(source.y[rows, columns], take.y[rows, columns]))
    metric = shared()
    truth = float(metric.distance(metric.features(a[None]), metric.features(b[None]))[0])
    assert score.lpips == pytest.approx(truth, abs=1e-5)
    assert "SSIM" in canvas._aids.region_text(two_takes[1].id)
    assert canvas._aids.region_text(two_takes[0].id) == ""
    window._refresh_all()
    window.menus.trigger("clear_region")
    assert window.session.view.inspection.region is None


def test_regions_stay_inside_the_picture_and_are_not_too_small() -> None:
    inspection, changes = Inspection(), []
    inspection.region_changed.connect(lambda: changes.append(inspection.region))
    inspection.set_region((-20.0, 50.2, 30.4, -9.0), (96, 64))
    assert inspection.region == Region(0, 0, 30, 50)
    inspection.set_region((30.4, 50.2, -20.0, -9.0), (96, 64))
    assert len(changes) == 1
    inspection.set_region((3, 3, 9, 60), (96, 64))
    assert inspection.region is None
    inspection.set_region((200, 200, 300, 300), (96, 64))
    assert inspection.region is None


def test_small_regions_are_scored_by_what_fits(two_takes: Takes) -> None:
    source, take = (t.picture(5, SeamMode.BLENDED) for t in two_takes)
    tiny = region_score(QUIET, take, source, Region(0, 0, 8, 20))
    assert (tiny.ssim, tiny.lpips) == (None, None)
    middle = region_score(QUIET, take, source, Region(0, 0, 20, 20))
    assert middle.ssim is not None
    assert middle.lpips is None


def test_the_lpips_map_lies_where_the_picture_differs(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("heat")
    qtbot.waitUntil(lambda: window.inspector.heat(two_takes[1]) is not None, timeout=WAIT_MS)
    heat = window.inspector.heat(two_takes[1])
    source, take = (t.picture(0, SeamMode.BLENDED) for t in two_takes)
    assert np.array_equal(heat, heat_map(QUIET, take, source))
    assert window.inspector.heat(two_takes[0]) is None
    assert window.panes[two_takes[1].id].canvas._aids.heat(two_takes[1].id) is not None
    aids = window.panes[two_takes[1].id].canvas._aids
    notes = [aids.heat_note(take.id) for take in two_takes]
    assert notes == ["", ""]
    # Another frame: its own map comes without asking again.
    window.session.playback.seek(20)
    assert window.inspector.heat(two_takes[1]) is None
    assert [aids.heat_note(take.id) for take in two_takes] == ["", "Map of LPIPS density: being computed"]
    window.menus.trigger("play")
    assert aids.heat_note(two_takes[1].id) == "Map of LPIPS density: when paused"
    window.panes[two_takes[1].id].canvas.grab()
    window.menus.trigger("play")
    window.session.playback.seek(20)
    qtbot.waitUntil(lambda: window.inspector.heat(two_takes[1]) is not None, timeout=WAIT_MS)
    window.menus.trigger("heat")
    assert window.session.view.inspection.overlay is None


def test_a_map_marks_the_one_place_that_was_changed(small_clip) -> None:
    from codec.media.clip import open_clip
    from codec.media.picture import Picture

    with open_clip(small_clip) as clip:
        reference = clip.picture(3)
    y = reference.y.copy()
    y[40:56, 60:84] = 255 - y[40:56, 60:84]
    take = Picture(y, reference.u, reference.v, reference.colour)
    heat = heat_map(QUIET, take, reference).astype(float)
    area = heat_area(heat)
    row, column = np.unravel_index(np.argmax(heat), heat.shape)
    x, y_at = area.left() + 4 * column + 2, area.top() + 4 * row + 2
    assert 56 <= x <= 88
    assert 36 <= y_at <= 60
    assert heat[:4, :6].mean() < 0.1 * heat.max()


def test_heat_is_clear_where_nothing_differs_and_bright_where_much_does() -> None:
    full = FULL[Overlay.LPIPS]
    image = heat_image(np.array([[0.0, full / 2, full, 9.0]], np.float16), Overlay.LPIPS)
    colours = [image.pixelColor(x, 0) for x in range(4)]
    assert colours[0].alpha() == 0
    assert colours[2] == colours[3]
    assert colours[3].lightness() > colours[1].lightness()


def test_texture_is_blue_where_detail_was_lost_and_red_where_it_was_invented() -> None:
    image = heat_image(np.array([[-20.0, -4.0, 0.0, 4.0, 20.0]], np.float16), Overlay.TEXTURE)
    colours = [image.pixelColor(x, 0) for x in range(5)]
    assert colours[2].alpha() == 0
    assert all(colour.blue() > colour.red() for colour in colours[:2])
    assert all(colour.red() > colour.blue() for colour in colours[3:])


@pytest.mark.parametrize(("codes", "tint"), [(-1.0, "blue"), (1.0, "red")])
def test_a_code_of_texture_can_be_seen_over_a_picture(codes: float, tint: str) -> None:
    """Over mid-grey; what good encoders lose is a code or two."""
    image = QImage(1, 1, QImage.Format.Format_RGB32)
    image.fill(QColor(128, 128, 128))
    painter = QPainter(image)
    painter.drawImage(0, 0, heat_image(np.array([[codes]], np.float16), Overlay.TEXTURE))
    painter.end()
    shown = image.pixelColor(0, 0)
    channels = {"red": shown.red(), "green": shown.green(), "blue": shown.blue()}
    assert channels.pop(tint) > 128 + 25
    assert all(value < 128 for value in channels.values())


def test_the_texture_map_tells_blur_from_invented_detail(small_clip) -> None:
    """A noisy reference; in the take one half is flat, the other has twice the noise."""
    generator = np.random.default_rng(4)
    grey = np.full((32, 64), 128, np.uint8)
    noise = generator.normal(0, 6, (64, 128))
    reference = Picture((128 + noise).astype(np.uint8), grey, grey, Colour())
    changed = np.where(np.arange(128) < 64, 0.0, 2.0) * noise
    take = Picture((128 + changed).astype(np.uint8), grey, grey, Colour())
    found = texture_map(QUIET, take, reference).astype(float)
    assert found.shape == (16, 32)
    # Nearly all of white noise is finer than the first Gaussian: its root mean square is close to 6.
    assert found[4:-4, 4:10].mean() == pytest.approx(-5.8, abs=0.8)
    assert found[4:-4, 22:28].mean() == pytest.approx(5.8, abs=0.8)
    assert np.abs(texture_map(QUIET, reference, reference)).max() == 0


def test_the_texture_map_is_shown_instead_of_the_lpips_map(qtbot: QtBot, window: MainWindow, two_takes: Takes) -> None:
    window.menus.trigger("heat")
    window.menus.trigger("texture")
    assert window.session.view.inspection.overlay is Overlay.TEXTURE
    qtbot.waitUntil(lambda: window.inspector.heat(two_takes[1]) is not None, timeout=WAIT_MS)
    source, take = (t.picture(0, SeamMode.BLENDED) for t in two_takes)
    assert np.array_equal(window.inspector.heat(two_takes[1]), texture_map(QUIET, take, source))
    window.grab()
    window.menus.trigger("texture")
    assert window.session.view.inspection.overlay is None
