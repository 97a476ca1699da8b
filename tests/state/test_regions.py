import numpy as np
import pytest

from app.state.inspection import Region
from app.state.regions import worst_regions


def test_the_worst_squares_are_found_apart_from_each_other() -> None:
    heat = np.zeros((30, 40))
    heat[4:12, 20:28] = 0.5
    heat[20:28, 2:10] = 0.9
    found = worst_regions(heat, 4, (162, 122), 3, 32)
    assert [region for region, _ in found[:2]] == [Region(8, 80, 32, 32), Region(80, 16, 32, 32)]
    assert [value for _, value in found[:2]] == pytest.approx([0.9, 0.5])
    for (a, _), (b, _) in ((found[i], found[j]) for i in range(len(found)) for j in range(i)):
        apart = a.left >= b.left + b.width or b.left >= a.left + a.width
        assert apart or a.top >= b.top + b.height or b.top >= a.top + a.height


def test_a_map_without_anything_has_no_worst_place() -> None:
    assert worst_regions(np.zeros((10, 10)), 4, (42, 42), 5, 16) == []


def test_squares_are_no_larger_than_the_picture() -> None:
    found = worst_regions(np.ones((5, 9)), 4, (38, 21), 4, 64)
    assert found == [(Region(0, 0, 36, 20), 1.0)]
