"""Before the first trial: what a run is of is measured and written down."""

import math
import secrets
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.controllers.blind.loading import Look, Pictures
from app.controllers.blind.request import Request, checked, framing_of, segment_of
from app.controllers.blind.run import BlindRun
from app.controllers.blind.stimuli import Stimuli, Takes
from app.jobs import tasks
from app.jobs.blind import journals
from app.jobs.blind.levels import Levels, part_of
from app.jobs.engine import Engine
from app.jobs.hashing import content_of
from app.jobs.job import Job, Lane, Outcome
from app.jobs.neural import encode_command
from app.jobs.sources import RivalSpec, clip_spec, take_spec
from app.state.blind import journal
from app.state.blind.ladder import Ladder, known, lambda_grid
from app.state.blind.setup import Coding, Rival, Setup
from app.state.blind.tasks import Task
from app.state.ladder import left_text, seconds_left
from app.state.recipes import codec_name, codec_settings, unusual_options
from app.state.takes import Kind, Take
from codec import __version__
from codec.errors import SeamscopeError, SettingError
from codec.gop import SeamMode
from codec.rivals import ConstantQuality, RivalEncode, RivalSettings, TargetBitrate

ENCODERS = {Kind.HEVC: "x265", Kind.VVC: "VVenC", Kind.AV1: "SVT-AV1"}
_LOOPS_HELD = 4
"""Of a segment in memory: the source, both sides, and one that comes."""


@dataclass(frozen=True, slots=True)
class _Rated:
    """The take that parity is with, as it is shown and charged."""

    rival: Rival
    pictures: Pictures


class Preparation:
    """One request on its way to a run. `then` is given the run, `failed` a sentence; `progress` a share and words."""

    def __init__(
        self,
        engine: Engine,
        request: Request,
        levels: tuple[Levels, Ladder, str] | None,
        progress: Callable[[float, str], None],
        then: Callable[[BlindRun], None],
        failed: Callable[[str], None],
    ) -> None:
        """`levels`: of an earlier run of the same segment and codec, its ladder and the id of its model. Raises
        SettingError when the request cannot be met."""
        self._engine, self._session, self.request = engine, engine.session, request
        self._progress, self._then, self._failed = progress, then, failed
        self._clip = checked(request, self._session)
        self._look = self._looked()
        self._jobs: list[Job] = []
        self._given_up = False
        self._content, self._rated = "", None
        self.levels: Levels | None = None if levels is None else levels[0]
        self.ladder: Ladder | None = None if levels is None else levels[1]
        self.model = "" if levels is None else levels[2]

    def begin(self) -> None:
        """Look at the clip first, then at the rates."""
        self._progress(0.0, "looking at the clip")
        self._submit(Lane.MEDIA, _content_of, (self._clip.path,), self._have_content)

    def give_up(self) -> None:
        """Begin nothing."""
        self._given_up = True
        for job in self._jobs:
            self._engine.runner.cancel(job)
        if self.levels is not None and self.ladder is None:
            self.levels.close()

    def _submit(self, lane: Lane, work: Callable[..., Any], arguments: tuple[Any, ...], then: Any, **more: Any) -> None:
        def ended(outcome: Outcome, value: Any) -> None:
            if self._given_up:
                return
            if outcome is Outcome.SUCCEEDED:
                self._guarded(then, value)
            else:
                self._failed(str(value) if outcome is Outcome.FAILED else "The preparation was cancelled.")

        self._jobs.append(self._engine.runner.submit(lane, work, arguments, on_done=ended, **more))

    def _guarded(self, then: Callable[..., None], *values: Any) -> None:
        try:
            then(*values)
        except (SeamscopeError, ValueError) as error:
            self._failed(str(error))

    def _looked(self) -> Look:
        viewing, session, clip = self.request.viewing, self._session, self._clip
        framing = framing_of(clip, viewing.zoom, self.request.tile, session.view.centre)
        look = Look(framing, session.tone_transfer, session.deep)
        held, limit = _LOOPS_HELD * len(self.request.frames) * look.frame_bytes, session.settings.cache_limit_bytes
        if held > limit:
            fits = int(len(self.request.frames) * limit / held)
            raise SettingError(
                f"The pictures of a trial need {held / 2**20:.0f} MiB, and {limit / 2**20:.0f} MiB are set aside for "
                f"pictures: choose {fits} frames or fewer, or more memory in the settings."
            )
        return look

    # The clip, then rates, then the rival, then the journal

    def _have_content(self, content: str) -> None:
        self._content = content
        if self.ladder is not None:
            self._have_ladder()
            return
        recipe, settings = self.request.recipe, self._session.settings
        part = part_of(self._clip, self.request.frames)

        def made_of(lmbda: float) -> Any:
            return codec_settings(replace(recipe, lmbda=lmbda), settings.device, settings.precision)

        grid = lambda_grid(*self.request.lambdas)
        made_of(grid[0])
        self.levels = Levels(self._engine.runner, self._engine.store, part, made_of, self._session.seam_mode)
        began = time.monotonic()

        def told(share: float) -> None:
            left = left_text(seconds_left(time.monotonic() - began, share))
            self._progress(0.9 * share, f"measuring the rate at {len(grid)} λ · {left}")

        self.levels.measure(grid, told, self._measured)

    def _measured(self, outcome: Outcome, value: Any) -> None:
        if self._given_up:
            return
        if outcome is not Outcome.SUCCEEDED:
            self._failed(str(value) if outcome is Outcome.FAILED else "The preparation was cancelled.")
            return
        self.model = value[0][1].model_id

        def enter() -> None:
            self.ladder = known([(lmbda, info.kbps) for lmbda, info in value])
            self._have_ladder()

        self._guarded(enter)

    def _have_ladder(self) -> None:
        number = self.request.rival
        take = None if number is None or self.request.task is Task.TRANSPARENCY else self._session.takes.by_id(number)
        if take is None:
            if self.request.task is Task.PARITY:
                raise SettingError("The take that parity was to be with is gone.")
            self._write_down()
            return
        self._progress(0.92, "preparing the other side")
        settings = rival_settings(take)
        whole = len(self.request.frames) == self._clip.frame_count
        if settings is None or whole:
            self._rated = self._as_it_is(take)
            self._write_down()
            return
        # A part of its frames would lean on pictures before the segment, which nobody is charged for.
        part = part_of(self._clip, self.request.frames)
        output = self._engine.store.folder / f"rival-{self._engine.store.new_number()}.mkv"
        self._submit(
            Lane.RIVAL,
            tasks.encode_rival,
            (part.clip, part.timing, output, settings),
            lambda value: self._have_rival(take, value),
        )

    def _have_rival(self, take: Take, value: tuple[RivalEncode, Any]) -> None:
        made, source = value
        source.close()
        spec = RivalSpec(made.path, made.width, made.height, made.frame_count, self._clip.info.colour)
        rival = Rival(rival_name(take), made.kbps, shlex.join(made.command), "an encode of the segment")
        self._rated = _Rated(rival, self._pictures(spec, 0))
        self._write_down()

    def _as_it_is(self, take: Take) -> _Rated:
        spec = take_spec(take, self._session)
        if spec is None or take.rate is None:
            raise SettingError(f"{take.name} has no pictures.")
        frames, first = self.request.frames, self.request.frames.start + take.nudge
        bits = take.frame_bits[first : first + len(frames)]
        seconds = segment_of(self._clip, frames).seconds
        whole = len(frames) == take.own_count
        if whole or len(bits) < len(frames) or not all(math.isfinite(value) for value in bits):
            kbps, basis = take.rate.kbps, "the take as a whole"
        else:
            kbps, basis = sum(bits) / seconds / 1000, "the take's frames in the segment"
        return _Rated(Rival(rival_name(take), kbps, take.command, basis), self._pictures(spec, first))

    def _pictures(self, spec: Any, first: int) -> Pictures:
        return Pictures(spec, first, len(self.request.frames), self._session.seam_mode, self._session.theta)

    def _write_down(self) -> None:
        assert self.ladder is not None and self.levels is not None
        rival = None if self._rated is None else self._rated.rival
        around = None if rival is None else math.log2(rival.kbps)
        setup = self._setup(self.ladder.levels(around), rival)
        path = journals.journals_folder() / journals.new_name(setup, datetime.now())
        self._progress(0.98, "beginning the journal")
        self._submit(
            Lane.MEDIA, journals.begin, (path, journal.setup_record(setup)), lambda _none: self._ready(setup, path)
        )

    def _setup(self, levels: tuple[float, ...], rival: Rival | None) -> Setup:
        request, clip, recipe = self.request, self._clip, self.request.recipe
        assert self.ladder is not None
        options = ", ".join(
            f"{option.name} {value}" for option, value in unusual_options(recipe.neural, recipe.options)
        )
        precision = self._session.settings.precision
        command = encode_command(clip, replace(recipe, lmbda=request.lambdas[0]), precision, request.frames)
        coding = Coding(
            recipe.neural,
            codec_name(recipe.neural),
            self.model,
            options,
            _seams(self._session.seam_mode, self._session.theta),
            command,
            self.ladder.points,
        )
        return Setup(
            request.task,
            secrets.randbits(48) if request.seed is None else request.seed,
            levels,
            __version__,
            datetime.now(UTC).isoformat(timespec="seconds"),
            str(clip.path),
            self._content,
            segment_of(clip, request.frames),
            coding,
            replace(request.viewing, crop=self._look.framing.area),
            rival,
        )

    def _ready(self, setup: Setup, path: Any) -> None:
        assert self.levels is not None and self.ladder is not None
        source = self._pictures(clip_spec(self._clip), self.request.frames.start)
        takes = Takes(source, None if self._rated is None else self._rated.pictures)
        lambdas = [self.ladder.lmbda(x) for x in setup.levels]
        limit = self._session.settings.cache_limit_bytes
        stimuli = Stimuli(self._engine.runner, self.levels, lambdas, takes, self._look, limit)
        timing = part_of(self._clip, self.request.frames).timing
        self._then(BlindRun(self._engine.runner, setup, stimuli, path, timing))


def rival_name(take: Take) -> str:
    """As a result names it: "x265"."""
    return ENCODERS.get(take.kind, take.name)


def rival_settings(take: Take) -> RivalSettings | None:
    """What encodes a rival's take again; None for takes that are no rival's encode."""
    recipe, rate = take.recipe, take.rate
    if recipe is None or recipe.codec is None or rate is None:
        return None
    quality = TargetBitrate(rate.kbps) if recipe.quality is None else ConstantQuality(recipe.quality)
    return RivalSettings(recipe.codec, quality, recipe.preset)


def _content_of(context: Any, path: Any) -> str:
    return content_of(path, context)


def _seams(mode: SeamMode, theta: float) -> str:
    return f"{mode.value}, θ {theta:g}" if mode.is_blended else mode.value
