"""Blind tests without a window: real encodes, real journals, time told by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.controllers.blind import loading, request
from app.controllers.blind.blind import Blind
from app.controllers.blind.request import Request, framing_of, usual_frames
from app.controllers.blind.run import GREY_S, LOOPS, REST_AFTER_S, BlindRun, Phase
from app.jobs.blind.journals import read_runs
from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.render.scaling import pixels_of
from app.state.blind.journal import State
from app.state.blind.setup import Viewing
from app.state.blind.tasks import NOT_SURE, Stimulus, Task
from app.state.recipes import Recipe
from app.state.session import Session
from codec.context import QUIET
from codec.media.clip import open_clip
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip
from tests.toy_codec import Toy, toy

__all__ = ["toy"]  # Its fixture.
TILE = (400, 300)


@pytest.fixture(scope="module")
def clip_file(clips: Path) -> Path:
    """96x64, 40 frames, four GoP boundaries."""
    options = ("-c:v", "ffv1", "-pix_fmt", "yuv420p", "-g", "1", "-colorspace", "bt709", "-color_range", "tv")
    return make_clip(clips / "blind.mkv", *options, frames=40)


@pytest.fixture
def blind(session: Session, clip_file: Path) -> Blind:
    engine = Engine(session, ImmediateRunner())
    engine.opening.open(clip_file, 0, None, False, None)
    made = Blind(engine)
    made.open()
    return made


def asked(task: Task, **changes: object) -> Request:
    values: dict[str, object] = {
        "task": task, "recipe": Recipe(None), "lambdas": (0.02, 1.28), "frames": range(18),
        "viewing": Viewing("Ann"), "tile": TILE, "seed": 5,
    }  # fmt: skip
    return Request(**{**values, **changes})  # type: ignore[arg-type]


def begun(blind: Blind, wanted: Request) -> BlindRun:
    blind.prepare(wanted)
    assert blind.run is not None, blind.problem
    return blind.run


def play(run: BlindRun, now: float) -> float:
    """To the next trial's first picture."""
    run.tick(now + GREY_S)
    assert run.phase is Phase.PLAYING
    return now + GREY_S


def test_a_parity_run_on_a_part_of_the_clip(blind: Blind, session: Session) -> None:
    take = blind._engine.encode_rival(RivalCodec.HEVC, 30)
    assert take is not None and take.rate is not None
    run = begun(blind, asked(Task.PARITY, rival=take.id, frames=range(10, 30), viewing=Viewing("Ann", flicker_hz=5.0)))
    setup = run.setup
    # The rival pays for an intra picture of its own there.
    assert setup.rival is not None and setup.rival.basis == "an encode of the segment"
    assert setup.rival.kbps > take.rate.kbps and setup.subject.startswith("x265 ")
    assert (setup.segment.start, setup.segment.stop, setup.segment.boundaries) == (10, 30, 2)
    assert "0.8" in setup.segment.note and "--in 10 --out-point 30" in setup.coding.command
    assert setup.viewing.shown == "1:1 zoom, flicker 5 Hz"
    run.go_on(100.0)
    run.tick(100.0 + GREY_S - 0.01)
    assert run.phase is Phase.GREY and run.tiles() == ()
    now = play(run, 100.0)
    shown = run._shown
    assert shown is not None
    left, right = run.tiles()
    assert (left, right) == (shown.tiles[0][0], shown.tiles[1][0])
    # Five times a second both sides give way to the source, at the same moment.
    run.tick(now + 0.15)
    assert run.tiles() == (shown.source[3], shown.source[3])
    run.tick(now + 0.25)
    assert run.tiles() == (shown.tiles[0][6], shown.tiles[1][6])
    run.hold_source(True)
    assert run.tiles() == (shown.source[6], shown.source[6])
    run.hold_source(False)
    run.tick(now + LOOPS * 0.8 + 0.01)
    assert run.phase is Phase.ASKING
    run.answer(NOT_SURE, now + 3.0)
    assert run.procedure.answered[0].outcome == 0.5


def test_pictures_are_all_in_memory_before_a_trial_begins(blind: Blind, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(blind, asked(Task.TRANSPARENCY))
    run.go_on(0.0)
    now = play(run, 0.0)

    def opened(*_arguments: object) -> None:
        raise AssertionError("a file was opened during a trial")

    monkeypatch.setattr(loading, "opened_take", opened)
    seen: list[set[bytes]] = [set() for _ in range(4)]
    for frame in range(18):
        run.tick(now + frame / 25 + 0.001)
        for place, image in enumerate(run.tiles()):
            seen[place].add(pixels_of(image).tobytes())
    assert [len(each) for each in seen] == [18] * 4


def test_a_grey_that_lasts_says_why_and_takes_no_answer(blind: Blind, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(blind, asked(Task.TRANSPARENCY))
    held: list[tuple[object, ...]] = []
    prepare = run._stimuli.prepare
    monkeypatch.setattr(run._stimuli, "prepare", lambda *arguments: held.append(arguments))
    run.go_on(0.0)
    run.tick(GREY_S - 0.01)
    assert not run.waiting
    painted: list[bool] = []
    run.changed.connect(lambda: painted.append(run.waiting))
    run.tick(GREY_S + 0.01)
    assert painted == [True] and run.phase is Phase.GREY
    run.answer(0, GREY_S + 1.0)
    assert run.procedure.answered == []
    prepare(*held[0])
    run.tick(30.0)
    assert run.phase is Phase.PLAYING and run.tiles()


def test_breaks_come_by_themselves_and_time_ends_a_run(blind: Blind) -> None:
    run = begun(blind, asked(Task.TRANSPARENCY))
    run.go_on(0.0)
    now, breaks = 0.0, 0
    while not run.is_over:
        run.tick(now + GREY_S)
        if run.phase is Phase.BREAK:
            breaks += 1
            now += 3600.0
            run.go_on(now)
            continue
        if run.is_over:
            break
        assert run.phase is Phase.PLAYING and run.trial is not None
        now += 60.0
        run.answer(run.trial.place, now)
    assert run.phase is Phase.DONE and breaks == 20 * 60 // REST_AFTER_S
    written = read_runs(QUIET)[-1]
    assert written.breaks == 2 and written.ended == "time" and len(written.answered) == 20
    assert any("longest time" in warning for warning in written.result().warnings)


def test_the_next_observer_needs_no_new_encodes(blind: Blind) -> None:
    first = begun(blind, asked(Task.TRANSPARENCY))
    first.go_on(0.0)
    play(first, 0.0)
    assert blind._kept is not None
    levels = blind._kept[0]
    second = begun(blind, asked(Task.TRANSPARENCY, viewing=Viewing("Bob"), seed=6))
    assert blind._kept[0] is levels and second.setup.question == first.setup.question
    assert first.phase is Phase.ENDED
    other = begun(blind, asked(Task.TRANSPARENCY, frames=range(0, 20)))
    assert blind._kept[0] is not levels and other.setup.question != first.setup.question
    assert [run.state for run in read_runs(QUIET)] == [State.ABORTED, State.ABORTED, State.INTERRUPTED]


def test_catch_trials_are_obvious_and_answers_that_cannot_be_written_end_the_run(blind: Blind) -> None:
    run = begun(blind, asked(Task.TRANSPARENCY))
    run.go_on(0.0)
    now = play(run, 0.0)
    assert run.trial is not None and run.trial.stimulus is Stimulus.DEGRADED
    tiles = [pixels_of(image).astype(int) for image in run.tiles()]
    apart = [abs(tile - tiles[run.trial.place]).mean() for tile in tiles]
    assert sorted(apart)[0] == 0 and sorted(apart)[1] > 8
    source = [tile for number, tile in enumerate(tiles) if number != run.trial.place]
    assert (source[0] == source[1]).all() and (source[1] == source[2]).all()
    run.file.unlink()
    run.answer(0, now + 1.0)
    assert run.phase is Phase.FAILED and "cannot be written down" in run.problem


def test_a_rate_that_does_not_rise_with_lambda_is_refused(blind: Blind, toy: Toy) -> None:
    blind.prepare(asked(Task.TRANSPARENCY, recipe=Recipe(None, neural="toy"), lambdas=(0.5, 0.6)))
    assert blind.run is None and "does not rise with λ" in blind.problem and read_runs(QUIET) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"viewing": Viewing("  ")}, "Name the observer"),
        ({"frames": range(30, 41)}, "within the 40 frames"),
        ({"frames": range(9)}, "GoP boundaries"),
        ({"lambdas": (0.5, 0.5)}, "smaller to a larger"),
        ({"lambdas": (0.5, 99.0)}, "smaller to a larger"),
        ({"task": Task.PARITY, "rival": 0}, "add a rival"),
    ],
)
def test_what_cannot_be_asked_is_said(blind: Blind, changes: dict[str, object], said: str) -> None:
    blind.prepare(asked(**{"task": Task.TRANSPARENCY, **changes}))  # type: ignore[arg-type]
    assert blind.run is None and said in blind.problem


def test_pictures_that_do_not_fit_the_memory_are_refused(blind: Blind, session: Session) -> None:
    session.update_settings(replace(session.settings, cache_bytes=2**20))
    blind.prepare(asked(Task.TRANSPARENCY))
    assert "10 frames or fewer" in blind.problem


def test_the_crop_is_as_large_as_a_tile_and_inside_the_picture(clip_file: Path) -> None:
    with open_clip(clip_file) as clip:
        assert framing_of(clip, 1.0, TILE).area == (0, 0, 96, 64)
        close = framing_of(clip, 4.0, (200, 160), (1.0, 0.0))
        assert close.area == (46, 0, 50, 40) and close.size == (50, 40)
        small = framing_of(clip, 0.5, TILE)
        assert small.area == (0, 0, 96, 64) and small.size == (48, 32)


def test_the_usual_segment_is_the_whole_of_a_short_clip(
    clip_file: Path, monkeypatch: pytest.MonkeyPatch, clips: Path
) -> None:
    with open_clip(clip_file) as clip:
        assert usual_frames(clip, 0, 39) == range(40)
        assert usual_frames(clip, 30, 34) == range(22, 40)
        monkeypatch.setattr(request, "LENGTH_S", (0.5, 0.9))
        assert usual_frames(clip, 0, 39) == range(18)
