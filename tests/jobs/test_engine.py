"""The engine with real work: in this process for what comes of it, in worker processes for cancel and order."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.jobs.job import Lane, Outcome
from app.jobs.runner import JobRunner
from app.state.recipes import Recipe
from app.state.session import Session
from app.state.takes import Kind, Status
from codec import registry
from codec.container.stream import read_info
from codec.folders import cache_folder
from codec.gop import SeamMode, Structure
from codec.media import open_clip
from codec.metrics.frames import FrameScorer
from codec.metrics.lpips import shared
from codec.rivals import RivalCodec
from codec.rivals.encode import packet_sizes
from codec.stream import matching
from codec.stream.decoder import decode_stream
from tests.conftest import make_clip
from tests.jobs import lane_work

WAIT_MS = 60_000


@pytest.fixture
def engine(session: Session) -> Iterator[Engine]:
    made = Engine(session, ImmediateRunner())
    yield made
    made.shutdown()
    assert list(cache_folder().iterdir()) == []


@pytest.fixture
def busy(session: Session, qtbot: QtBot) -> Iterator[Engine]:
    """An engine whose work takes its time in other processes."""
    made = Engine(session, JobRunner())
    yield made
    made.shutdown()
    assert list(cache_folder().iterdir()) == []


def test_what_a_worker_kept_for_a_while_goes_with_the_session_though_the_worker_was_killed(
    session: Session, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    made = Engine(session, JobRunner())
    folders: list[str] = []
    ends: list[Outcome] = []
    made.runner.submit(
        Lane.CODEC,
        lane_work.die_with_a_temporary_folder,
        on_event=folders.append,
        on_done=lambda outcome, _: ends.append(outcome),
    )
    qtbot.waitUntil(lambda: bool(ends), timeout=30_000)
    assert ends == [Outcome.FAILED] and Path(folders[0]).is_dir()
    made.shutdown()
    assert not Path(folders[0]).exists()
    assert list(cache_folder().iterdir()) == []


def scored(session: Session, number: int) -> int:
    take = session.takes.by_id(number)
    assert take is not None
    values = session.scores.values(session.score_key(take), "lpips")
    return 0 if values is None else int(np.isfinite(values).sum())


def test_a_neural_take_is_what_its_two_files_decode_to(
    engine: Engine, session: Session, small_clip: Path, messages: list[str]
) -> None:
    engine.open(small_clip, 2, 14)
    take = engine.encode_neural(0.3)
    assert take is not None and take.status is Status.READY and messages == []
    assert take.disjoint is not None
    for stream, structure in ((take.encoded, Structure.OVERLAP), (take.disjoint, Structure.DISJOINT)):
        assert stream.file is not None and stream.rate is not None
        assert stream.rate.kbps == pytest.approx(stream.file.stat().st_size * 8 / (12 / 25) / 1000)
        assert stream.rate.bpp == pytest.approx(stream.file.stat().st_size * 8 / (96 * 64 * 12))
        info = read_info(stream.file)
        assert info.structure is structure
        assert sum(stream.frame_bits) == pytest.approx(8 * sum(info.gop_bytes))
    (first, second) = decode_stream(take.disjoint.file)
    for index, picture in enumerate([*first.pictures, *second.pictures]):
        assert np.array_equal(take.picture(index, SeamMode.DISJOINT).y, picture.y)
    assert take.command.endswith("--lambda 0.3 --in 2 --out-point 14")
    session.set_seam_mode(SeamMode.DISJOINT)
    assert take.command.endswith("--disjoint")


def test_scores_fill_for_the_seam_mode_shown_and_are_those_of_the_pictures(
    engine: Engine, session: Session, small_clip: Path
) -> None:
    engine.open(small_clip)
    take = engine.encode_neural(0.3)
    assert take is not None
    assert scored(session, take.id) == 20
    with open_clip(small_clip) as clip:
        for mode in (SeamMode.HARD_CUT, SeamMode.BLENDED, SeamMode.DISJOINT):
            session.set_seam_mode(mode)
            assert scored(session, take.id) == 20
            take.source.mode = mode
            scorer = FrameScorer(clip, shared())
            for index in (7, 8, 9, 10):
                score = scorer.score("x", take.source, index)
                for name in ("lpips", "tlp", "psnr_db"):
                    values = session.scores.values(session.score_key(take), name)
                    assert values[index] == pytest.approx(getattr(score, name), abs=1e-5), (mode, index, name)


def test_a_rival_meets_the_measured_rate_of_the_neural_take(
    engine: Engine, session: Session, messages: list[str], clips: Path
) -> None:
    clip = make_clip(clips / "longer.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="160x96", frames=25)
    engine.open(clip)
    assert engine.encode_rival(RivalCodec.HEVC) is None
    assert messages == ["Encode with Seamscope's codec first: its bitrate is the one to match."]
    ours = engine.encode_neural(0.6)
    take = engine.encode_rival(RivalCodec.HEVC)
    assert ours is not None and take is not None and ours.rate is not None and take.rate is not None
    assert take.rate.kbps == pytest.approx(ours.rate.kbps, rel=0.02)
    assert take.file is not None
    # What was coded, without Matroska's own bytes.
    assert take.rate.kbps == pytest.approx(sum(packet_sizes(take.file)) * 8 / 1000)
    assert take.label.startswith("HEVC (x265) matched to λ 0.6 · ")
    assert "libx265" in take.command
    assert scored(session, take.id) == 25
    assert len(take.frame_bits) == 25


def test_user_errors_are_messages_and_leave_no_take(
    engine: Engine, session: Session, messages: list[str], small_clip: Path, tmp_path: Path
) -> None:
    engine.open(tmp_path / "none.mp4")
    engine.open(small_clip)
    assert engine.encode_neural(99.0) is None
    assert engine.encode_rival(RivalCodec.VVC, 900.0) is None
    assert [take.kind for take in session.takes] == [Kind.SOURCE]
    assert len(messages) == 3
    assert "none.mp4" in messages[0] and "λ" in messages[1] and "VVC" in messages[2]


def test_warming_up_fails_nowhere_and_tells_the_device(engine: Engine, session: Session, messages: list[str]) -> None:
    session.update_settings(replace(session.settings, device="cpu"))
    assert engine.device == ""
    engine.warm_up()
    assert messages == [] and engine.device == "cpu"


def test_a_failed_encode_says_why_and_the_rest_goes_on(
    engine: Engine, session: Session, messages: list[str], small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.open(small_clip)
    with monkeypatch.context() as broken:
        broken.setenv("SEAMSCOPE_FFMPEG", "/nowhere/ffmpeg")
        take = engine.encode_rival(RivalCodec.HEVC, 30.0)
    assert take is not None and take.status is Status.FAILED
    assert messages == [take.error] and "/nowhere/ffmpeg" in take.error
    again = engine.encode_rival(RivalCodec.HEVC, 30.0)
    assert again is not None and again.status is Status.READY


def test_removing_a_take_gives_its_disk_space_back(
    engine: Engine, session: Session, small_clip: Path, messages: list[str]
) -> None:
    engine.open(small_clip)
    neural, rival = engine.encode_neural(0.1), engine.encode_rival(RivalCodec.AV1, 50.0)
    assert neural is not None and rival is not None
    folder = engine.store.folder
    assert len(list(folder.iterdir())) == 5
    engine.remove(neural)
    engine.remove(rival)
    engine.remove(next(iter(session.takes)))
    assert list(folder.iterdir()) == []
    assert len(session.takes) == 1 and messages == []


def test_another_clip_puts_the_takes_of_the_one_before_away(
    engine: Engine, session: Session, small_clip: Path, clips: Path, messages: list[str]
) -> None:
    still = make_clip(clips / "still.png", frames=1)
    engine.open(small_clip)
    before = engine.encode_neural(0.1)
    engine.open(still)
    assert len(session.takes) == 1 and session.takes.by_id(before.id) is None
    assert len(list(engine.store.folder.iterdir())) == 4
    session.history.undo()
    assert session.takes.by_id(before.id) is before and before.status is Status.READY
    session.history.redo()
    session.history.clear()
    assert list(engine.store.folder.iterdir()) == []
    take = engine.encode_neural(0.1)
    assert take is not None and take.status is Status.READY and messages == []
    assert scored(session, take.id) == 1


def test_saving_a_stream_is_whole_or_a_message(
    engine: Engine, small_clip: Path, tmp_path: Path, messages: list[str]
) -> None:
    engine.open(small_clip)
    take = engine.encode_neural(0.1)
    assert take is not None and take.file is not None
    engine.save_stream(take, tmp_path / "mine.gop")
    assert (tmp_path / "mine.gop").read_bytes() == take.file.read_bytes()
    engine.save_stream(take, tmp_path / "none" / "mine.gop")
    assert len(messages) == 1 and "mine.gop: the file cannot be written" in messages[0]
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def test_the_gop_on_the_screen_comes_before_those_of_other_key_gops(
    busy: Engine, session: Session, clips: Path, qtbot: QtBot, messages: list[str]
) -> None:
    clip = make_clip(clips / "chains.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=150)
    busy.open(clip)
    qtbot.waitUntil(lambda: session.clip is not None, timeout=WAIT_MS)
    session.playback.seek(140)
    take = busy.encode_neural(0.3)
    assert take is not None
    ready: list[list[bool]] = []
    session.takes.take_changed.connect(lambda t: ready.append([t.ready(i, SeamMode.BLENDED) for i in (2, 140)]))
    qtbot.waitUntil(lambda: take.status is Status.READY, timeout=WAIT_MS)
    assert [False, True] in ready and [True, False] not in ready
    qtbot.waitUntil(lambda: scored(session, take.id) == 150, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: take.disjoint.rate is not None, timeout=WAIT_MS)
    assert messages == []


def test_cancel_and_removal_in_the_middle_keep_the_rest_alive(
    busy: Engine, session: Session, clips: Path, qtbot: QtBot, messages: list[str]
) -> None:
    clip = make_clip(clips / "many.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=120)
    busy.open(clip)
    qtbot.waitUntil(lambda: session.clip is not None, timeout=WAIT_MS)
    first, second = busy.encode_neural(0.3), busy.encode_neural(0.2)
    rival = busy.encode_rival(RivalCodec.VVC, 20.0)
    assert first is not None and second is not None and rival is not None
    qtbot.waitUntil(lambda: first.ready(0, SeamMode.BLENDED), timeout=WAIT_MS)
    busy.cancel(first)
    busy.remove(rival)
    qtbot.waitUntil(lambda: first.status is Status.CANCELLED, timeout=WAIT_MS)
    assert first.rate is None and first.picture(0, SeamMode.BLENDED).width == 96
    busy.remove(first)
    qtbot.waitUntil(lambda: second.status is Status.READY, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: scored(session, second.id) > 0, timeout=WAIT_MS)
    assert messages == []


def test_disjoint_gops_given_up_are_encoded_when_they_are_asked_for(
    busy: Engine, session: Session, small_clip: Path, qtbot: QtBot
) -> None:
    busy.open(small_clip)
    qtbot.waitUntil(lambda: session.clip is not None, timeout=WAIT_MS)
    take = busy.encode_neural(0.3)
    assert take is not None and take.disjoint is not None
    busy.runner.cancel(busy.jobs._jobs[take.id, Structure.DISJOINT])
    qtbot.waitUntil(lambda: take.status is Status.READY, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "cancelled" in take.note or take.rate is not None, timeout=WAIT_MS)
    assert take.disjoint.rate is None
    session.set_seam_mode(SeamMode.DISJOINT)
    qtbot.waitUntil(lambda: take.disjoint.rate is not None, timeout=WAIT_MS)
    assert take.ready(19, SeamMode.DISJOINT)


def test_of_two_clips_asked_for_the_newer_is_shown(
    busy: Engine, session: Session, small_clip: Path, clips: Path, qtbot: QtBot, messages: list[str]
) -> None:
    other = make_clip(clips / "other.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=5)
    shown: list[Path] = []
    session.clip_changed.connect(lambda: shown.append(session.clip.path))
    for path in (clips / "missing.mp4", small_clip, other):
        busy.open(path)
    qtbot.waitUntil(lambda: other in shown, timeout=WAIT_MS)
    assert shown == [other] and messages == []


def test_takes_are_encoded_in_the_precision_of_the_settings(
    engine: Engine, session: Session, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked by the stream that the encoder itself makes in that precision."""
    import torch

    from codec.api import DecodedGop
    from codec.stream.encoder import encode_clip
    from codec.vae.settings import VaeSettings

    # Without it most processors have one precision only, and nothing could differ.
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    engine.open(small_clip)
    session.update_settings(replace(session.settings, precision="full", device="cpu"))
    take = engine.encode_neural(0.3, "vae")
    assert take is not None and take.status is Status.READY, take and take.error
    assert "--precision full" in take.command
    own = take.file.with_name("own.gop")
    shown: dict[str, list[DecodedGop]] = {"auto": [], "full": []}
    with open_clip(small_clip) as clip:
        for precision, gops in shown.items():
            settings = VaeSettings(0.3, device="cpu", precision=precision)
            encode_clip(clip, clip.timing, clip.info.sample_aspect, own, settings, on_gop=gops.append)
    assert own.read_bytes() == take.file.read_bytes()
    pictures = {precision: gops[0].pictures[3].y for precision, gops in shown.items()}
    assert np.array_equal(pictures["full"], take.picture(3, SeamMode.HARD_CUT).y)
    assert not np.array_equal(pictures["auto"], pictures["full"])
    own.unlink()


def test_a_rate_that_was_searched_for_costs_no_further_trial(
    engine: Engine, session: Session, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.opening.open(small_clip, 0, None, False, None)
    trials: list[float] = []
    encode = matching.encode_clip

    def counted(*arguments: Any) -> Any:
        trials.append(arguments[4].lmbda)
        return encode(*arguments)

    monkeypatch.setattr(matching, "encode_clip", counted)
    first = engine.encode(Recipe(None, kbps=20.0))
    assert first is not None and first.rate is not None and first.rate.kbps == pytest.approx(20.0, rel=0.02)
    searched = len(trials)
    assert searched > 1
    again = engine.encode(Recipe(None, kbps=20.0))
    assert again is not None and len(trials) == searched and again.lmbda == first.lmbda
    # Another rate begins with what the first search has learned: both ends need no encode any more.
    other = engine.encode(Recipe(None, kbps=24.0))
    assert other is not None and other.rate is not None and other.rate.kbps == pytest.approx(24.0, rel=0.02)
    low, high = registry.named(registry.DEFAULT).settings.lambda_range
    assert not {low, high} & set(trials[searched:]) and len(set(trials)) == len(trials)
