import csv
import io
from dataclasses import replace

import pytest

from codec.bench.curves import comparisons, mean_rate
from codec.bench.page import PageFacts, page
from codec.bench.plots import rate_plot
from codec.bench.points import Row
from codec.bench.table import points_csv, rates_csv

BASE = Row(
    clip="a.mkv", codec="hybrid", knob="λ", value=0.1, preset="", width=640, height=360, frame_count=17,
    frame_rate="25", size_bytes=1000, bpp=0.01, kbps=10.0, scores={}, encode_fps=20.0, decode_fps=30.0,
    encode_memory_bytes=500_000_000, decode_memory_bytes=400_000_000, jobs=1, take="t.gop",
)  # fmt: skip
METRICS = ("psnr", "lpips", "dists")
WINDOW = (0.004, 0.03)


def points(clip: str, codec: str, rates: list[float], share: float = 1.0) -> list[Row]:
    """PSNR rises and LPIPS falls with the logarithm of the rate; `share` of the rate gives equal quality."""
    knob = "λ" if codec == "hybrid" else "crf"
    rows = []
    for number, rate in enumerate(rates):
        quality = (rate / share) ** 0.2
        scores = {"psnr": 40 * quality, "lpips": 0.5 - 0.4 * quality}
        rows.append(replace(BASE, clip=clip, codec=codec, knob=knob, value=number, bpp=rate, scores=scores))
    return rows


RATES = [0.004, 0.008, 0.016, 0.032, 0.064]
ROWS = [
    *points("a.mkv", "hybrid", RATES, share=0.7),
    *points("a.mkv", "hevc", RATES),
    *points("b.mkv", "hybrid", RATES, share=0.5),
    *points("b.mkv", "hevc", RATES),
    *points("b.mkv", "vvc", RATES[:3]),
]


def test_rates_a_clip_and_their_mean() -> None:
    found = comparisons(ROWS, ["hybrid"], METRICS, WINDOW)
    by = {(c.clip, c.rival, c.metric, c.window): c for c in found}
    for metric in ("psnr", "lpips"):
        for window in (None, WINDOW):
            first, second = (by[clip, "hevc", metric, window].rate for clip in ("a.mkv", "b.mkv"))
            assert first is not None
            assert second is not None
            assert (first.percent, second.percent) == pytest.approx((-30, -50), abs=0.1)
            mean = mean_rate(found, "hybrid", "hevc", metric, window)
            assert mean.percent == pytest.approx(-40, abs=0.1)
            assert (mean.count, mean.total) == (2, 2)
    assert "3 points" in by["b.mkv", "vvc", "psnr", None].refused
    none = mean_rate(found, "hybrid", "vvc", "psnr", None)
    assert (none.percent, none.count, none.total) == (None, 0, 1)
    # Nothing was measured: no comparison, rather than an empty one.
    assert not [c for c in found if c.metric == "dists"]


def test_tables_hold_every_point_and_every_reason() -> None:
    found = list(csv.DictReader(io.StringIO(points_csv(ROWS[::-1], METRICS))))
    assert len(found) == len(ROWS)
    assert [(row["clip"], row["codec"]) for row in found[:6]] == [("a.mkv", "hybrid")] * 5 + [("a.mkv", "hevc")]
    assert [float(row["bpp"]) for row in found[:5]] == RATES
    assert {row["dists"] for row in found} == {""}
    assert found[0]["encode_memory_mb"] == "500.0"
    rates = list(csv.DictReader(io.StringIO(rates_csv(comparisons(ROWS, ["hybrid"], METRICS, WINDOW)))))
    assert {bool(row["percent"]) != bool(row["refused"]) for row in rates} == {True}
    assert {row["window"] for row in rates} == {"", "0.004-0.03"}


def test_the_page_tells_rates_reasons_and_what_is_absent() -> None:
    hostile = replace(BASE, clip="<b>\u202e.mkv", scores={"psnr": 30.0})
    rows = [*ROWS, hostile]
    drawing = rate_plot(rows, "a.mkv", METRICS[:2], WINDOW)
    assert drawing == rate_plot(rows, "a.mkv", METRICS[:2], WINDOW)
    assert "PSNR in dB, higher is better" in drawing
    facts = PageFacts("T", {"cpu": "x"}, "m", METRICS[:2], ["DISTS needs <a> trunk."], ["vvc failed"], WINDOW, 3)
    text = page(rows, comparisons(rows, ["hybrid"], METRICS[:2], WINDOW), {"a.mkv": drawing}, facts)
    for told in (
        "-40.0 %",
        "(2 of 2)",
        "DISTS needs &lt;a&gt; trunk.",
        "vvc failed",
        "Still to come: 3 of the clips.",
        "&lt;b&gt;\\u202e.mkv",
    ):
        assert told in text
    assert "<b>\\u" not in text and "\u202e" not in text
    assert "at least 4 are needed" in text
