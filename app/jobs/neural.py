"""Neural encodes: two streams of every take, whose GoPs overlap or do not, entered as their GoPs come."""

import math
import shlex
from dataclasses import replace
from typing import Any

from cachetools import FIFOCache
from psygnal import Signal

from app.jobs import tasks
from app.jobs.events import GopReady
from app.jobs.job import Lane, Outcome
from app.jobs.sources import clip_spec
from app.jobs.tools import Tools
from app.state.recipes import Recipe, codec_settings, known_options, request_text, unusual_options
from app.state.settings import CodecChoice
from app.state.takes import Encoded, Kind, Rate, Status, Take
from codec import gop, registry
from codec.api import CodecSettings, exact_text
from codec.container.stream import StreamInfo
from codec.errors import MediaError, SettingError
from codec.gop import Structure
from codec.media.clip import Clip
from codec.media.place import shell_word
from codec.pipeline.spooled import SpooledSpec, SpooledTake

_KEPT_SEARCHES = 32
_SEARCH_SHARE = 0.6
"""Of a take's progress, while its λ is searched for."""
_GOPS = {Structure.OVERLAP: "overlapping GoPs", Structure.DISJOINT: "disjoint GoPs"}


class NeuralEncodes:
    """Starts neural encodes of a session's clip and enters what they bring."""

    rate_known = Signal(object)
    """A take's file is whole and its bitrate measured."""

    def __init__(self, tools: Tools) -> None:
        self._session, self._runner, self._store = tools.session, tools.runner, tools.store
        self._jobs, self._scoring = tools.jobs, tools.scoring
        self._session.seam_changed.connect(self._seams_changed)
        self._rates: FIFOCache[object, dict[float, float]] = FIFOCache(_KEPT_SEARCHES)
        """kbps by λ, of what was encoded while λ was searched for: one search helps the next."""

    def encode(self, recipe: Recipe) -> Take | None:
        """A take by a neural recipe; None, and a message, when it cannot be begun. First comes the stream of the seam
        mode shown, its GoP on the screen before the others, then the other stream in the background. Of a bitrate, λ is
        searched for before."""
        session, clip = self._session, self._session.clip
        if clip is None:
            return None
        wanted, number = session.settings, self._store.new_number()
        try:
            settings = codec_settings(recipe, wanted.device, wanted.precision)
            overlap, disjoint = (self._store.spool(number, each, clip.info.colour, clip) for each in Structure)
            source = SpooledTake(SpooledSpec(overlap, disjoint, clip.frame_count), theta=session.theta)
        except (SettingError, MediaError) as error:
            session.message.emit(str(error))
            return None
        neural, options = recipe.neural, known_options(recipe.neural, settings.options)
        asked = "" if recipe.kbps is None else f"{recipe.kbps:.4g} kbps"
        take = session.takes.add(Kind.NEURAL, asked, neural=neural)
        nothing = [float("nan")] * clip.frame_count
        session.takes.update(
            take,
            source=source,
            encoded=Encoded(frame_bits=list(nothing)),
            disjoint=Encoded(frame_bits=list(nothing)),
            recipe=replace(recipe, options=options),
        )
        if recipe.lmbda is None and recipe.kbps is not None:
            self._search(take, recipe.kbps, settings)
        else:
            session.update_settings(wanted.with_choice(neural, CodecChoice(settings.lmbda, options)))
            self._begin(take, settings.lmbda)
        return take

    def _begin(self, take: Take, lmbda: float) -> None:
        """Both streams at a λ."""
        session, clip, recipe = self._session, self._session.clip, take.recipe
        assert clip is not None and recipe is not None and take.disjoint is not None
        asked = request_text(recipe.neural, lmbda, recipe.options)
        if recipe.kbps is not None:
            asked += f" for {recipe.kbps:.4g} kbps"
        take.encoded.command = encode_command(clip, replace(recipe, lmbda=lmbda), session.settings.precision)
        take.disjoint.command = f"{take.encoded.command} --disjoint"
        session.takes.update(take, asked=asked, lmbda=lmbda, recipe=replace(recipe, lmbda=lmbda), message="")
        first = session.seam_mode.structure
        self._submit(take, first)
        self._submit(take, _other(first), background=True)

    def _search(self, take: Take, kbps: float, settings: CodecSettings) -> None:
        """Find the λ of a bitrate, then begin."""
        clip = self._session.clip
        assert clip is not None and isinstance(take.source, SpooledTake)
        key = clip.path, clip.start, clip.frame_count, replace(settings, lmbda=type(settings).lambda_start)
        known = dict(self._rates.get(key, {}))
        output = take.source.spec.overlap.path.with_suffix(".trial")
        job = self._runner.submit(
            Lane.CODEC,
            tasks.search_rate,
            (clip_spec(clip), clip.timing, clip.info.sample_aspect, output, settings, (kbps, known)),
            on_progress=lambda share, text: self._session.takes.update(
                take, progress=_SEARCH_SHARE * share, message=f"finding λ, {text}"
            ),
            on_done=lambda outcome, value: self._found(take, kbps, key, outcome, value),
        )
        self._jobs.track(take, job)

    def _found(self, take: Take, kbps: float, key: object, outcome: Outcome, value: Any) -> None:
        if outcome is not Outcome.SUCCEEDED:
            self._jobs.ended(take, outcome, value)
            return
        found: dict[float, float] = value
        self._rates[key] = {**self._rates.get(key, {}), **found}
        if not self._jobs.is_discarded(take) and self._session.takes.by_id(take.id) is take:
            self._begin(take, min(found, key=lambda lmbda: abs(math.log(found[lmbda] / kbps))))

    def _submit(self, take: Take, structure: Structure, *, background: bool = False) -> None:
        clip = self._session.clip
        assert clip is not None and take.recipe is not None and isinstance(take.source, SpooledTake)
        wanted = self._session.settings
        first = gop.gop_of(self._session.playback.frame, clip.frame_count, structure)
        settings = codec_settings(take.recipe, wanted.device, wanted.precision, structure, first)
        spec = take.source.spec
        spool = spec.overlap if structure is Structure.OVERLAP else spec.disjoint
        output = spool.path.with_suffix(".gop")
        arguments = (clip_spec(clip), clip.timing, clip.info.sample_aspect, output, settings, spool)
        job = self._runner.submit(
            Lane.CODEC,
            tasks.encode_neural,
            arguments,
            background=background,
            on_progress=lambda fraction, text: self._progress(take, structure, background, fraction, text),
            on_event=lambda event: self.gop_ready(take, event),
            on_done=lambda outcome, value: self._done(take, structure, outcome, value),
        )
        self._jobs.track(take, job, structure)

    def _progress(self, take: Take, structure: Structure, background: bool, fraction: float, message: str) -> None:
        text = f"{_GOPS[structure]}: {message}" if background else message
        if not background:
            self._session.takes.update(take, progress=fraction, message=text)
        elif fraction < 1:
            self._session.takes.update(take, message=text)

    def gop_ready(self, take: Take, event: GopReady) -> None:
        """Enter a GoP whose pictures are in the take's spool."""
        shared = event.structure is Structure.OVERLAP and event.gop.index > 0
        own = range(event.gop.start + shared, event.gop.stop)
        stream = _stream(take, event.structure)
        stream.gops[event.gop.index] = event.coding
        take.decoder = event.decoder
        for index in own:
            stream.frame_bits[index] = event.size_bytes * 8 / len(own)
        self._session.takes.update(take)
        self._scoring.refresh()

    def _done(self, take: Take, structure: Structure, outcome: Outcome, value: Any) -> None:
        if self._jobs.is_discarded(take):
            return
        main = structure is Structure.OVERLAP
        if outcome is Outcome.SUCCEEDED:
            info: StreamInfo = value
            stream = _stream(take, structure)
            stream.file, stream.rate = info.path, Rate(info.size_bytes, info.kbps, info.bpp)
            done: dict[str, object] = {"status": Status.READY, "progress": 1.0} if main else {}
            self._session.takes.update(take, message="", note=f"model {info.model_id}", **done)
            if main:
                self.rate_known.emit(take)
        elif main:
            self._jobs.ended(take, outcome, value)
            self._jobs.cancel(take)
        else:
            why = str(value) if outcome is Outcome.FAILED else "cancelled."
            self._session.takes.update(take, note=f"Disjoint GoPs: {why}", message="")
        self._scoring.refresh()

    def _seams_changed(self) -> None:
        """Encode disjoint GoPs that are wanted now and were given up before; score what is shown."""
        if self._session.seam_mode.structure is Structure.DISJOINT:
            for take in self._session.takes:
                missing = take.recipe is not None and take.disjoint is not None and take.disjoint.rate is None
                if missing and take.status is Status.READY and self._jobs.finished(take, Structure.DISJOINT):
                    try:
                        self._submit(take, Structure.DISJOINT, background=True)
                    except SettingError as error:
                        # Of a project: its codec is not here.
                        self._session.message.emit(str(error))
        self._scoring.refresh()

    def close(self) -> None:
        """Nothing is started any more."""
        self._session.seam_changed.disconnect(self._seams_changed)


def _other(structure: Structure) -> Structure:
    return Structure.DISJOINT if structure is Structure.OVERLAP else Structure.OVERLAP


def _stream(take: Take, structure: Structure) -> Encoded:
    return take.disjoint if structure is Structure.DISJOINT and take.disjoint is not None else take.encoded


def encode_command(clip: Clip, recipe: Recipe, precision: str, part: range | None = None) -> str:
    """What a user types to make the same stream, of the whole clip or of a `part` of its frames."""
    assert recipe.lmbda is not None
    frames = range(clip.start, clip.start + clip.frame_count)
    if part is not None:
        frames = range(clip.start + part.start, clip.start + part.stop)
    words = ["seamscope", "encode", shell_word(clip.path), "-o", "stream.gop"]
    if recipe.neural != registry.DEFAULT:
        words += ["--codec", recipe.neural]
    words += ["--lambda", exact_text(recipe.lmbda)]
    for option, value in unusual_options(recipe.neural, recipe.options):
        words += option.words(value)
    if precision != "auto":
        words += ["--precision", precision]
    if len(frames) < clip.info.total_frames:
        words += ["--in", str(frames.start), "--out-point", str(frames.stop)]
    if clip.info.deinterlaced:
        words.append("--deinterlace")
    return shlex.join(words)
