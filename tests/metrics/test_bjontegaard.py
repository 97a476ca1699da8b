import numpy as np
import pytest

from codec.metrics.bjontegaard import NotComparable, Pchip, RatePoint, bd_rate

BASELINE = [(100, 30.1), (210, 33.2), (400, 35.9), (820, 38.4), (1500, 40.2)]
TEST = [(90, 30.9), (180, 33.6), (390, 36.8), (700, 38.9)]


def curve(points: list[tuple[float, float]]) -> list[RatePoint]:
    return [RatePoint(rate, quality) for rate, quality in points]


def test_pchip_gives_the_numbers_of_scipy() -> None:
    pchip = Pchip(np.array([0.0, 1.0, 1.5, 4.0, 4.2, 7.0]), np.array([1.0, 2.0, 2.0, 0.5, 3.0, 3.1]))
    # scipy 1.17.1, interpolate.PchipInterpolator, on the same points.
    expected = [1.461, 2.0, 1.115648, 1.7475017765, 3.0937883498]
    assert [pchip(at) for at in (0.3, 1.2, 2.9, 4.1, 6.0)] == pytest.approx(expected, abs=1e-9)
    assert pchip.integral(0.3, 6.5) == pytest.approx(12.7976818503, abs=1e-9)
    line = Pchip(np.array([1.0, 3.0]), np.array([2.0, 6.0]))
    assert line(2.5) == pytest.approx(5.0)
    with pytest.raises(ValueError, match="rise strictly"):
        Pchip(np.array([0.0, 0.0]), np.array([1.0, 2.0]))


def test_rates_by_the_integrals_of_scipy() -> None:
    found = bd_rate(curve(BASELINE), curve(TEST[::-1]), higher_is_better=True)
    assert (found.percent, found.low, found.high) == pytest.approx((-23.408456222, 30.9, 38.9))
    windowed = bd_rate(curve(BASELINE), curve(TEST), higher_is_better=True, window=(200, 500))
    assert (windowed.percent, windowed.low, windowed.high) == pytest.approx((-21.948030186, 32.9958626, 36.7259177))
    falling = [[(r, 1 / q) for r, q in points] for points in (BASELINE, TEST)]
    lower = bd_rate(curve(falling[0]), curve(falling[1]), higher_is_better=False)
    assert (lower.percent, lower.low, lower.high) == pytest.approx((-23.337901025, 1 / 38.9, 1 / 30.9))


def test_half_the_rate_is_minus_fifty_percent_whatever_the_window() -> None:
    half = [(r / 2, q) for r, q in BASELINE]
    for window in (None, (150, 900), (1, 10_000)):
        found = bd_rate(curve(BASELINE), curve(half), higher_is_better=True, window=window)
        assert found.percent == pytest.approx(-50)
    back = bd_rate(curve(half), curve(BASELINE), higher_is_better=True)
    assert back.percent == pytest.approx(100)


@pytest.mark.parametrize(
    ("baseline", "test", "window", "reason"),
    [
        (BASELINE[:3], TEST, None, "baseline curve has 3 points; at least 4"),
        (BASELINE, [(r, q + 50) for r, q in TEST], None, "no quality in common: 30.1 to 40.2 for the baseline"),
        (BASELINE, [(r, q + 9.2) for r, q in TEST], None, "too little quality in common, 40.1 to 40.2: 30.1 to 40.2"),
        (
            BASELINE,
            [*TEST, (900, 38.0)],
            None,
            "tested curve's quality does not rise with its rate between 700 and 900",
        ),
        (BASELINE, [*TEST, (700, 39.0)], None, "does not rise with its rate between 700 and 700"),
        (BASELINE, [*TEST, (0, 20.0)], None, "without a rate above zero"),
        (BASELINE, [*TEST, (950, float("nan"))], None, "without a quality"),
        (BASELINE, TEST, (2000, 3000), "baseline's rate lies within 2000 to 3000"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_reason(baseline, test, window, reason: str) -> None:
    with pytest.raises(NotComparable, match=reason):
        bd_rate(curve(baseline), curve(test), higher_is_better=True, window=window)
