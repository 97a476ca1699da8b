"""Looks of takes: told apart by everybody."""

from itertools import combinations

import numpy as np
import pytest

from app.render.take_looks import is_hollow, look_colour, look_dash, look_ink, look_mark
from app.state.take_list import TakeList
from app.state.takes import Kind
from app.views.theme import DARK, LIGHT

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency" (2009):
# deuteranopia, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
LOOKS = range(12)


def linear(colour: str) -> np.ndarray:
    code = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear RGB."""
    xyz = TO_XYZ @ rgb / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colour_of", [look_colour, look_ink])
def test_twelve_takes_are_told_apart_also_without_seeing_green(colour_of) -> None:
    for a, b in combinations(LOOKS, 2):
        if look_dash(a) != look_dash(b):
            continue
        first, second = linear(colour_of(a)), linear(colour_of(b))
        assert np.linalg.norm(lab(first) - lab(second)) > 30
        seen = [lab(np.clip(DEUTERANOPIA @ colour, 0, 1)) for colour in (first, second)]
        assert np.linalg.norm(seen[0] - seen[1]) > 30


@pytest.mark.parametrize(("colour_of", "ground"), [(look_colour, DARK.surface), (look_ink, LIGHT.field)])
def test_every_look_can_be_read_on_its_ground(colour_of, ground: str) -> None:
    behind = TO_XYZ[1] @ linear(ground)
    for look in LOOKS:
        ink = TO_XYZ[1] @ linear(colour_of(look))
        assert (max(ink, behind) + 0.05) / (min(ink, behind) + 0.05) >= 4.5


def test_looks_of_one_colour_have_another_line_another_mark_and_another_point() -> None:
    for a, b in combinations(LOOKS, 2):
        if look_colour(a) == look_colour(b):
            assert look_dash(a) != look_dash(b) and look_mark(a) != look_mark(b) and is_hollow(a) != is_hollow(b)
            assert look_ink(a) == look_ink(b)


def test_a_take_keeps_its_look_and_shares_it_with_none() -> None:
    takes = TakeList()
    takes.add(Kind.SOURCE, "clip")
    first, second, third = (takes.add(Kind.NEURAL, f"λ {n}") for n in range(3))
    assert [first.look, second.look, third.look] == [0, 1, 2]
    takes.move(third, 1)
    assert third.look == 2
    takes.remove(second)
    fourth = takes.add(Kind.HEVC, "CRF 30")
    assert fourth.look == 1
    takes.restore(second, 2)
    assert second.look == 3 and len({take.look for take in (first, second, third, fourth)}) == 4
