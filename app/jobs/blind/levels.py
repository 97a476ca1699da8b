"""The segment of a blind test, encoded at each level when it is needed, or a little before."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from app.jobs import tasks
from app.jobs.events import EmittingContext
from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.sources import ClipSpec
from app.jobs.store import TakeStore
from codec.api import CodecSettings
from codec.container.stream import StreamInfo
from codec.gop import SeamMode, Structure
from codec.media.clip import Clip
from codec.media.picture import Timing
from codec.media.spool import SpoolSpec
from codec.media.timing import slice_timing
from codec.pipeline.spooled import SpooledSpec, spool_slots

KEPT_BYTES = 4 * 2**30
"""Decoded levels kept on the disk; those not shown for longest go first, and are encoded anew when they come back."""


@dataclass(frozen=True, slots=True)
class Part:
    """The segment by value."""

    clip: ClipSpec
    timing: Timing
    aspect: Fraction
    colour: Any
    width: int
    height: int

    @property
    def frame_count(self) -> int:
        return self.timing.frame_count


def part_of(clip: Clip, frames: range) -> Part:
    """Frames of a clip, counted as the clip counts them."""
    info = clip.info
    spec = ClipSpec(clip.path, clip.start + frames.start, clip.start + frames.stop, info.deinterlaced)
    timing = slice_timing(clip.timing, frames.start, frames.stop)
    return Part(spec, timing, info.sample_aspect, info.colour, clip.width, clip.height)


def size_of(
    context: EmittingContext, clip: ClipSpec, timing: Timing, aspect: Fraction, output: Path, settings: CodecSettings
) -> StreamInfo:
    """Encode without decoding; the file goes again."""
    from codec.stream.encoder import encode_clip

    try:
        with clip.open() as source:
            return encode_clip(source, timing, aspect, output, replace(settings, reconstruct=False), context)
    finally:
        output.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Level:
    """A level that is encoded: what was measured, and where its pictures are."""

    lmbda: float
    kbps: float
    size_bytes: int
    pictures: SpooledSpec


@dataclass(slots=True, eq=False)
class _Asked:
    then: list[Callable[[Outcome, Any], None]]
    job: Job | None = None


class Levels:
    """Encodes of one segment with one codec. `settings` makes the codec's settings of a λ. All callbacks come on the
    thread that calls."""

    def __init__(
        self, runner: Runner, store: TakeStore, part: Part, settings: Callable[[float], CodecSettings], mode: SeamMode
    ) -> None:
        self._runner, self._store, self._part, self._settings, self._mode = runner, store, part, settings, mode
        self._known: OrderedDict[float, Level] = OrderedDict()
        self._asked: dict[float, _Asked] = {}
        self._measuring: Job | None = None
        self._closed = False

    def level(self, lmbda: float) -> Level | None:
        """What is there of a λ."""
        return self._known.get(lmbda)

    def measure(
        self,
        lambdas: Sequence[float],
        progress: Callable[[float], None],
        then: Callable[[Outcome, Any], None],
    ) -> None:
        """Sizes of the segment at several λ, one after another; `then` is given a tuple of (λ, StreamInfo), or what
        went wrong."""
        found: list[tuple[float, StreamInfo]] = []

        def ended(outcome: Outcome, value: Any) -> None:
            if outcome is Outcome.SUCCEEDED:
                found.append((lambdas[len(found)], value))
                progress(len(found) / len(lambdas))
            if outcome is not Outcome.SUCCEEDED or self._closed:
                then(outcome if outcome is not Outcome.SUCCEEDED else Outcome.CANCELLED, value)
            elif len(found) == len(lambdas):
                then(outcome, tuple(found))
            else:
                one()

        def one() -> None:
            part, number = self._part, len(found)
            arguments = (
                part.clip, part.timing, part.aspect, self._store.folder / f"size-{self._store.new_number()}.gop",
                replace(self._settings(lambdas[number]), structure=self._mode.structure),
            )  # fmt: skip
            self._measuring = self._runner.submit(
                Lane.CODEC,
                size_of,
                arguments,
                on_progress=lambda share, _text: progress((number + share) / len(lambdas)),
                on_done=ended,
            )

        one()

    def want(self, lmbda: float, then: Callable[[Outcome, Any], None]) -> None:
        """Call `then` with the Level, now or when it is encoded; what is encoded ahead gives way."""
        level = self._known.get(lmbda)
        if level is not None:
            self._known.move_to_end(lmbda)
            then(Outcome.SUCCEEDED, level)
            return
        for other, asked in list(self._asked.items()):
            if other != lmbda and not asked.then and asked.job is not None:
                self._runner.cancel(asked.job)
        if lmbda in self._asked:
            self._asked[lmbda].then.append(then)
        else:
            self._submit(lmbda, [then], background=False)

    def ahead(self, lambdas: Sequence[float]) -> None:
        """Encode what may be wanted next, while nothing else is."""
        for lmbda in lambdas:
            if lmbda not in self._known and lmbda not in self._asked:
                self._submit(lmbda, [], background=True)

    def close(self) -> None:
        """Stop, and give back what was decoded."""
        self._closed = True
        for job in (self._measuring, *(asked.job for asked in self._asked.values())):
            if job is not None:
                self._runner.cancel(job)
        while self._known:
            self._drop(self._known.popitem()[1])

    def _submit(self, lmbda: float, then: list[Callable[[Outcome, Any], None]], *, background: bool) -> None:
        part, number = self._part, self._store.new_number()
        structure = self._mode.structure
        spool = self._store.spool(number, structure, part.colour, part)
        settings = replace(self._settings(lmbda), structure=structure)
        output = self._store.folder / f"level-{number}.gop"
        asked = self._asked[lmbda] = _Asked(then)
        asked.job = self._runner.submit(
            Lane.CODEC,
            tasks.encode_neural,
            (part.clip, part.timing, part.aspect, output, settings, spool),
            background=background,
            on_done=lambda outcome, value: self._ended(lmbda, spool, outcome, value),
        )

    def _ended(self, lmbda: float, spool: SpoolSpec, outcome: Outcome, value: Any) -> None:
        asked = self._asked.pop(lmbda, None)
        if outcome is Outcome.CANCELLED and asked is not None and asked.then and not self._closed:
            # It was to give way, and was wanted itself before that had come about.
            spool.path.unlink(missing_ok=True)
            self._submit(lmbda, asked.then, background=False)
            return
        if outcome is Outcome.SUCCEEDED and not self._closed:
            info: StreamInfo = value
            info.path.unlink(missing_ok=True)
            value = Level(lmbda, info.kbps, info.size_bytes, self._spooled(spool))
            self._known[lmbda] = value
            self._keep_few(lmbda)
        else:
            spool.path.unlink(missing_ok=True)
        for each in () if asked is None else asked.then:
            each(outcome, value)

    def _spooled(self, spool: SpoolSpec) -> SpooledSpec:
        """The stream that there is, beside one that there is not."""
        other = next(each for each in Structure if each is not self._mode.structure)
        absent = replace(spool, path=spool.path.with_suffix(".none"), slots=spool_slots(self._part.frame_count, other))
        pair = (spool, absent) if other is Structure.DISJOINT else (absent, spool)
        return SpooledSpec(*pair, self._part.frame_count)

    def _keep_few(self, newest: float) -> None:
        held = self._part.frame_count * self._part.width * self._part.height * 3 // 2
        while len(self._known) * held > KEPT_BYTES and len(self._known) > 2:
            oldest = next(iter(self._known))
            if oldest == newest:
                return
            self._drop(self._known.pop(oldest))

    @staticmethod
    def _drop(level: Level) -> None:
        for spool in (level.pictures.overlap, level.pictures.disjoint):
            spool.path.unlink(missing_ok=True)
