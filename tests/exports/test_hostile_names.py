"""What is exported of takes and clips whose names are written to break it: figures, tables, pages, projects."""

import csv
import io
import json
import os
import warnings
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from app.exports import labels
from app.exports.charts import ChartData, curves_figure, draw, export_charts, to_csv
from app.exports.evidence import EvidenceRequest, export_evidence
from app.jobs.failures import log_file, sentence_for
from app.jobs.project_files import Draft, TakeFiles, read_project, write_project
from app.state.curves import Series
from app.state.project import FileRecord, Project, ProjectError, TakeRecord, parse, to_text
from app.state.session import Session
from app.state.takes import Kind, Status
from codec.context import QUIET
from codec.gop import SeamMode
from codec.media import open_clip
from tests.conftest import make_clip
from tests.exports.test_pictures import Page

NAMES = ("$x$ costs 5$", "$\\frac{$", "_hidden", "=1+1", "<img src=x>", "two\nlines", "\u202egpj", "caf\udce9")
SHOWN = (*NAMES[:5], "two\\nlines", "\\u202egpj", "caf\\xe9")


@pytest.fixture
def data() -> ChartData:
    values = {"lpips": np.array([0.5, 0.25, 0.1]), "bits": np.array([800.0, 90.0, 70.0])}
    series = tuple(
        Series(i, name, Kind.IMPORTED, "Imported", i + 2, i, 10.0, 0.01, "", values) for i, name in enumerate(NAMES)
    )
    return ChartData("clip $1$ of \udce9\n$2", series, ("#1d6fa5",) * len(NAMES), (0.0, 0.04, 0.08), (1,))


@pytest.fixture
def odd_clip(tmp_path: Path) -> Path:
    """A clip whose name holds a byte that is no UTF-8, a line break, a formula and a tag."""
    name = os.fsencode(tmp_path) + b"/$a$ <b>\n=\xe9.mkv"
    return make_clip(tmp_path / "plain.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=3).rename(os.fsdecode(name))


def test_the_legend_names_every_curve_as_it_is_called(data: ChartData) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = curves_figure(data)
        figure.canvas.draw()
    (legend,) = figure.legends
    named = [f"{number} · {name}" for number, name in enumerate(SHOWN, start=2)]
    assert [text.get_text() for text in legend.get_texts()] == named
    assert len(figure.axes[0].get_lines()) == len(NAMES) + 1
    assert [line.get_color() for line in legend.get_lines()] == ["#1d6fa5"] * len(NAMES)
    assert figure._suptitle.get_text() == "clip $1$ of \\xe9\\n$2"
    assert not any(text.get_parse_math() for text in (figure._suptitle, *legend.get_texts()))
    ElementTree.fromstring(draw(data, "svg"))


def test_tables_and_values_keep_names_that_are_no_formulas(data: ChartData, tmp_path: Path) -> None:
    head, first, *_ = csv.reader(io.StringIO(to_csv(data)))
    assert [cell.removesuffix(": lpips") for cell in head[2::2]] == [*SHOWN[:3], "'=1+1", *SHOWN[4:]]
    assert first == ["0", "0.000000", *["0.5", "800"] * len(NAMES)]
    export_charts(None, data, tmp_path / "a.csv").read_text(encoding="utf-8")
    whole = json.loads(export_charts(None, data, tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [take["name"] for take in whole["takes"]] == list(NAMES) and whole["title"] == data.title


def test_the_evidence_page_of_a_clip_of_an_odd_name_is_written_and_says_it(odd_clip: Path, data: ChartData) -> None:
    with open_clip(odd_clip) as clip:
        session = Session(odd_clip.parent / "s.json")
        session.set_clip(clip)
        for name in NAMES:
            take = session.takes.add(Kind.IMPORTED, "x", status=Status.READY)
            take.given_name = take.note = take.error = take.encoded.command = name
            take.encoded.file, take.source = odd_clip, clip
        wanted = EvidenceRequest(clip, tuple(session.takes), data, SeamMode.BLENDED, 1, None, "\n".join(NAMES), "cpu")
        text = export_evidence(QUIET, wanted, odd_clip.parent / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == [] and "<img src=x>" not in text
    assert all(load.startswith(("data:image/png;base64,", "#")) for load in page.loads)
    assert "$a$ <b>\\n=\\xe9.mkv" in page.text
    assert all(name in page.text for name in SHOWN)
    # Notes keep their lines.
    assert "two\nlines" in page.text


def test_a_label_on_a_picture_takes_any_name(odd_clip: Path) -> None:
    session = Session(odd_clip.parent / "s.json")
    for name in NAMES:
        take = session.takes.add(Kind.IMPORTED, "x")
        take.given_name = name
        assert labels.label_bar(take.label, 200, "#ffffff", 14).shape == (labels.bar_height(14), 200, 3)


def test_a_project_of_a_clip_of_an_odd_name_comes_back(odd_clip: Path, tmp_path: Path) -> None:
    saved = tmp_path / "p.seamscope"
    take = TakeRecord(Kind.IMPORTED, name=NAMES[-1], note=NAMES[-1])
    nowhere = FileRecord("", "", "")
    draft = Draft(Project(nowhere, stop=3, notes="night", takes=(take,)), odd_clip, (TakeFiles(odd_clip, None, False),))
    write_project(QUIET, draft, saved)
    assert json.loads(saved.read_bytes())["notes"] == "night"
    found = read_project(QUIET, saved, tmp_path)
    try:
        assert found.clip.path == odd_clip and found.warnings == ()
        assert found.takes[0].problem == "" and found.takes[0].record.name == NAMES[-1]
    finally:
        found.clip.close()


def test_half_a_character_that_no_file_can_have_is_damage(tmp_path: Path) -> None:
    record = FileRecord("", "/absent.mkv", "")
    text = to_text(replace(Project(record), notes="whole")).replace("whole", "\\ud83d")
    with pytest.raises(ProjectError, match="notes is not a text of up to 100000 whole characters"):
        parse(text, tmp_path / "p.seamscope")


def test_an_unforeseen_failure_about_an_odd_name_is_logged() -> None:
    assert "details are in" in sentence_for(RuntimeError(NAMES[-1]))
    assert "caf\\udce9" in log_file().read_text(encoding="utf-8")
