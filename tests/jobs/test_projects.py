"""Projects written, read back, moved, damaged and recovered, with real encodes done in this process."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.jobs.engine import Engine
from app.jobs.hashing import content_of
from app.jobs.immediate import ImmediateRunner
from app.jobs.project_files import autosave_root, takes_folder
from app.state.imports import ImportDecision
from app.state.recipes import Recipe
from app.state.session import Session
from app.state.takes import Kind, Status
from codec.gop import SeamMode
from codec.rivals import RivalCodec
from codec.stream.decoder import decode_stream
from tests.conftest import make_clip


class Desk:
    """One running program without a window."""

    def __init__(self, folder: Path) -> None:
        self.session = Session(folder / "settings.json")
        self.messages: list[str] = []
        self.session.message.connect(self.messages.append)
        self.engine = Engine(self.session, ImmediateRunner())
        self.imports, self.edits, self.projects = self.engine.imports, self.engine.edits, self.engine.projects


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk(tmp_path))
        return made[-1]

    yield make
    for entry in made:
        entry.engine.shutdown()


@pytest.fixture
def working(desk: Callable[[], Desk], tmp_path: Path, small_clip: Path) -> Desk:
    """A desk with a clip of its own folder, a neural take, a rival matched to it, and an imported file."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(small_clip, folder / "clip.mp4")
    theirs = make_clip(folder / "theirs.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p")
    made = desk()
    made.engine.open(folder / "clip.mp4", 2, 20)
    neural = made.engine.encode_neural(0.3)
    rival = made.engine.encode_rival(RivalCodec.HEVC, same_as=neural)
    made.imports.asked.connect(
        lambda question: made.imports.accept(
            question, ImportDecision("DCVC", 12.5, frozenset(m.difference for m in question.mismatches))
        )
    )
    made.imports.look_at(theirs)
    assert rival is not None and len(made.session.takes) == 4 and rival.status is Status.READY
    made.edits.rename(rival, "their best")
    made.edits.move(rival, 1)
    made.edits.nudge(rival, 1)
    made.session.set_notes("seams near 8")
    made.session.set_rate_lock(True)
    made.session.playback.set_in(4)
    made.session.playback.seek(9)
    made.session.view.set_zoom(3.0)
    made.session.set_seam_mode(SeamMode.HARD_CUT)
    # Of so few pixels x265 may not meet a rate within 2 %, and says so.
    made.messages.clear()
    return made


def test_a_session_comes_back_from_its_project(working: Desk, desk: Callable[[], Desk], tmp_path: Path) -> None:
    target = tmp_path / "work" / "mine.seamscope"
    working.projects.save(tmp_path / "work" / "mine")
    assert working.messages == [] and working.projects.path == target and not working.projects.unsaved
    assert working.session.settings.recent[0] == str(target)
    other = desk()
    other.projects.open(target)
    assert other.messages == [] and not other.projects.unsaved
    before, after = working.session, other.session
    assert [t.label for t in after.takes] == [t.label for t in before.takes]
    assert [t.name for t in after.takes][1:] == ["Hybrid λ 0.3", "DCVC", "their best"]
    assert all(t.status is Status.READY for t in after.takes)
    for mode in SeamMode:
        for old, new in zip(before.takes, after.takes, strict=True):
            for frame in (0, 7, 8, 15):
                assert np.array_equal(old.picture(frame, mode).y, new.picture(frame, mode).y), (old.name, mode, frame)
    neural, _, rival = list(after.takes)[1:]
    assert rival.recipe == Recipe(RivalCodec.HEVC, matched_to=neural.id) and rival.nudge == 1
    assert np.allclose(neural.frame_bits, list(before.takes)[1].frame_bits)
    assert (after.notes, after.rate_lock, after.seam_mode) == ("seams near 8", True, SeamMode.HARD_CUT)
    playback = after.playback
    assert (playback.frame, playback.in_point, playback.out_point) == (9, 4, 17)
    assert after.view.zoom == 3.0 and after.clip.start == 2
    again = other.edits.encode_again(rival)
    assert again is not None and again.status is Status.READY


def test_a_take_of_the_full_autoencoder_is_shown_by_it_when_its_project_is_opened(
    desk: Callable[[], Desk], tmp_path: Path, small_clip: Path
) -> None:
    first, other = desk(), desk()
    first.engine.open(small_clip, 0, 10)
    first.session.update_settings(replace(first.session.settings, device="cpu"))
    takes = {}
    for kind, name in (("full", "full"), ("fast", "fast"), ("auto", "fast")):
        take = first.engine.encode(Recipe(None, 0.3, neural="vae", options=(("autoencoder", kind),)))
        assert take is not None and take.status is Status.READY, take and take.error
        assert take.label.endswith(f" bpp · {name}")
        takes[kind] = take
    first.projects.save(tmp_path / "mine")
    other.projects.open(tmp_path / "mine.seamscope")
    for (kind, old), new in zip(takes.items(), list(other.session.takes)[1:], strict=True):
        assert new.status is Status.READY and new.label == old.label
        for mode in SeamMode:
            assert np.array_equal(old.picture(3, mode).y, new.picture(3, mode).y), (kind, mode)
    assert not np.array_equal(
        takes["full"].picture(3, SeamMode.BLENDED).y, takes["fast"].picture(3, SeamMode.BLENDED).y
    )


def test_the_streams_of_a_take_are_shown_by_the_other_decoder_beside_it(
    desk: Callable[[], Desk], tmp_path: Path, small_clip: Path
) -> None:
    first, other = desk(), desk()
    first.engine.open(small_clip, 0, 10)
    first.session.update_settings(replace(first.session.settings, device="cpu"))
    fast = first.engine.encode(Recipe(None, 0.3, neural="vae", options=(("autoencoder", "fast"),)))
    assert fast is not None and fast.other_decoder == "full"
    first.engine.other_decoder.show(fast)
    full = list(first.session.takes)[2]
    assert first.messages == [] and full.status is Status.READY, full.error
    assert full.name == f"{fast.name}, shown by full" and full.label.endswith(" bpp · full")
    assert full.recipe == fast.recipe and full.rate == fast.rate
    assert full.other_decoder == "fast" and full.command == fast.command and full.frame_bits == fast.frame_bits
    # The pictures that the command line makes of the same bytes.
    bytes_ = fast.encoded.file.read_bytes()
    assert full.encoded.file != fast.encoded.file and full.encoded.file.read_bytes() == bytes_
    stream = tmp_path / "stream.gop"
    stream.write_bytes(bytes_)
    decoded = [gop.pictures for gop in decode_stream(stream, "cpu", decoder="full")]
    assert np.array_equal(full.picture(3, SeamMode.HARD_CUT).y, decoded[0][3].y)
    for mode in SeamMode:
        assert not np.array_equal(full.picture(3, mode).y, fast.picture(3, mode).y)
    # A stream from elsewhere too, and neither needs the take it came from.
    first.imports.asked.connect(lambda question: first.imports.accept(question, ImportDecision("theirs")))
    first.imports.look_at(stream)
    theirs = list(first.session.takes)[3]
    assert theirs.label.endswith("bpp · fast") and theirs.other_decoder == "full"
    first.engine.other_decoder.show(theirs)
    theirs_full = list(first.session.takes)[4]
    assert theirs_full.label.endswith(" bpp · full") and theirs_full.name == "theirs, shown by full"
    assert np.array_equal(theirs_full.picture(3, SeamMode.BLENDED).y, full.picture(3, SeamMode.HARD_CUT).y)
    shown = full.picture(3, SeamMode.DISJOINT).y
    first.edits.remove(fast)
    first.projects.save(tmp_path / "mine")
    other.projects.open(tmp_path / "mine.seamscope")
    assert [take.label for take in other.session.takes] == [take.label for take in first.session.takes]
    again = list(other.session.takes)[1]
    assert again.asked_decoder == "full" and np.array_equal(again.picture(3, SeamMode.DISJOINT).y, shown)
    assert np.array_equal(
        list(other.session.takes)[3].picture(3, SeamMode.BLENDED).y, theirs_full.picture(3, SeamMode.BLENDED).y
    )
    # What codec has one decoder only, and what is not whole, has no other.
    hybrid = first.engine.encode(Recipe(None, 0.3))
    assert hybrid is not None and hybrid.other_decoder == ""
    first.engine.other_decoder.show(hybrid)
    assert len(first.session.takes) == 5
    # A stream that has gone meanwhile is one sentence, and no half of a take.
    stream.unlink()
    first.engine.other_decoder.show(theirs)
    assert len(first.session.takes) == 5 and len(first.messages) == 1 and "stream.gop" in first.messages[0]


def test_a_project_moves_with_its_folder_and_needs_nothing_of_the_old_one(
    working: Desk, desk: Callable[[], Desk], tmp_path: Path
) -> None:
    working.projects.save(tmp_path / "work" / "mine.seamscope")
    working.engine.shutdown()
    shutil.move(tmp_path / "work", tmp_path / "elsewhere")
    other = desk()
    other.projects.open(tmp_path / "elsewhere" / "mine.seamscope")
    assert other.messages == [] and [t.status for t in other.session.takes] == [Status.READY] * 4
    assert other.session.clip.path == tmp_path / "elsewhere" / "clip.mp4"


def test_saving_again_copies_nothing_twice_and_drops_what_is_removed(working: Desk, tmp_path: Path) -> None:
    target = tmp_path / "work" / "mine.seamscope"
    working.projects.save(target)
    folder = takes_folder(target)
    first = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(first) == 3
    (folder / "notes.txt").write_text("mine")
    working.edits.rename(list(working.session.takes)[1], "ours")
    assert working.projects.unsaved
    working.projects.save(target)
    assert {f.name: f.stat().st_mtime_ns for f in folder.iterdir() if f.name in first} == first
    working.edits.remove(list(working.session.takes)[1])
    working.projects.save(target)
    assert sorted(f.suffix for f in folder.iterdir()) == [".mkv", ".txt"]
    working.session.history.undo()
    working.projects.save(target)
    assert len(list(folder.iterdir())) == 4


def test_takes_whose_files_are_gone_or_changed_stay_in_the_list_and_say_so(
    working: Desk, desk: Callable[[], Desk], tmp_path: Path
) -> None:
    target = tmp_path / "work" / "mine.seamscope"
    working.projects.save(target)
    for file in takes_folder(target).iterdir():
        if file.suffix == ".mkv":
            file.write_bytes(file.read_bytes()[:-20])
        else:
            file.unlink()
    other = desk()
    other.projects.open(target)
    neural, theirs, rival = list(other.session.takes)[1:]
    assert theirs.status is Status.READY
    assert neural.status is rival.status is Status.FAILED
    assert "there is no such file" in neural.error or "cannot be read" in neural.error
    assert "has changed since the project was saved" in rival.error and rival.error.endswith("Encode it again.")
    made = other.edits.encode_again(neural)
    assert made is not None and made.status is Status.READY


def test_a_missing_clip_and_a_changed_clip_are_told(working: Desk, desk: Callable[[], Desk], tmp_path: Path) -> None:
    target, clip = tmp_path / "work" / "mine.seamscope", tmp_path / "work" / "clip.mp4"
    working.projects.save(target)
    other = desk()
    with clip.open("ab") as file:
        file.write(b"\0" * 16)
    other.projects.open(target)
    assert other.messages == [f"{clip}: the clip has changed since the project was saved."]
    clip.unlink()
    again = desk()
    again.projects.open(target)
    assert again.session.clip is None
    assert again.messages == [f"{target}: the project's clip {clip} is not there; put it back or beside the project."]


def test_a_project_that_cannot_be_written_leaves_the_old_one(
    working: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "work" / "mine.seamscope"
    working.projects.save(target)
    old = target.read_text()
    working.session.set_notes("more")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    working.projects.save(target)
    assert target.read_text() == old and working.projects.unsaved
    assert working.messages == [f"{target}: the project cannot be written (No space left on device)."]
    assert not [file for file in target.parent.iterdir() if file.name.endswith(".part")]


def test_what_a_crashed_run_left_behind_is_found_and_comes_back(
    working: Desk, desk: Callable[[], Desk], tmp_path: Path
) -> None:
    working.projects.autosave()
    (own,) = autosave_root().iterdir()
    assert working.projects.left_behind() is None
    kept = (own / "autosave.seamscope").stat().st_mtime_ns
    working.projects.autosave()
    assert (own / "autosave.seamscope").stat().st_mtime_ns == kept
    # As if another process had kept it and ended without a word: nobody holds the lock of a copy.
    shutil.copytree(own, own.with_name("run-left"))
    shutil.rmtree(own)
    other = desk()
    file = other.projects.left_behind()
    assert file is not None
    other.projects.recover(file)
    assert [t.name for t in other.session.takes][1:] == ["Hybrid λ 0.3", "DCVC", "their best"]
    assert other.projects.path is None and other.projects.unsaved and other.messages == []
    other.projects.forget_left_behind(file)
    assert other.projects.left_behind() is None
    # The autosave's folder is gone: nothing may have been opened by way of it.
    assert other.session.clip.path == tmp_path / "work" / "clip.mp4" and other.session.clip.path.exists()
    assert all(take.origin is None or take.origin.path.exists() for take in other.session.takes)
    again = other.edits.encode_again(list(other.session.takes)[1])
    assert again is not None and again.status is Status.READY


def test_a_run_that_ends_in_good_order_leaves_nothing_to_recover(working: Desk) -> None:
    working.projects.autosave()
    assert len(list(autosave_root().iterdir())) == 1
    working.projects.close()
    assert list(autosave_root().iterdir()) == []


def test_another_clip_ends_the_project(working: Desk, tmp_path: Path, small_clip: Path) -> None:
    working.projects.save(tmp_path / "work" / "mine.seamscope")
    working.engine.open(small_clip)
    assert working.projects.path is None and working.session.notes == ""


def test_a_project_is_readable_json_without_surprises(working: Desk, tmp_path: Path, small_clip: Path) -> None:
    target = tmp_path / "work" / "mine.seamscope"
    working.projects.save(target)
    raw = json.loads(target.read_text())
    assert raw["seamscope"] == 2 and raw["clip"]["relative"] == "clip.mp4"
    assert raw["clip"]["content"] == content_of(small_clip)
    assert [take["kind"] for take in raw["takes"]] == ["NEURAL", "IMPORTED", "HEVC"]
    assert raw["takes"][1]["stated_kbps"] == 12.5 and raw["takes"][2]["matched_to"] == 0


def test_what_cannot_be_saved_is_said_when_it_arises(working: Desk, tmp_path: Path) -> None:
    session, engine = working.session, working.engine
    assert engine.encode(Recipe(RivalCodec.HEVC, kbps=1e-9)) is None
    assert working.messages.pop() == "HEVC (x265): the bitrate must lie between 1e-06 and 1e+07 kbps."
    working.imports.asked.disconnect()
    working.imports.asked.connect(
        lambda question: working.imports.accept(
            question, ImportDecision("tiny", 1e-9, frozenset(m.difference for m in question.mismatches))
        )
    )
    working.imports.look_at(tmp_path / "work" / "theirs.mkv")
    assert "a bitrate of 1e-09 kbps cannot be; state one from 1e-06 to 1e+07." in working.messages.pop()
    while not session.takes.is_full:
        session.takes.add(Kind.HEVC, "CRF 40", status=Status.FAILED)
    assert len(session.takes) == 201
    assert engine.encode(Recipe(RivalCodec.HEVC, quality=40)) is None
    assert working.messages.pop() == "There are 200 takes: a project holds no more. Remove one first."
    working.imports.look_at(tmp_path / "work" / "clip.mp4")
    assert working.messages.pop() == "There are 200 takes: a project holds no more. Remove one first."
    # One in the place of another is no more than before.
    rival = next(take for take in session.takes if take.kind is Kind.HEVC)
    assert working.edits.encode_again(rival, Recipe(RivalCodec.HEVC, quality=40)) is not None
    assert len(session.takes) == 201 and working.messages == []
    session.set_notes("n" * 100_001)
    assert working.messages.pop() == "Notes are cut to 100000 characters: a project holds no more."
    working.projects.save(tmp_path / "work" / "mine.seamscope")
    assert working.messages == []


def test_all_that_can_be_done_to_a_session_can_be_saved_and_comes_back(
    working: Desk, desk: Callable[[], Desk], tmp_path: Path
) -> None:
    session, take = working.session, list(working.session.takes)[1]
    working.edits.rename(take, " two\nlines \0" + "é" * 300)
    working.edits.nudge(take, 10**9)
    session.set_notes("a\0b \u2028 \x1b")
    session.view.set_zoom(1e9)
    session.playback.set_speed(1e9, 0.0)
    session.set_theta(7.0)
    # As long a name as there can be.
    target = tmp_path / "work" / ("é" * 122 + "x.seamscope")
    working.projects.save(target)
    assert working.messages == [] and target.exists()
    other = desk()
    other.projects.open(target)
    assert other.messages == [] and not other.projects.unsaved
    assert list(other.session.takes)[1].name == take.name and len(take.name) == 120
    assert other.session.view.zoom == session.view.zoom > 1000
    assert other.session.notes == "ab \u2028 \x1b"
    # A small picture that fits its pane is shown larger than the wheel goes, and moved.
    session.view.reset()
    session.view.pan((3.0, 0.0), (8.0, 8.0), (1600.0, 900.0))
    working.projects.save(target)
    other.projects.open(target)
    assert other.session.view.zoom == session.view.zoom == 112.5


def test_a_save_is_never_the_clip_nor_drops_files_in_use(
    working: Desk, desk: Callable[[], Desk], tmp_path: Path
) -> None:
    target, clip = tmp_path / "work" / "mine.seamscope", tmp_path / "work" / "clip.mp4"
    os.link(clip, target)
    before = clip.read_bytes()
    working.projects.save(target)
    assert "is being read; choose another output" in working.messages.pop()
    assert target.read_bytes() == before == clip.read_bytes() and not takes_folder(target).exists()
    target.unlink()
    working.projects.save(target)
    kept = next(file for file in takes_folder(target).iterdir() if file.suffix == ".mkv")
    # An encode that saving put there is looked at on its own, and the project of that name is written anew.
    other = desk()
    other.engine.open(kept)
    other.session.set_notes("alone")
    other.projects.save(target)
    assert other.messages == [] and kept.exists()


def test_a_copy_that_was_damaged_is_made_anew_by_saving(
    working: Desk, desk: Callable[[], Desk], tmp_path: Path
) -> None:
    target = tmp_path / "work" / "mine.seamscope"
    working.projects.save(target)
    for file in takes_folder(target).iterdir():
        file.write_bytes(file.read_bytes()[:-20])
    working.projects.save(target)
    other = desk()
    other.projects.open(target)
    assert other.messages == [] and [t.status for t in other.session.takes] == [Status.READY] * 4
