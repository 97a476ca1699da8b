"""The work itself: module-level functions of a context and values, run in worker processes or threads. No Qt."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from app.jobs.copying import copy_whole
from app.jobs.events import EmittingContext, GopReady
from app.jobs.parts import CroppedSource, RecentPictures, RunSource, ShiftedSource
from app.jobs.sources import ClipSpec, Opened, TakeSpec, opened_take
from app.state.inspection import Region
from app.state.scores import FrameMeasures, VmafScore
from codec.api import CodecSettings, DecodedGop
from codec.container.stream import StreamInfo
from codec.context import WorkContext
from codec.errors import MediaError
from codec.gop import SeamMode, Slot
from codec.media.clip import Clip, open_clip
from codec.media.colour import recoded
from codec.media.picture import FrameSource, Timing
from codec.media.spool import FrameSpool, SpoolSpec
from codec.metrics.scores import FrameScore
from codec.pipeline.spooled import SpooledTake, slot_number
from codec.rivals import RivalEncode, RivalSettings, RivalSource
from codec.rivals import encode as encode_with_rival


def open_and_prime(context: WorkContext, path: Path, start: int, stop: int | None, deinterlace: bool = False) -> Clip:
    """Open a clip and decode its first frame, so that errors come now."""
    context.check()
    clip = open_clip(path, start=start, stop=stop, deinterlace=deinterlace, context=context)
    try:
        clip.picture(0)
    except BaseException:
        clip.close()
        raise
    return clip


def warm_up(context: EmittingContext, device: str, precision: str) -> str:
    """Load torch, the codec's weights and the entropy coder before they are first needed; returns the device."""
    from codec.stream.warm import warm_up as run_once

    return run_once(device, precision, context)


def warm_metrics(context: EmittingContext) -> None:
    """Load torch and LPIPS."""
    del context
    from codec.metrics.lpips import shared

    shared()


def encode_neural(
    context: EmittingContext,
    clip: ClipSpec,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: CodecSettings,
    spool: SpoolSpec,
) -> StreamInfo:
    """Encode, writing every GoP's decode into the spool and telling so as it comes."""
    from codec.stream.encoder import encode_clip

    pictures = FrameSpool(spool)

    def keep(decoded: DecodedGop) -> None:
        for offset, picture in enumerate(decoded.pictures):
            pictures.put(slot_number(Slot(decoded.gop.index, offset)), picture)
        context.emit(GopReady(settings.structure, decoded.gop, decoded.size_bytes, decoded.coding, decoded.decoder))

    try:
        with clip.open() as source:
            return encode_clip(source, timing, sample_aspect, output, settings, context, keep)
    finally:
        pictures.close()


def search_rate(
    context: WorkContext,
    clip: ClipSpec,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: CodecSettings,
    wanted: tuple[float, dict[float, float]],
) -> dict[float, float]:
    """kbps by λ, one of them within 2 % of the first of `wanted` where λ allows; its second is what was known before.
    `output`: where trials are written, gone afterwards."""
    from codec.stream.matching import RateSearch, find_lambda

    search = RateSearch(type(settings).lambda_range, *wanted)
    try:
        with clip.open() as source:
            return find_lambda(source, timing, sample_aspect, output, settings, search, context).known
    finally:
        output.unlink(missing_ok=True)


def encode_rival(
    context: WorkContext, clip: ClipSpec, timing: Timing, output: Path, settings: RivalSettings
) -> tuple[RivalEncode, RivalSource]:
    """Encode with ffmpeg and open the result (in a thread of the window's process)."""
    with clip.open() as source:
        made = encode_with_rival(source, timing, settings, output, context)
        size = source.width, source.height
        return made, RivalSource(output, *size, source.frame_count, source.info.colour)


class _Scorers:
    """The metrics worker's memory: one scorer for the clip at hand, one source for each take."""

    def __init__(self) -> None:
        self._spec: ClipSpec | None = None
        self._clip: Clip | None = None
        self._scorer: Any = None
        self._flows: Any = None
        self._reference: FrameSource | None = None
        self._region: Region | None = None
        self._nudges: dict[str, int] = {}
        self._sources: dict[TakeSpec, tuple[Opened, str]] = {}

    def look_at(self, clip: ClipSpec, region: Region | None) -> None:
        """Score against a clip, or a region of its pictures; another clip's scorers are given up with all its takes."""
        from codec.metrics.flow import FlowScorer
        from codec.metrics.frames import FrameScorer
        from codec.metrics.lpips import shared

        if self._spec != clip:
            for take in list(self._sources):
                self.forget(take)
            if self._clip is not None:
                self._clip.close()
            self._spec, self._clip, self._reference = None, clip.open(), None
            self._spec = clip
        if self._reference is None or self._region != region:
            assert self._clip is not None
            self._region = region
            reference = self.of_region(RecentPictures(self._clip))
            self._scorer, self._flows = FrameScorer(reference, shared()), FlowScorer(reference)
            self._reference = reference

    def of_region(self, source: FrameSource) -> FrameSource:
        """What of a source's pictures is scored."""
        return source if self._region is None else CroppedSource(source, self._region)

    def vmaf(self, context: EmittingContext, take: FrameSource, frames: tuple[int, ...]) -> list[VmafScore]:
        """VMAF of consecutive frames, as of the whole clip: it also looks at how the reference moves from the frame
        before and to the frame after."""
        from codec.metrics.vmaf import vmaf

        assert self._reference is not None
        own = range(frames[0], frames[-1] + 1)
        run = range(max(0, own.start - 1), min(self._reference.frame_count, own.stop + 1))
        whole = range(self._reference.frame_count)
        scores = vmaf(RunSource(self._reference, run, whole), RunSource(take, run, own), context)
        return [VmafScore(index, scores[index - run.start]) for index in own]

    def measure(self, name: str, shown: str, take: FrameSource, index: int) -> FrameMeasures:
        """All scores of a frame; `shown` tells ways of showing the take apart."""
        from codec.metrics.structure import ssim

        assert self._reference is not None
        found: FrameScore = self._scorer.score(name, take, index)
        tof = self._flows.score(shown, take, index)
        wanted = self._reference.picture(index)
        similar = ssim(wanted.y, recoded(take.picture(index), wanted.colour).y)
        return FrameMeasures(index, found.psnr_db, found.lpips, found.tlp, similar, tof)

    def source_for(self, take: TakeSpec, mode: SeamMode, theta: float, nudge: int) -> tuple[FrameSource, str]:
        """The take's pictures, shown and shifted as asked, and the name under which its features are remembered."""
        if take not in self._sources:
            self._sources[take] = opened_take(take, mode, theta), str(take)
        source, name = self._sources[take]
        if self._nudges.get(name, 0) != nudge:
            # Under the same frame number stands another picture now.
            self._scorer.forget(name)
            self._nudges[name] = nudge
        if isinstance(source, SpooledTake) and (source.mode, source.theta) != (mode, theta):
            # The frame before the next one looks different now.
            self._scorer.forget(name)
            source.mode, source.theta = mode, theta
        return (ShiftedSource(source, nudge) if nudge else source), name

    def forget(self, take: TakeSpec) -> None:
        """Give back a take's files, so that their space is free."""
        if take in self._sources:
            source, name = self._sources.pop(take)
            self._nudges.pop(name, None)
            source.close()
            self._scorer.forget(name)


_scorers = _Scorers()
BATCH_FRAMES = 2
"""Frames whose scores travel together: curves fill live."""


def score(
    context: EmittingContext,
    clip: ClipSpec,
    take: TakeSpec,
    mode: SeamMode,
    theta: float,
    frames: tuple[int, ...],
    nudge: int = 0,
    region: Region | None = None,
) -> None:
    """Score frames (or a region of them) of a take shifted by `nudge`, handing over lists of FrameMeasures as they
    come."""
    _scorers.look_at(clip, region)
    source, name = _scorers.source_for(take, mode, theta, nudge)
    shown, recent = f"{name} {mode} {theta} {nudge}", RecentPictures(_scorers.of_region(source))
    batch: list[FrameMeasures] = []
    for index in frames:
        context.check()
        batch.append(_scorers.measure(name, shown, recent, index))
        if len(batch) == BATCH_FRAMES:
            context.emit(batch)
            batch = []
    if batch:
        context.emit(batch)


def score_vmaf(
    context: EmittingContext,
    clip: ClipSpec,
    take: TakeSpec,
    mode: SeamMode,
    theta: float,
    frames: tuple[int, ...],
    nudge: int = 0,
    region: Region | None = None,
) -> None:
    """VMAF of consecutive frames of a take, as `score` is given them."""
    _scorers.look_at(clip, region)
    source, _ = _scorers.source_for(take, mode, theta, nudge)
    context.emit(_scorers.vmaf(context, _scorers.of_region(source), frames))


def forget(context: object, take: TakeSpec) -> None:
    """A take is gone: give back what the metrics worker holds of it."""
    del context
    _scorers.forget(take)


def copy_file(context: WorkContext, source: Path, target: Path, inputs: tuple[Path, ...] = ()) -> None:
    """Copy whole or not at all. `inputs`: further files in use. Raises OutputError, MediaError, Cancelled."""
    try:
        copy_whole(source, target, context, inputs)
    except OSError as error:
        raise MediaError(f"{target}: the file cannot be written ({error.strerror or error}).") from error
