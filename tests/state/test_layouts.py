import json

import pytest

from app.state.layouts import BLINK_RATES_HZ, GAINS, Channels, Layout, Layouts, Sign, Tile
from app.state.view import View

IDS = (3, 5, 8, 9)


def tiles(layouts: Layouts, ids=IDS, shown=IDS, focus=None) -> list[tuple[int, ...]]:
    return [tile.takes for tile in layouts.arrange(ids, shown, focus).tiles]


def test_grids_rows_and_columns_hold_the_shown_takes_in_order() -> None:
    layouts = Layouts()
    for layout, columns in ((Layout.GRID, None), (Layout.ROW, 3), (Layout.COLUMN, 1)):
        layouts.set_layout(layout)
        made = layouts.arrange(IDS, (3, 8, 9), None)
        assert made.tiles == (Tile(3), Tile(8), Tile(9))
        assert made.columns == columns
        assert made.takes == (3, 8, 9)


def test_a_split_has_the_reference_left_and_the_partner_right() -> None:
    layouts = Layouts()
    layouts.set_layout(Layout.SPLIT)
    assert tiles(layouts) == [(3, 9)]
    layouts.set_partner(5)
    assert tiles(layouts) == [(3, 5)]
    layouts.swap()
    assert tiles(layouts) == [(5, 3)]
    layouts.set_reference(8)
    assert tiles(layouts) == [(5, 8)]
    layouts.set_reference(5)
    assert tiles(layouts) == [(9, 5)]
    assert tiles(layouts, ids=(3,), shown=(3,)) == [(3,)]
    assert tiles(layouts, ids=(), shown=()) == []


def test_takes_that_are_gone_are_not_arranged() -> None:
    layouts = Layouts()
    layouts.set_layout(Layout.SPLIT)
    layouts.set_reference(8)
    layouts.set_partner(9)
    assert tiles(layouts, ids=(3, 5), shown=(3, 5)) == [(3, 5)]
    assert tiles(layouts, ids=(3, 5), shown=(3,)) == [(3, 5)]
    layouts.forget_takes()
    assert tiles(layouts) == [(3, 9)]


def test_one_take_in_focus_stands_alone_in_every_layout() -> None:
    layouts = Layouts()
    for layout in Layout:
        layouts.set_layout(layout)
        assert tiles(layouts, focus=8) == [(8,)]
        assert tiles(layouts, focus=77) != [(77,)]


def test_differences_are_taken_from_the_reference() -> None:
    layouts = Layouts()
    assert layouts.arrange(IDS, IDS, None).look_of(5) is None
    layouts.toggle_difference()
    made = layouts.arrange(IDS, IDS, None)
    assert made.look_of(3) is None
    assert made.look_of(5) == layouts.difference
    layouts.set_reference(5)
    assert layouts.arrange(IDS, IDS, None).look_of(3) == layouts.difference
    kinds = []
    for _ in range(4):
        kinds.append((layouts.difference.channels, layouts.difference.sign))
        layouts.cycle_difference()
    assert set(kinds) == {(c, s) for c in Channels for s in Sign}
    for _ in range(9):
        layouts.step_gain(1)
    assert layouts.difference.gain == GAINS[-1]
    for _ in range(9):
        layouts.step_gain(-1)
    assert layouts.difference.gain == GAINS[0]


def test_split_and_blink_stay_in_range() -> None:
    layouts, moves = Layouts(), []
    layouts.moved.connect(lambda: moves.append(layouts.split))
    for share in (-3.0, 0.25, 7.0):
        layouts.move_split(share)
    assert moves == [0.0, 0.25, 1.0]
    for _ in range(9):
        layouts.step_blink(1)
    assert layouts.blink_hz == BLINK_RATES_HZ[-1]
    for _ in range(9):
        layouts.step_blink(-1)
    assert layouts.blink_hz == BLINK_RATES_HZ[0]


def test_the_way_of_looking_survives_a_file() -> None:
    view = View()
    view.set_zoom(3.5)
    view.centre = (0.25, 0.0)
    layouts = view.layouts
    layouts.set_layout(Layout.SPLIT)
    layouts.cycle_difference()
    layouts.step_gain(1)
    layouts.move_split(0.0)
    layouts.toggle_follow()
    other = View()
    other.restore(json.loads(json.dumps(view.as_values())))
    assert other.as_values() == view.as_values()
    assert other.layouts.difference == layouts.difference


@pytest.mark.parametrize(
    "values",
    [
        {"zoom": "x", "centre": [1, 2, 3], "layout": "cube", "gain": 3, "split": 9.0, "differing": "yes"},
        {"zoom": float("nan"), "centre": ["a", None], "layout": 4, "gain": True, "sign": [], "blink_hz": -1},
        {"zoom": 1e9, "centre": "ab"[:1], "split": None, "channels": None, "swapped": 1},
    ],
)
def test_values_out_of_range_change_nothing(values: dict[str, object]) -> None:
    view = View()
    before = view.as_values()
    view.restore(values)
    assert view.as_values() == before
