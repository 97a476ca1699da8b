"""Frames, crops, the video and the evidence page, from takes whose pictures are known."""

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.exports import frames, labels
from app.exports.charts import ChartData
from app.exports.evidence import EvidenceRequest, export_evidence
from app.exports.frames import Box
from app.exports.video import GAP, VideoCodec, VideoColumn, VideoRequest, compose, export_video
from app.jobs.engine import Engine
from app.jobs.hashing import content_of
from app.jobs.immediate import ImmediateRunner
from app.state.curves import series_of
from app.state.session import Session
from app.state.takes import Take
from codec.context import QUIET
from codec.errors import Cancelled, MediaError, SettingError
from codec.gop import SeamMode
from codec.media import open_clip
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour
from codec.rivals import RivalCodec
from codec.rivals.encode import packet_sizes

MODE = SeamMode.BLENDED


@pytest.fixture
def engine(tmp_path: Path, small_clip: Path) -> Iterator[Engine]:
    made = Engine(Session(tmp_path / "settings.json"), ImmediateRunner())
    made.open(small_clip)
    made.encode_rival(RivalCodec.HEVC, 40.0)
    yield made
    made.shutdown()


@pytest.fixture
def takes(engine: Engine) -> tuple[Take, ...]:
    return tuple(engine.session.takes)


def request(takes: tuple[Take, ...], **changes: object) -> VideoRequest:
    columns = tuple(VideoColumn(take, take.label, "#7cc4e8") for take in takes)
    return replace(VideoRequest(columns, 3, 11, MODE, Fraction(25)), **changes)


def test_frames_and_crops_hold_the_pictures_sample_for_sample(takes: tuple[Take, ...], tmp_path: Path) -> None:
    whole = frames.save(None, takes, 7, MODE, tmp_path)
    cut = frames.save(None, takes, 7, MODE, tmp_path, Box(80, 10, 40, 20))
    assert [p.name for p in whole] == ["frame_0007_0_source_96x64_25_fps.png", "frame_0007_1_hevc_x265_crf_40.png"]
    for take, first, second in zip(takes, whole, cut, strict=True):
        rgb = to_rgb(take.picture(7, MODE))
        assert np.array_equal(np.asarray(Image.open(first)), rgb)
        assert second.name.startswith("crop_0007") and np.array_equal(np.asarray(Image.open(second)), rgb[10:30, 80:96])


def test_labels_fit_into_their_bar(tmp_path: Path) -> None:
    bar = labels.label_bar("HEVC (x265) matched to λ 0.1 · 823.4 kbps · 0.1129 bpp", 96, "#7cc4e8", 14)
    assert bar.shape == (labels.bar_height(14), 96, 3)
    dark = (bar.astype(int).sum(axis=2) < 200).any(axis=0)
    assert dark[labels.PADDING : 90].any() and not dark[-labels.PADDING + 1 :].any()


def test_all_takes_stand_side_by_side_at_one_frame(takes: tuple[Take, ...]) -> None:
    plain = compose(request(takes, labelled=False), 5)
    assert plain.shape == (64, 2 * 96 + GAP, 3)
    for number, take in enumerate(takes):
        left = number * (96 + GAP)
        assert np.array_equal(plain[:, left : left + 96], to_rgb(take.picture(5, MODE)))
    assert compose(request(takes), 5).shape[0] == 64 + labels.bar_height(12)
    assert compose(request(takes, labelled=False, per_row=1), 5).shape == (2 * 64 + GAP, 96, 3)
    five = (*takes, *takes, takes[0])
    assert compose(request(five, labelled=False), 5).shape == (2 * 64 + GAP, 3 * 96 + 2 * GAP, 3)


@pytest.mark.parametrize(
    ("codec", "suffix", "name"), [(VideoCodec.H264, ".mp4", "h264"), (VideoCodec.HEVC, ".mkv", "hevc")]
)
def test_the_video_is_what_was_composed_at_the_rate_asked_for(
    takes: tuple[Take, ...], tmp_path: Path, codec: VideoCodec, suffix: str, name: str
) -> None:
    wanted = request(takes, codec=codec, half_speed=codec is VideoCodec.HEVC)
    target = export_video(QUIET, wanted, tmp_path / f"side{suffix}")
    with open_clip(target) as made:
        assert (made.info.codec, made.frame_count) == (name, 8)
        assert made.timing.frame_rate == (Fraction(25, 2) if wanted.half_speed else 25)
        shown = to_rgb(made.picture(2)).astype(int)
        # The least a video of 4:2:0 pictures does to them.
        errors = [np.abs(shown - to_rgb(from_rgb(compose(wanted, i), Colour()))).mean() for i in (4, 5, 6)]
    with av.open(str(target)) as container:
        coded = container.streams.video[0].codec_context
        # 1 is BT.709 and limited range: a player must not have to guess.
        assert (coded.color_primaries, coded.color_trc, coded.colorspace, coded.color_range) == (1, 1, 1, 1)
    assert errors[1] < 2.5 < 2 * errors[1] < min(errors[0], errors[2])
    assert [p.name for p in tmp_path.iterdir() if "side" in p.name] == [target.name]


def test_a_shifted_take_leaves_its_cell_empty_where_it_has_no_frame(engine: Engine, takes: tuple[Take, ...]) -> None:
    engine.session.takes.set_nudge(takes[1], 18)
    cell = compose(request(takes, labelled=False), 5)[:, 96 + GAP :]
    assert np.bincount(cell.reshape(-1, 3)[:, 0]).argmax() == 0x16
    assert not np.array_equal(cell, to_rgb(takes[1].own_picture(5, MODE)))


def test_cancel_and_errors_leave_no_file(takes: tuple[Take, ...], tmp_path: Path) -> None:
    class Impatient:
        def report(self, fraction: float, message: str = "") -> None: ...

        def check(self) -> None:
            raise Cancelled

    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(Cancelled):
        export_video(Impatient(), request(takes), folder / "a.mp4")
    with pytest.raises(MediaError, match="the folder does not exist"):
        export_video(QUIET, request(takes), folder / "none" / "a.mp4")
    with pytest.raises(SettingError, match="nothing to export"):
        export_video(QUIET, request(takes, stop=3), folder / "a.mp4")
    assert list(folder.iterdir()) == []


class Page(HTMLParser):
    """Tags, what they load, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("img", "br", "meta", "link"):
            self.open.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_evidence_page_holds_everything_and_loads_nothing(engine: Engine, tmp_path: Path) -> None:
    session, takes = engine.session, tuple(engine.session.takes)
    session.takes.rename(takes[1], "<b>mine</b> & yours")
    series = series_of(session)
    data = ChartData("x", series, ("#1d6fa5",), tuple(session.playback.time_of(i) for i in range(20)), (8, 16))
    clip = session.clip
    assert clip is not None
    wanted = EvidenceRequest(clip, takes, data, MODE, 4, Box(16, 8, 32, 24), "Look <here>.", "cpu", "32x24 at 16, 8")
    page = Page(export_evidence(QUIET, wanted, tmp_path / "page.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert all(load.startswith(("data:image/png;base64,", "#")) for load in page.loads)
    pictures = [load for load in page.loads if load.startswith("data:")]
    first = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[0].partition(",")[2]))))
    assert np.array_equal(first, to_rgb(takes[0].picture(4, MODE))[8:32, 16:48])
    hevc = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[1].partition(",")[2]))))
    assert np.array_equal(hevc, to_rgb(takes[1].picture(4, MODE))[8:32, 16:48])
    assert takes[1].file is not None and takes[1].rate is not None
    for part in (
        "<b>mine</b> & yours", "Look <here>.", "libx265", content_of(clip.path), content_of(takes[1].file),
        f"{takes[1].rate.kbps:.1f}", f"{sum(packet_sizes(takes[1].file))}", "32x24 at 16, 8",
    ):  # fmt: skip
        assert part in page.text, part
    lpips = np.mean(series[0].values["lpips"])
    assert f"{lpips:.4f}" in page.text
    assert f"LPIPS at this frame {series[0].values['lpips'][4]:.4f}" in page.text
    assert "20 of 20 frames" in page.text and "of the region 32x24 at 16, 8 alone" in page.text
    assert not re.search(r"https?://(?!www\.w3\.org)", (tmp_path / "page.html").read_text(encoding="utf-8"))


def test_a_page_without_scores_or_region_is_written_all_the_same(tmp_path: Path, small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        session = Session(tmp_path / "s.json")
        session.set_clip(clip)
        data = ChartData("x", (), (), ())
        wanted = EvidenceRequest(clip, tuple(session.takes), data, MODE, 0, None, "", "cpu")
        page = Page(export_evidence(QUIET, wanted, tmp_path / "p.html").read_text(encoding="utf-8"))
        assert "alone" not in page.text
        # No network has run yet: the page names no device.
        unknown = replace(wanted, device="")
        assert "device" not in Page(export_evidence(QUIET, unknown, tmp_path / "p.html").read_text("utf-8")).text
        assert "no curves yet" in page.text and "Notes" not in page.text
        with pytest.raises(MediaError, match="the page cannot be written"):
            export_evidence(QUIET, wanted, tmp_path / "none" / "p.html")
