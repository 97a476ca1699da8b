"""Files and streams as takes, opened in this process."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.jobs.importing import Imports
from app.state.frame_facts import frame_facts
from app.state.imports import Difference, ImportDecision, ImportQuestion, Pairing
from app.state.session import Session
from app.state.takes import Kind, Status
from codec.container.stream import read_info
from codec.ffmpeg import ffmpeg_program
from codec.gop import SeamMode, Structure
from codec.media import open_clip
from codec.stream.source import StreamSource
from tests.conftest import make_clip

EVERYTHING = frozenset(Difference)


@pytest.fixture
def engine(session: Session) -> Iterator[Engine]:
    engine = Engine(session, ImmediateRunner())
    yield engine
    folder = engine.store.folder
    engine.shutdown()
    assert not folder.exists()


@pytest.fixture
def imports(engine: Engine) -> Imports:
    return engine.imports


def look_at(imports: Imports, path: Path) -> ImportQuestion:
    asked: list[ImportQuestion] = []
    with_list = asked.append
    imports.asked.connect(with_list)
    imports.look_at(path)
    imports.asked.disconnect(with_list)
    assert len(asked) == 1
    return asked[0]


@pytest.fixture(scope="module")
def stream_files(tmp_path_factory: pytest.TempPathFactory, small_clip: Path) -> dict[Structure, Path]:
    """Streams of the small clip in both structures."""
    from codec.hybrid.settings import HybridSettings
    from codec.stream.encoder import encode_clip

    folder = tmp_path_factory.mktemp("streams")
    made = {}
    with open_clip(small_clip) as clip:
        for structure in Structure:
            made[structure] = folder / f"{structure.value}.gop"
            settings = HybridSettings(0.3, structure, "cpu")
            encode_clip(clip, clip.timing, clip.info.sample_aspect, made[structure], settings)
    return made


def test_a_decoded_file_becomes_a_scored_take_at_the_stated_bitrate(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, clips: Path, messages: list[str]
) -> None:
    decoded = make_clip(clips / "theirs.y4m", "-pix_fmt", "yuv420p")
    engine.open(small_clip)
    question = look_at(imports, decoded)
    assert question.mismatches == ()
    take = imports.accept(question, ImportDecision("DCVC", 41.5))
    assert take is not None and take.status is Status.READY and messages == []
    assert take.kind is Kind.IMPORTED and take.label.startswith("DCVC · 41.5 kbps (stated) · ")
    with open_clip(decoded) as clip:
        assert np.array_equal(take.picture(7, SeamMode.BLENDED).y, clip.picture(7).y)
    assert np.isfinite(session.scores.values(session.score_key(take), "lpips")).all()
    engine.remove(take)
    assert decoded.exists()


def test_a_file_with_its_own_rate_is_marked_and_has_bits_per_frame(
    engine: Engine, imports: Imports, small_clip: Path, clips: Path
) -> None:
    engine.open(small_clip)
    theirs = make_clip(clips / "theirs.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2")
    take = imports.accept(look_at(imports, theirs), ImportDecision())
    assert take is not None and take.rate is not None
    assert take.rate.kbps == pytest.approx(theirs.stat().st_size * 8 / 0.8 / 1000)
    assert "(file size)" in take.label and len(take.frame_bits) == 20
    assert 0.5 < sum(take.frame_bits) / (8 * theirs.stat().st_size) < 1.0


def test_nothing_different_is_taken_without_a_decision(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, clips: Path, messages: list[str]
) -> None:
    engine.open(small_clip)
    other = make_clip(clips / "odd.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="48x32", frames=15, rate="30")
    question = look_at(imports, other)
    assert len(question.mismatches) == 3
    assert imports.accept(question, ImportDecision()) is None
    assert len(session.takes) == 1 and "odd.mkv: its pictures are 48x32, the clip's 96x64" in messages[0]
    take = imports.accept(question, ImportDecision(resolved=EVERYTHING))
    assert take is not None and take.status is Status.READY, messages
    assert take.picture(14, SeamMode.BLENDED).y.shape == (64, 96)
    assert not take.ready(15, SeamMode.BLENDED)
    assert session.playback.out_point == 14
    assert take.origin is not None and take.origin.scaled and take.origin.rate_differs
    assert "It has 15 frames, the clip 20: compare the frames both have." in take.note
    scored = session.scores.values(session.score_key(take), "psnr_db")
    assert np.isfinite(scored[:15]).all() and np.isnan(scored[15:]).all()


def test_a_faster_file_can_be_paired_by_time_and_says_so(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, clips: Path, messages: list[str]
) -> None:
    engine.open(small_clip)
    fast = make_clip(clips / "fast.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=40, rate="50")
    question = look_at(imports, fast)
    assert [m.difference for m in question.mismatches] == [Difference.RATE, Difference.LENGTH]
    rate = frozenset({Difference.RATE})
    take = imports.accept(question, ImportDecision(resolved=rate, pairing=Pairing.TIME))
    assert take is not None and take.status is Status.READY, messages
    assert "It runs at 50 fps, the clip at 25: beside every frame of the clip the one nearest in time." in take.note
    assert take.origin is not None and take.origin.by_time
    assert take.own_count == 20 and session.playback.out_point == 19
    assert take.frame_bits == []
    with open_clip(fast) as file:
        for index in (0, 7, 19):
            assert np.array_equal(take.picture(index, SeamMode.BLENDED).y, file.picture(2 * index).y)
    assert np.isfinite(session.scores.values(session.score_key(take), "psnr_db")).all()


def test_enlarging_keeps_a_ramp_a_ramp(engine: Engine, imports: Imports, small_clip: Path, clips: Path) -> None:
    ramp = make_clip(
        clips / "ramp.mkv", "-vf", "geq=lum='40+2*X':cb=100:cr=150", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="48x32"
    )
    engine.open(small_clip)
    take = imports.accept(look_at(imports, ramp), ImportDecision(resolved=EVERYTHING))
    assert take is not None
    picture = take.picture(0, SeamMode.BLENDED)
    # Sample x of the enlarged row lies at (x + 1/2) / 2 - 1/2 of the small one.
    wanted = 40 + 2 * ((np.arange(96) + 0.5) / 2 - 0.5)
    assert np.abs(picture.y[30, 8:-8] - wanted[8:-8]).max() <= 1.0
    assert set(np.unique(picture.u)) == {100} and set(np.unique(picture.v)) == {150}


@pytest.mark.parametrize("structure", list(Structure))
def test_a_stream_becomes_a_take_with_its_measured_rate(
    engine: Engine,
    imports: Imports,
    session: Session,
    small_clip: Path,
    stream_files: dict[Structure, Path],
    structure: Structure,
    messages: list[str],
) -> None:
    file = stream_files[structure]
    engine.open(small_clip)
    take = imports.accept(look_at(imports, file), ImportDecision("theirs"))
    assert take is not None and take.status is Status.READY, messages
    info = read_info(file)
    assert take.rate is not None and take.rate.kbps == pytest.approx(info.kbps)
    assert take.rate.bpp == pytest.approx(info.bpp)
    assert sum(take.frame_bits) == pytest.approx(8 * sum(info.gop_bytes))
    assert {i for i, coding in take.shown.gops.items() if not coding.chained} == set(info.key_gops) == {0}
    assert take.shown.keys == "one of 3" and len(info.gop_bytes) == 3
    assert [frame_facts(session, take, frame).split(",")[0] for frame in (3, 12)] == ["GoP 0 (key)", "GoP 1 (chained)"]
    source = StreamSource(file, "cpu")
    other = SeamMode.DISJOINT if structure is Structure.OVERLAP else SeamMode.BLENDED
    for mode in (SeamMode.BLENDED, other):
        session.set_seam_mode(mode)
        for index in (0, 7, 8, 9, 19):
            assert np.array_equal(take.picture(index, mode).y, source.picture(index).y), (mode, index)
        assert take.mode_for(mode).structure is structure
    assert np.isfinite(session.scores.values(session.score_key(take), "lpips")).all()
    engine.remove(take)
    assert file.exists() and list(engine.store.folder.iterdir()) == []


def test_a_damaged_stream_shows_what_is_whole_and_says_what_is_not(
    engine: Engine,
    imports: Imports,
    session: Session,
    small_clip: Path,
    stream_files: dict[Structure, Path],
    tmp_path: Path,
) -> None:
    bad = tmp_path / "bad.gop"
    shutil.copy(stream_files[Structure.DISJOINT], bad)
    data = bytearray(bad.read_bytes())
    data[-3] ^= 0xFF
    bad.write_bytes(bytes(data))
    engine.open(small_clip)
    take = imports.accept(look_at(imports, bad), ImportDecision())
    assert take is not None and take.status is Status.READY
    assert take.ready(3, session.seam_mode) and not take.ready(19, session.seam_mode)
    assert "1 GoP is damaged and stays empty." in take.message


def test_files_that_are_none_and_files_without_a_clip_are_one_sentence(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, tmp_path: Path, messages: list[str]
) -> None:
    imports.look_at(small_clip)
    engine.open(small_clip)
    (tmp_path / "text.gop").write_text("no stream")
    imports.look_at(tmp_path / "text.gop")
    imports.look_at(tmp_path / "missing.mkv")
    assert len(messages) == 3 and len(session.takes) == 1
    assert "open the clip first" in messages[0]
    assert "text.gop" in messages[1] and "missing.mkv" in messages[2]


def test_an_answer_given_for_another_clip_is_not_taken(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, clips: Path, messages: list[str]
) -> None:
    theirs = make_clip(clips / "same.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    engine.open(small_clip)
    question = look_at(imports, theirs)
    engine.open(make_clip(clips / "shorter.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=9))
    assert imports.accept(question, ImportDecision()) is None
    assert "it has 20 frames, the clip 9; it was not imported" in messages[0] and len(session.takes) == 1


def test_a_take_in_another_coding_is_asked_about_and_scored_in_the_clips(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, clips: Path, messages: list[str]
) -> None:
    engine.open(small_clip)
    for name, target, title in (
        ("full.mkv", "out_range=pc", "BT.709, full range"),
        ("other.mkv", "out_color_matrix=smpte170m", "BT.601, limited range"),
    ):
        recoded = clips / name
        tag, span = ("bt709", "pc") if "full" in name else ("smpte170m", "tv")
        graph = f"scale=in_range=tv:{target}:flags=accurate_rnd,setparams=colorspace={tag}:range={span}"
        command = [ffmpeg_program(), "-v", "error", "-y", "-i", str(small_clip), "-vf", graph, "-c:v", "ffv1"]
        subprocess.run([*command, "-pix_fmt", "yuv420p", "-color_range", span, str(recoded)], check=True)
        question = look_at(imports, recoded)
        (mismatch,) = question.mismatches
        assert mismatch.difference is Difference.CODING
        assert mismatch.text == f"its codes are {title}, the clip's BT.709, limited range"
        assert imports.accept(question, ImportDecision()) is None
        assert mismatch.text in messages.pop()
        take = imports.accept(question, ImportDecision(resolved=EVERYTHING))
        assert take is not None and take.status is Status.READY, messages
        assert f"Its codes are {title}" in take.note and "brought to the clip's coding" in take.note
        scores = {key: session.scores.values(session.score_key(take), key) for key in ("ssim", "vmaf", "tof")}
        # Sharp coloured edges keep a trace: luma of another matrix needs chroma that is stored at half size.
        assert np.nanmin(scores["ssim"]) > 0.97, scores
        assert np.nanmin(scores["vmaf"]) > 90 and np.nanmax(scores["tof"]) < 0.5, scores


def test_a_file_without_tags_is_taken_as_coded_like_the_clip(
    engine: Engine, imports: Imports, session: Session, small_clip: Path, clips: Path
) -> None:
    full = make_clip(clips / "clip.mkv", "-vf", "setparams=colorspace=smpte170m:range=pc", "-c:v", "ffv1",
                     "-pix_fmt", "yuv420p", "-color_range", "pc", frames=4)  # fmt: skip
    raw = clips / "decoded_96x64_25fps.yuv"
    with open_clip(full) as clip:
        raw.write_bytes(b"".join(p.tobytes() for each in clip.pictures(0, 4) for p in (each.y, each.u, each.v)))
        wanted = clip.info.colour
    engine.open(full)
    question = look_at(imports, raw)
    assert question.mismatches == ()
    take = imports.accept(question, ImportDecision())
    assert take is not None and take.picture(0, SeamMode.BLENDED).colour == wanted
    assert "as of the clip, is assumed" in take.note
