"""Undoable changes to takes with real encodes, done in this process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.jobs.editing import Edits
from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.state.session import Session
from app.state.takes import Kind, Status, Take
from codec.gop import SeamMode
from codec.rivals import RivalCodec
from tests.conftest import make_clip


@pytest.fixture
def engine(session: Session, small_clip: Path) -> Iterator[Engine]:
    engine = Engine(session, ImmediateRunner())
    engine.open(small_clip)
    yield engine
    folder = engine.store.folder
    engine.shutdown()
    assert not folder.exists()


@pytest.fixture
def edits(engine: Engine) -> Edits:
    return engine.edits


def names(session: Session) -> list[str]:
    return [take.name for take in session.takes]


def hevc(engine: Engine, quality: float) -> Take:
    take = engine.edits.added(engine.encode_rival(RivalCodec.HEVC, quality))
    assert take is not None and take.status is Status.READY
    return take


def test_names_order_and_visibility_are_undone_one_by_one(engine: Engine, edits: Edits, session: Session) -> None:
    first, second = hevc(engine, 20), hevc(engine, 40)
    edits.rename(first, "  sharp\n one ")
    edits.move(second, -1)
    edits.set_visible(first, False)
    assert names(session)[1:] == ["HEVC (x265) CRF 40", "sharp one"] and not first.visible
    edits.move(second, -1)
    assert names(session)[0].startswith("Source")
    for undone in (True, "sharp one", "HEVC (x265) CRF 20"):
        session.history.undo()
        assert undone in (first.visible, names(session)[1])
    assert session.history.undo_text == "Add HEVC (x265) CRF 40"
    for _ in range(3):
        session.history.redo()
    assert names(session)[1:] == ["HEVC (x265) CRF 40", "sharp one"] and not first.visible


def test_a_removed_take_comes_back_with_pictures_and_scores(engine: Engine, edits: Edits, session: Session) -> None:
    first, second = hevc(engine, 20), hevc(engine, 40)
    scores = session.scores.values(session.score_key(first), "lpips")
    edits.remove(first)
    assert names(session)[1:] == [second.name]
    session.history.undo()
    assert names(session)[1:] == [first.name, second.name]
    assert first.picture(3, SeamMode.BLENDED).width == 96
    assert np.array_equal(session.scores.values(session.score_key(first), "lpips"), scores)


def test_files_of_removed_takes_go_when_the_removal_can_no_longer_be_undone(
    engine: Engine, edits: Edits, session: Session, small_clip: Path
) -> None:
    take = hevc(engine, 30)
    edits.remove(take)
    assert take.encoded.file is not None and take.encoded.file.exists()
    # Going back to a clip is possible twice; what was removed from the one before those stays removed.
    for _ in range(2):
        engine.open(small_clip)
        assert take.encoded.file.exists()
    engine.open(small_clip)
    assert not take.encoded.file.exists() and session.history.undo_text == "Open small.mp4"


def test_removed_takes_hold_only_so_much_of_the_disk(
    engine: Engine, edits: Edits, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = [hevc(engine, quality) for quality in (20, 30, 40)]
    files = [take.encoded.file for take in takes]
    held = [engine.store.held_bytes(take) for take in takes]
    assert held == [file.stat().st_size for file in files] and min(held) > 0
    monkeypatch.setattr("app.jobs.editing.KEPT_BYTES", held[1] + held[2])
    for take in takes:
        edits.remove(take)
    assert [file.exists() for file in files] == [False, True, True]
    for _ in range(9):
        session.history.undo()
    assert list(session.takes)[1:] == takes[1:]
    assert takes[1].picture(0, SeamMode.BLENDED).width == 96


def test_an_undone_encode_is_given_back_when_something_new_is_done(
    engine: Engine, edits: Edits, session: Session
) -> None:
    take = hevc(engine, 30)
    session.history.undo()
    assert len(session.takes) == 1
    kept = hevc(engine, 35)
    assert take.encoded.file is not None and not take.encoded.file.exists()
    assert kept.encoded.file is not None and kept.encoded.file.exists()


def test_a_take_encoded_again_keeps_place_name_and_focus(engine: Engine, edits: Edits, session: Session) -> None:
    old, after = hevc(engine, 20), hevc(engine, 40)
    edits.rename(old, "mine")
    session.set_focus(old)
    new = edits.encode_again(old)
    assert new is not None and list(session.takes)[1:] == [new, after]
    assert new.name == "mine" and session.focus == new.id and new.rate == old.rate
    session.history.undo()
    assert list(session.takes)[1:] == [old, after] and old.picture(0, SeamMode.BLENDED).width == 96
    session.history.redo()
    assert list(session.takes)[1:] == [new, after]


def test_locked_rivals_follow_the_neural_take_and_unlocked_ones_stay(
    engine: Engine, edits: Edits, session: Session
) -> None:
    from app.state.takes import Recipe

    neural = engine.encode_neural(0.1)
    assert neural is not None
    rival = engine.encode_rival(RivalCodec.HEVC, same_as=neural)
    fixed = hevc(engine, 45)
    again = edits.encode_again(neural, Recipe(None, lmbda=0.8))
    assert again is not None and again.rate is not None and rival is not None
    assert rival in session.takes and again.rate.kbps > 1.05 * neural.encoded.rate.kbps
    session.history.undo()
    session.set_rate_lock(True)
    again = edits.encode_again(neural, Recipe(None, lmbda=0.8))
    assert again is not None and again.rate is not None
    takes = list(session.takes)
    assert takes[1] is again and takes[3] is fixed and rival not in takes
    assert takes[2].kind is Kind.HEVC and takes[2].recipe == Recipe(RivalCodec.HEVC, matched_to=again.id)
    within = takes[2].rate.kbps == pytest.approx(again.rate.kbps, rel=0.02)
    assert within or "asked for" in takes[2].note


def test_a_nudge_shifts_pictures_and_scores_them_anew(engine: Engine, edits: Edits, session: Session) -> None:
    take = hevc(engine, 10)
    lpips = session.scores.values(session.score_key(take), "psnr_db").copy()
    third = take.picture(3, SeamMode.BLENDED).y.copy()
    edits.nudge(take, 2)
    assert np.array_equal(take.picture(1, SeamMode.BLENDED).y, third)
    assert take.covers(17) and not take.covers(18) and not take.ready(18, SeamMode.BLENDED)
    shifted = session.scores.values(session.score_key(take), "psnr_db")
    assert np.isnan(shifted[18:]).all() and np.isfinite(shifted[:18]).all()
    assert shifted[5] < lpips[5] - 5
    assert "+2 frames" in take.label
    session.history.undo()
    assert np.array_equal(session.scores.values(session.score_key(take), "psnr_db"), lpips)


def test_alignment_finds_the_shift_and_says_when_there_is_none(
    engine: Engine, edits: Edits, session: Session, messages: list[str], clips: Path
) -> None:
    take = hevc(engine, 25)
    edits.nudge(take, 5)
    edits.align(take)
    assert take.nudge == 0 and messages == [f"{take.name}: shifted to +0 frames."]
    edits.align(take)
    assert messages[-1].endswith("already aligned at +0 frames.")
    still = make_clip(
        clips / "grey.mkv", "-vf", "geq=lum=90:cb=128:cr=128", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=12
    )
    engine.open(still)
    flat = hevc(engine, 30)
    edits.align(flat)
    assert flat.nudge == 0 and "no shift fits clearly" in messages[-1]


def test_what_was_not_encoded_here_cannot_be_encoded_again(edits: Edits, session: Session, messages: list[str]) -> None:
    source = next(iter(session.takes))
    assert edits.encode_again(source) is None
    edits.remove(source)
    edits.nudge(source, 3)
    assert len(messages) == 1 and len(session.takes) == 1 and source.nudge == 0
    assert session.history.undo_text == ""
