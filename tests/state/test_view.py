import pytest

from app.state.view import MAX_ZOOM, View

PICTURE, PANE = (640.0, 360.0), (800.0, 600.0)


def point_under(view: View, cursor: tuple[float, float]) -> tuple[float, float]:
    scale, origin = view.scale(PICTURE, PANE), view.origin(PICTURE, PANE)
    return (cursor[0] - origin[0]) / scale, (cursor[1] - origin[1]) / scale


def test_fit_shows_the_whole_picture_in_the_middle() -> None:
    view = View()
    assert view.scale(PICTURE, PANE) == pytest.approx(1.25)
    assert view.origin(PICTURE, PANE) == pytest.approx((0.0, 75.0))


def test_zoom_keeps_the_point_under_the_cursor() -> None:
    view = View()
    for cursor, factor in (((300.0, 200.0), 2.0), ((500.0, 380.0), 1.25), ((300.0, 250.0), 0.8)):
        before = point_under(view, cursor)
        view.zoom_at(factor, cursor, PICTURE, PANE)
        assert point_under(view, cursor) == pytest.approx(before)


def test_zoom_ends_at_its_limit() -> None:
    view = View()
    view.zoom_at(1e9, (400.0, 300.0), PICTURE, PANE)
    assert view.zoom == MAX_ZOOM


def test_pan_moves_by_screen_pixels_and_not_off_the_picture() -> None:
    view = View()
    view.set_zoom(4.0)
    before = view.origin(PICTURE, PANE)
    view.pan((30.0, -20.0), PICTURE, PANE)
    after = view.origin(PICTURE, PANE)
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((30.0, -20.0))
    view.pan((1e6, 1e6), PICTURE, PANE)
    assert view.centre == (0.0, 0.0)


def test_a_box_fills_the_pane() -> None:
    view = View()
    view.show_box((200.0, 225.0, 400.0, 150.0), PICTURE, PANE)
    assert view.scale(PICTURE, PANE) == pytest.approx(2.5)
    assert view.centre == pytest.approx((0.5, 0.5))


def test_a_click_is_no_box() -> None:
    view = View()
    view.show_box((200.0, 225.0, 1.0, 1.0), PICTURE, PANE)
    assert view.zoom is None


def test_every_change_is_told_and_reset_fits_again() -> None:
    view = View()
    told: list[int] = []
    view.changed.connect(lambda: told.append(1))
    view.zoom_at(2.0, (10.0, 10.0), PICTURE, PANE)
    view.pan((5.0, 5.0), PICTURE, PANE)
    view.reset()
    assert len(told) == 3
    assert (view.zoom, view.centre) == (None, (0.5, 0.5))
