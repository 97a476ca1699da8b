import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from app.exports.charts import (
    MARK_INKS,
    RATE_METRICS,
    ChartData,
    curves_figure,
    draw_rates,
    export_charts,
    to_csv,
    to_json,
)
from app.state.curves import Series
from app.state.rate_marks import RateMark
from app.state.takes import Kind
from codec.errors import MediaError, SettingError

NAN = float("nan")


def series(take: int, kind: Kind, lpips: list[float], bpp: float | None) -> Series:
    values = {"lpips": np.array(lpips), "bits": np.array([800.0, 90.0, NAN])}
    return Series(
        take,
        f"{kind.label} {take}",
        kind,
        kind.label,
        take + 1,
        take,
        None if bpp is None else 1e3 * bpp,
        bpp,
        "",
        values,
    )


DATA = ChartData(
    'city & "night"',
    (series(1, Kind.NEURAL, [0.5, 0.25, NAN], 0.01), series(2, Kind.HEVC, [0.25, 0.125, 0.1], 0.02)),
    ("#c2410c", "#1d6fa5"),
    (0.0, 0.04, 0.08),
    (1,),
)


def test_the_table_holds_every_value_and_leaves_unknown_ones_empty() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(DATA))))
    assert rows[0] == [
        "frame",
        "time_s",
        "Seamscope 1: lpips",
        "Seamscope 1: bits",
        "HEVC (x265) 2: lpips",
        "HEVC (x265) 2: bits",
    ]
    assert rows[1] == ["0", "0.000000", "0.5", "800", "0.25", "800"]
    assert rows[3] == ["2", "0.080000", "", "", "0.1", ""]


def test_json_holds_what_the_table_holds_and_the_rates() -> None:
    whole = json.loads(to_json(DATA))
    assert (whole["title"], whole["time_s"], whole["gop_boundaries"]) == (DATA.title, [0.0, 0.04, 0.08], [1])
    first, second = whole["takes"]
    assert first["values"] == {"lpips": [0.5, 0.25, None], "bits": [800.0, 90.0, None]}
    assert (second["name"], second["codec"], second["bpp"]) == ("HEVC (x265) 2", "HEVC (x265)", 0.02)


def test_pictures_and_drawings_are_whole_files_of_their_kind(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("a.csv", "a.json", "a.png", "a.svg"):
        export_charts(None, DATA, folder / name)
    assert (folder / "a.csv").read_text() == to_csv(DATA)
    with Image.open(folder / "a.png") as image:
        assert image.format == "PNG" and image.width > 1000
    root = ElementTree.parse(folder / "a.svg").getroot()
    assert root.tag.endswith("svg")
    assert sorted(p.name for p in folder.iterdir()) == ["a.csv", "a.json", "a.png", "a.svg"]


def test_names_stand_apart_from_the_title() -> None:
    figure = curves_figure(DATA)
    figure.canvas.draw()
    (legend,) = figure.legends
    title, names = figure._suptitle.get_window_extent(), legend.get_window_extent()
    assert not title.overlaps(names)
    assert not any(names.overlaps(axis.get_tightbbox()) for axis in figure.axes)


def test_a_difference_draws_fewer_curves_than_the_values(tmp_path: Path) -> None:
    both = export_charts(None, DATA, tmp_path / "both.svg").read_text()
    one = ChartData(DATA.title, DATA.series, DATA.colours, DATA.times_s, keys=("lpips",), minus=1)
    minus = export_charts(None, one, tmp_path / "minus.svg").read_text()
    assert "#c2410c" in both and "#1d6fa5" in both
    assert "#c2410c" not in minus and "#1d6fa5" in minus


def test_rate_curves_need_a_rate_and_a_score() -> None:
    drawn = draw_rates(DATA, "svg")
    assert drawn is not None
    # One chart for the one metric there is: no empty frames beside it.
    assert drawn.count(b'<g id="axes_') == 1
    four = tuple(replace(s, values=dict.fromkeys(RATE_METRICS[:4], s.values["lpips"])) for s in DATA.series)
    drawn = draw_rates(replace(DATA, series=four), "svg")
    assert drawn is not None and drawn.count(b'<g id="axes_') == 4
    bare = ChartData("x", (series(1, Kind.NEURAL, [NAN, NAN, NAN], None),), ("#000000",), DATA.times_s)
    assert draw_rates(bare, "svg") is None


def test_every_take_has_its_own_look_number_and_name_in_the_exported_charts() -> None:
    two = tuple(replace(s, look=look) for s, look in zip(DATA.series, (2, 8), strict=True))
    data = replace(DATA, series=two, keys=("lpips",), colours=("#003b2d", "#003b2d"))
    (legend,) = curves_figure(data).legends
    assert [text.get_text() for text in legend.get_texts()] == ["2 · Seamscope 1", "3 · HEVC (x265) 2"]
    assert [line.get_linestyle() for line in legend.get_lines()] == ["-", "--"]
    drawn = draw_rates(data, "svg")
    assert drawn is not None
    same = draw_rates(replace(data, series=tuple(replace(s, look=2) for s in two)), "svg")
    # The point of the dashed take is a ring: white within; that of the other one is not.
    assert drawn.count(b"fill: #ffffff; stroke: #003b2d") > 0 and same is not None
    assert same.count(b"fill: #ffffff; stroke: #003b2d") == 0
    assert [take["number"] for take in json.loads(to_json(data))["takes"]] == [2, 3]


def test_rates_found_by_eye_stand_in_the_rate_charts() -> None:
    plain = draw_rates(DATA, "svg")
    marks = (RateMark("★ $cheap$", 15.0, 0.015), RateMark("Parity x265, <Ann>" * 40, 12.0, 0.012, 0.8, 1.3))
    drawn = draw_rates(replace(DATA, marks=marks), "svg")
    assert plain is not None and drawn is not None
    ElementTree.fromstring(drawn)
    for ink in MARK_INKS[:2]:
        assert ink.encode() not in plain and ink.encode() in drawn
    # The band of the one that has an interval.
    assert drawn.count(b"opacity: 0.15") == 1


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"a\.pdf: charts are written as \.csv, \.json, \.png, \.svg\."):
        export_charts(None, DATA, tmp_path / "a.pdf")
    with pytest.raises(MediaError, match="the chart cannot be written"):
        export_charts(None, DATA, tmp_path / "none" / "a.csv")
    with pytest.raises(SettingError, match="no curves yet"):
        export_charts(None, ChartData("x", (), (), ()), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
