"""The verdict as the window writes it: page and PDF, of a choice and of a blind test, with hostile names."""

import base64
import io
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.jobs.blind.journals import journals_folder
from app.jobs.hashing import content_of
from app.state.blind import journal
from app.state.blind.journal import Run, read_run
from app.state.blind.procedure import Procedure, level_grid
from app.state.blind.setup import Rival, Segment
from app.state.takes import Take
from app.views.main_window import MainWindow
from codec.media.colour import to_rgb
from codec.texts import visible
from tests.gui.conftest import WAIT_MS
from tests.proofs.blind_observer import Observer
from tests.state.blind.test_journal import SETUP

HOSTILE = "\"><script>alert('x')</script>\u202egpj"


class Page(HTMLParser):
    """What a browser would load and run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def write_journal(take: Take, clip: Path, observer: str = f"Ann {HOSTILE}", seed: int = 7) -> Run:
    """A run by an observer of numbers, of the clip at hand, who sees no difference at twice the take's rate."""
    assert take.rate is not None
    x = float(np.log2(take.rate.kbps))
    setup = replace(
        SETUP, clip=str(clip), content=content_of(clip), levels=level_grid(x - 2, x + 2),
        segment=Segment(4, 24, 0.8, 2), rival=Rival(f"x265 {HOSTILE}", take.rate.kbps, take.command, "an encode"),
        viewing=replace(SETUP.viewing, observer=observer, crop=(8, 4, 64, 48)), seed=seed,
    )  # fmt: skip
    procedure = Procedure(setup.plan)
    Observer(x + 1 + seed / 100, 0.25).run(procedure, np.random.default_rng(seed))
    assert procedure.stop is not None
    lines = [journal.setup_record(setup)]
    lines += [journal.answer_record(each, "2026-03-01T10:01:00+00:00") for each in procedure.answered]
    text = "".join([*lines, journal.end_record(procedure.stop.value)])
    journals_folder().mkdir(parents=True, exist_ok=True)
    (journals_folder() / f"run-{seed}.jsonl").write_text(text, encoding="utf-8")
    return read_run(text)


def export(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    """Through the key and the dialog for files."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    window._refresh_all()
    QTest.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: not window.context.exports.queue.exports, timeout=WAIT_MS)


def frames_of_page(page: Page) -> list[np.ndarray]:
    (video,) = page.of("video")
    source = video["src"] or ""
    assert source.startswith("data:video/mp4;base64,")
    with av.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as opened:
        assert opened.streams.video[0].codec_context.name == "h264"
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


def images_of(pdf: bytes) -> list[tuple[np.ndarray, float, float]]:
    """Every picture that is drawn: its samples, and its width and height on paper in points."""
    stored = {}
    head = rb"(\d+) 0 obj\n<<\n/Type /XObject\n/Subtype /Image\n/Width (\d+)\n/Height (\d+)\n(.*?)>>"
    head += rb"\nstream\n(.*?)\nendstream"
    for number, width, height, rest, body in re.findall(head, pdf, re.DOTALL):
        if b"/FlateDecode" in rest:
            # Pictures without colour are stored as one plane.
            samples = np.frombuffer(zlib.decompress(body), np.uint8).reshape(int(height), int(width), -1)
            stored[number] = np.broadcast_to(samples, (int(height), int(width), 3))
    drawn = []
    for body in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        try:
            page = zlib.decompress(body)
        except zlib.error:
            continue
        words = page.split() if page.isascii() else []
        scales = [np.ones(2)]
        for at, word in enumerate(words):
            if word == b"q":
                scales.append(scales[-1])
            elif word == b"Q":
                scales.pop()
            elif word == b"cm":
                scales[-1] = scales[-1] * [float(words[at - 6]), float(words[at - 3])]
            elif word == b"Do" and (samples := stored.get(words[at - 1].removeprefix(b"/Im"))) is not None:
                drawn.append((samples, *(abs(float(side)) for side in scales[-1])))
    return drawn


def assert_closed(text: str) -> None:
    """Nothing is loaded from elsewhere, and no script is run but the page's own."""
    page = Page(text)
    for tag, attributes in page.tags:
        for name in ("src", "href", "data", "poster", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, name)
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "style" not in attributes, tag
    assert len(page.of("script")) == 1 and not page.of("link") and not page.of("iframe")
    (policy,) = [meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy


def test_a_choice_is_handed_over_and_said_to_be_no_blind_result(
    qtbot: QtBot,
    window: MainWindow,
    two_takes: tuple[Take, Take],
    numbered_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, take = two_takes
    target = tmp_path / "v.html"
    export(qtbot, window, monkeypatch, target)
    assert "There is no verdict yet" in window.banner.text() and not target.exists()
    window.context.takes.edits.rename(take, f"take {HOSTILE}")
    window.context.choosing.choose(take, f"Mai {HOSTILE}", f"calm {HOSTILE}")
    window.session.set_notes(f"{HOSTILE}\nsecond line")
    window.session.playback.set_in(5)
    window.session.playback.set_out(12)
    export(qtbot, window, monkeypatch, target)
    text = target.read_text("utf-8")
    assert_closed(text)
    page = Page(text)
    assert "no result of a blind test" in page.text and "At what bitrate is numbered.mkv" in page.text
    assert "\u202e" not in text and page.text.count("<script>alert('x')</script>\\u202egpj") >= 4
    for part in (take.command, content_of(numbered_clip), "second line"):
        assert part in page.text
    (canvas,) = page.of("canvas")
    pitch, width, height = (int(canvas[key] or 0) for key in ("data-pitch", "width", "height"))
    shown = frames_of_page(page)
    assert len(shown) == int(canvas["data-frames"] or 0) == 8 and (width, height) == (96, 64)
    for number, frame in enumerate(shown, start=5):
        for place, each in enumerate((source, take)):
            real = to_rgb(each.picture(number, window.session.seam_mode)).astype(int)
            part = frame[place * pitch : place * pitch + height, :width].astype(int)
            assert np.abs(part - real).mean() < 3, (number, place)
    # Never over what is read, and nothing is left of it.
    before = numbered_clip.read_bytes()
    link = tmp_path / "clip.html"
    link.hardlink_to(numbered_clip)
    export(qtbot, window, monkeypatch, link)
    assert "being read; choose another output" in window.banner.text() and numbered_clip.read_bytes() == before
    export(qtbot, window, monkeypatch, tmp_path / "none" / "v.pdf")
    assert "v.pdf" in window.banner.text() and sorted(p.name for p in tmp_path.glob("*.*")) == ["clip.html", "v.html"]


def test_a_blind_result_is_handed_over_with_its_interval_on_screen_and_on_paper(
    qtbot: QtBot,
    window: MainWindow,
    two_takes: tuple[Take, Take],
    numbered_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, take = two_takes
    run = write_journal(take, numbered_clip)
    window.context.blind.read_runs()
    qtbot.waitUntil(lambda: window.session.blind.complete == (run,), timeout=WAIT_MS)
    window.context.choosing.choose(take, "Mai", "cheap")
    page_file, paper = tmp_path / "v.html", tmp_path / "v.pdf"
    export(qtbot, window, monkeypatch, page_file)
    export(qtbot, window, monkeypatch, paper)
    text = page_file.read_text("utf-8")
    assert_closed(text)
    page = Page(text)
    assert visible(run.sentence()) in page.text and "an engineering pre-test" in page.text
    assert "lies below the interval" in page.text and f"{run.setup.seed}" in page.text
    assert "The segment lasts 0.80 s" in page.text and run.setup.coding.model in page.text
    # The run's own segment and crop.
    assert [frame.shape[1] for frame in frames_of_page(page)] == [64] * 20
    svgs = [img["src"] or "" for img in page.of("img") if (img["src"] or "").startswith("data:image/svg+xml")]
    assert any(b"#e0a020" in base64.b64decode(src.partition(",")[2]) for src in svgs)
    assert paper.exists(), window.banner.text()
    content = paper.read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    (count,) = re.findall(rb"/Count (\d+)", content)
    # Question, takes, charts, forty answers: more than one page, and pictures in it.
    assert int(count) >= 2 and content.count(b"/Subtype /Image") >= 3
    # The stills are there sample by sample, each of them three quarters of a point large: a 96th of an inch.
    stills = [each for each in images_of(content) if each[0].shape == (48, 64, 3)]
    assert len(stills) == 2
    for (samples, width, height), each in zip(stills, (source, take), strict=True):
        crops = (to_rgb(each.picture(frame, window.session.seam_mode))[4:52, 8:72] for frame in range(4, 24))
        assert any((samples == crop).all() for crop in crops)
        assert (width, height) == (pytest.approx(64 * 0.75, rel=1e-6), pytest.approx(48 * 0.75, rel=1e-6))
    marks = window.charts.rates
    window.charts.pages.setCurrentWidget(marks)
    window.charts.redraw()
    assert [mark.has_interval for mark in marks._marks] == [False, True]


def test_the_verdict_draws_every_observer_and_never_pools_them(
    qtbot: QtBot,
    window: MainWindow,
    two_takes: tuple[Take, Take],
    numbered_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, take = two_takes
    names = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus")
    runs = [write_journal(take, numbered_clip, name, seed) for seed, name in enumerate(names)]
    # Ann did it twice: the newer run counts, the other one is said to be there.
    write_journal(take, numbered_clip, "Ann", len(names))
    window.context.blind.read_runs()
    qtbot.waitUntil(lambda: len(window.session.blind.complete) == len(runs) + 1, timeout=WAIT_MS)
    target = tmp_path / "v.html"
    export(qtbot, window, monkeypatch, target)
    text = target.read_text("utf-8")
    assert_closed(text)
    page = Page(text)
    svgs = [base64.b64decode((img["src"] or "").partition(",")[2]) for img in page.of("img")
            if (img["src"] or "").startswith("data:image/svg+xml")]  # fmt: skip
    # A panel an observer, six in a drawing; a drawing of satisfied viewers.
    panels = [drawing.count(b'<g id="axes_') for drawing in svgs]
    assert panels[-3:] == [6, 1, 1]
    assert "Of the same observers there is 1 complete run before these" in page.text
    assert "Mean of 7 observers" in page.text and all(f"Run of {name}" in page.text for name in names)
