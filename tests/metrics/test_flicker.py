"""The measure of flicker on what stands still, on pictures made for it."""

import math

import numpy as np
import pytest

from codec.gop import Structure
from tests.proofs.flicker import REACH, flicker, seams_of, still

HEIGHT, WIDTH = 24, 40


def grey(level: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), level, np.uint8)


def test_what_moves_and_what_is_near_it_does_not_stand_still():
    before, after = grey(100), grey(101)
    after[10, 20] = 180
    mask = still(before, after)
    reach = REACH // 2
    assert not mask[10 - reach : 11 + reach, 20 - reach : 21 + reach].any()
    assert mask.sum() == mask.size - REACH**2
    assert not still(before, grey(103)).any()
    # No wrap-around of 8-bit numbers.
    assert not still(grey(0), grey(255)).any()


def test_flicker_counts_changes_where_the_source_stands_still_within_gops_and_across_their_ends():
    shown = [grey(level) for level in (50, 51, 49, 56)]
    left = np.zeros((HEIGHT, WIDTH), bool)
    left[:, : WIDTH // 2] = True
    for picture in shown[1:]:
        # What moves may change as it likes.
        picture[:, WIDTH // 2 :] = 255 - picture[:, WIDTH // 2 :]
    within, across = flicker(shown, [left] * 3, {3})
    assert (within, across) == (pytest.approx(1.5), pytest.approx(7.0))
    within, across = flicker(shown, [left] * 3, ())
    assert within == pytest.approx(10 / 3) and math.isnan(across)


def test_pairs_across_the_end_of_a_gop_are_known_by_their_later_frame():
    assert seams_of(20, Structure.DISJOINT) == {9, 18}
    # A shared frame has something of both GoPs: it is told apart on either side.
    assert seams_of(20, Structure.OVERLAP) == {8, 9, 16, 17}
    assert seams_of(5, Structure.OVERLAP) == set()
