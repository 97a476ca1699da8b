"""Takes that are measured at different frames, beside each other."""

from collections.abc import Sequence

import numpy as np
import pytest

from app.state.comparison import compare, over_the_same, unfinished
from app.state.curves import Series
from app.state.rates import points_of, savings
from app.state.takes import Kind

NAN = float("nan")


def series(take: int, lpips: Sequence[float], *, due: int, kind: Kind = Kind.HEVC, bpp: float = 0.01) -> Series:
    return Series(
        take, f"take {take}", kind, kind.label, take + 1, take, 1.0, bpp, "", {"lpips": np.array(lpips)}, {"lpips": due}
    )


def test_takes_measured_whole_are_compared_over_the_frames_both_have() -> None:
    # The second is shorter than the clip: its frames were never the whole clip's.
    long, short = series(1, [0.1, 0.2, 0.9, 0.9], due=4), series(2, [0.3, 0.3, NAN, NAN], due=2)
    found = compare([long, short], "lpips")
    assert found[1].mean == pytest.approx(0.15) and found[2].mean == pytest.approx(0.3)
    assert [found[take].said(found[take].mean, 3) for take in (1, 2)] == ["0.150 (2 of 4)", "0.300 (2 of 4)"]
    assert points_of([long, short], "lpips")[1] == (0.01, pytest.approx(0.15))
    assert compare([long], "lpips")[1].said(0.525, 3) == "0.525"


def test_a_take_that_is_not_measured_whole_is_no_result_and_takes_no_frames_from_others() -> None:
    done, coming = series(1, [0.1, 0.2, 0.3, 0.4], due=4), series(2, [0.05, NAN, NAN, NAN], due=4)
    found = compare([done, coming], "lpips")
    assert found[1].mean == pytest.approx(0.25) and found[1].finished
    assert not found[2].finished and found[2].said(found[2].mean, 3) == "0.05… 1/4"
    assert list(points_of([done, coming], "lpips")) == [1]
    assert over_the_same([done, coming], coming, "lpips") == {1: pytest.approx(0.1)}
    assert over_the_same([done, coming], done, "lpips") == {}
    assert unfinished([done, coming], ["lpips"]) == ["take 2: LPIPS 1/4"]


def test_takes_without_a_common_frame_have_no_comparison() -> None:
    found = compare([series(1, [0.1, NAN], due=1), series(2, [NAN, 0.1], due=1)], "lpips")
    assert found == {}


def test_savings_wait_for_every_frame() -> None:
    def curve(kind: Kind, start: int, factor: float, measured: int) -> list[Series]:
        rows = []
        for number in range(4):
            lpips = [0.4 - 0.1 * number] * measured + [NAN] * (4 - measured)
            rows.append(series(start + number, lpips, due=4, kind=kind, bpp=factor * 2**number))
        return rows

    rival = curve(Kind.HEVC, 0, 0.02, 4)
    (whole,) = savings([*rival, *curve(Kind.NEURAL, 9, 0.01, 4)], "lpips")
    assert whole.percent == pytest.approx(-50.0)
    assert savings([*rival, *curve(Kind.NEURAL, 9, 0.01, 3)], "lpips") == ()
