"""The one door for actions that start work: opening, encoding, measuring. Keeps the session in step with its jobs."""

import itertools
import shlex
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from psygnal import Signal

from app.jobs import tasks
from app.jobs.imported import ImportedSource
from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.rivals import Rivals
from app.jobs.scoring import Scoring
from app.jobs.sources import clip_spec
from app.jobs.tasks import GopReady
from app.jobs.works import Works
from app.jobs.workspace import Workspace
from app.state.recipes import Options, Recipe, codec_settings, known_options, request_text, unusual_options
from app.state.session import Session
from app.state.settings import CodecChoice
from app.state.takes import Encoded, Kind, Rate, Status, Take
from codec import gop, registry
from codec.api import exact_text
from codec.container.stream import StreamInfo
from codec.errors import MediaError, SettingError
from codec.gop import Structure
from codec.media.clip import Clip
from codec.media.picture import Colour
from codec.media.place import shell_word
from codec.media.spool import SpoolSpec
from codec.pipeline.spooled import SpooledSpec, SpooledTake, spool_slots
from codec.rivals import RivalCodec, RivalSource

_GOPS = {Structure.OVERLAP: "overlapping GoPs", Structure.DISJOINT: "disjoint GoPs"}


class Sized(Protocol):
    """Something with pictures of one size."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def frame_count(self) -> int: ...


class Engine:
    """Starts jobs for a session and enters what they bring. No call waits for work, none raises for a user's error:
    what goes wrong is told by `Session.message` and the take's `error`."""

    rate_known = Signal(object)
    """A neural take's file is whole and its bitrate measured."""
    clip_failed = Signal()
    """The clip asked for last could not be opened."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self.session, self.runner = session, runner
        self.device = ""
        """Where the networks run; empty until they are loaded."""
        self._workspace = Workspace()
        self._folder = self._workspace.path
        runner.put_temporary_in(self._workspace.temporary)
        self._numbers = itertools.count(1)
        self._discarded: set[int] = set()
        self._jobs: dict[tuple[int, Structure], Job] = {}
        self.opening: Job | None = None
        """The newest request to open a clip or a project."""
        self.also_in_use: list[Callable[[], Iterable[Path]]] = []
        """Tell of further files that no output may replace."""
        self.scoring = Scoring(session, runner)
        self._rivals = Rivals(self)
        self.works = Works(self)
        session.seam_changed.connect(self._seams_changed)

    def warm_up(self) -> None:
        """Load the models in the background."""
        self._warm_codec()
        self.runner.submit(Lane.METRICS, tasks.warm_metrics, on_done=self._told)

    def _warmed(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.SUCCEEDED:
            self.device = str(value)
            self.session.settings_changed.emit()
        self._told(outcome, value)

    def _told(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.FAILED:
            self.session.message.emit(str(value))

    def set_device(self, device: str) -> None:
        """Where the next encodes run."""
        self.session.update_settings(replace(self.session.settings, device=device))
        self._warm_codec()

    def _warm_codec(self) -> None:
        settings = self.session.settings
        self.runner.submit(Lane.CODEC, tasks.warm_up, (settings.device, settings.precision), on_done=self._warmed)

    def open(
        self,
        path: Path,
        start: int = 0,
        stop: int | None = None,
        *,
        deinterlace: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Open a clip; the one shown stays until the new one is there, `then` is called. A newer request wins."""
        self.give_up_opening()
        cell: list[Job] = []

        def done(outcome: Outcome, value: Any) -> None:
            stale = bool(cell) and cell[0].cancelled.is_set()
            if outcome is Outcome.SUCCEEDED and stale:
                value.close()
            elif outcome is Outcome.SUCCEEDED:
                self.show(value)
                if then is not None:
                    then()
            elif not stale:
                self._told(outcome, value)
                self.clip_failed.emit()

        arguments = (path, start, stop, deinterlace)
        cell.append(self.runner.submit(Lane.MEDIA, tasks.open_and_prime, arguments, on_done=done))
        self.opening = cell[0]

    def give_up_opening(self) -> None:
        """Something newer is asked for: what is being opened, a clip or a project, will not be shown."""
        if self.opening is not None:
            self.runner.cancel(self.opening)

    def show(self, clip: Clip) -> None:
        """Show an open clip; the one before, with its takes and notes, comes back by undo."""
        before = self.works.leave()
        self.session.set_clip(clip)
        self.works.opened(before)

    def encode_neural(self, lmbda: float, neural: str = registry.DEFAULT, options: Options = ()) -> Take | None:
        """A take of a neural codec at λ: first the stream of the seam mode shown, its GoP on the screen before the
        others, then the other stream in the background."""
        clip = self.session.clip
        if clip is None:
            return None
        number = self.new_number()
        try:
            recipe = Recipe(None, lmbda, neural=neural, options=known_options(neural, dict(options)))
            settings = codec_settings(recipe, self.session.settings.device, self.session.settings.precision)
            colour = clip.info.colour
            overlap, disjoint = (self.spool(number, structure, colour, clip) for structure in Structure)
            source = SpooledTake(SpooledSpec(overlap, disjoint, clip.frame_count), theta=self.session.theta)
        except (SettingError, MediaError) as error:
            self.session.message.emit(str(error))
            return None
        chosen = CodecChoice(lmbda, recipe.options)
        self.session.update_settings(self.session.settings.with_choice(neural, chosen))
        asked = request_text(neural, lmbda, recipe.options)
        take = self.session.takes.add(Kind.NEURAL, asked, lmbda=lmbda, neural=neural, recipe=recipe)
        nothing = [float("nan")] * clip.frame_count
        encoded = Encoded(command=_command(clip, recipe, settings.precision), frame_bits=list(nothing))
        other = Encoded(command=f"{encoded.command} --disjoint", frame_bits=list(nothing))
        self.session.takes.update(take, source=source, encoded=encoded, disjoint=other)
        first = self.session.seam_mode.structure
        self._submit_neural(take, first)
        self._submit_neural(take, _other(first), background=True)
        return take

    @property
    def folder(self) -> Path:
        """Where this run keeps encodes and decoded pictures."""
        return self._folder

    def new_number(self) -> int:
        """A number no file in the folder has yet."""
        return next(self._numbers)

    def spool(self, number: int, structure: Structure, colour: Colour, like: Sized) -> SpoolSpec:
        """Where the pictures of a stream of `like`'s size and length go."""
        path = self._folder / f"neural-{number}-{structure.value}.yuv"
        return SpoolSpec(path, like.width, like.height, colour, spool_slots(like.frame_count, structure))

    def track(self, take: Take, job: Job, structure: Structure) -> None:
        """Let `cancel` reach a take's job."""
        self._jobs[take.id, structure] = job

    def held_bytes(self, take: Take) -> int:
        """Bytes of the files in `folder` that belong to a take."""
        files = [stream.file for stream in (take.encoded, take.disjoint) if stream is not None]
        if isinstance(take.source, SpooledTake):
            files += [take.source.spec.overlap.path, take.source.spec.disjoint.path]
        held = 0
        for file in files:
            if file is not None and file.is_relative_to(self._folder):
                with suppress(OSError):
                    held += file.stat().st_size
        return held

    def is_discarded(self, take: Take) -> bool:
        """True when nothing may be entered for the take any more."""
        return take.id in self._discarded

    def _submit_neural(self, take: Take, structure: Structure, *, background: bool = False) -> None:
        clip = self.session.clip
        assert clip is not None and take.recipe is not None and isinstance(take.source, SpooledTake)
        wanted = self.session.settings
        first = gop.gop_of(self.session.playback.frame, clip.frame_count, structure)
        settings = codec_settings(take.recipe, wanted.device, wanted.precision, structure, first)
        spec = take.source.spec
        spool = spec.overlap if structure is Structure.OVERLAP else spec.disjoint
        output = spool.path.with_suffix(".gop")
        arguments = (clip_spec(clip), clip.timing, clip.info.sample_aspect, output, settings, spool)
        job = self.runner.submit(
            Lane.CODEC,
            tasks.encode_neural,
            arguments,
            background=background,
            on_progress=lambda fraction, text: self._neural_progress(take, structure, background, fraction, text),
            on_event=lambda event: self.gop_ready(take, event),
            on_done=lambda outcome, value: self._neural_done(take, structure, outcome, value),
        )
        self._jobs[take.id, structure] = job

    def _neural_progress(
        self, take: Take, structure: Structure, background: bool, fraction: float, message: str
    ) -> None:
        text = f"{_GOPS[structure]}: {message}" if background else message
        if not background:
            self.session.takes.update(take, progress=fraction, message=text)
        elif fraction < 1:
            self.session.takes.update(take, message=text)

    def gop_ready(self, take: Take, event: GopReady) -> None:
        """Enter a GoP whose pictures are in the take's spool."""
        shared = event.structure is Structure.OVERLAP and event.gop.index > 0
        own = range(event.gop.start + shared, event.gop.stop)
        stream = _stream(take, event.structure)
        stream.gops[event.gop.index] = event.coding
        for index in own:
            stream.frame_bits[index] = event.size_bytes * 8 / len(own)
        self.session.takes.update(take)
        self.scoring.refresh()

    def _neural_done(self, take: Take, structure: Structure, outcome: Outcome, value: Any) -> None:
        if take.id in self._discarded:
            return
        main = structure is Structure.OVERLAP
        if outcome is Outcome.SUCCEEDED:
            info: StreamInfo = value
            stream = _stream(take, structure)
            stream.file, stream.rate = info.path, Rate(info.size_bytes, info.kbps, info.bpp)
            done: dict[str, object] = {"status": Status.READY, "progress": 1.0} if main else {}
            self.session.takes.update(take, message="", note=f"model {info.model_id}", **done)
            if main:
                self.rate_known.emit(take)
        elif main:
            self.ended(take, outcome, value)
            self._cancel(take)
        else:
            why = str(value) if outcome is Outcome.FAILED else "cancelled."
            self.session.takes.update(take, note=f"Disjoint GoPs: {why}", message="")
        self.scoring.refresh()

    def encode_rival(
        self, codec: RivalCodec, quality: float | None = None, *, same_as: Take | None = None
    ) -> Take | None:
        """A rival take, at a CRF/QP, or (None) at the measured bitrate that `same_as` shows, by default that of the
        newest finished neural take."""
        return self.encode(Recipe(codec, quality=quality, matched_to=None if same_as is None else same_as.id))

    def encode(self, recipe: Recipe, *, replacing: bool = False) -> Take | None:
        """A new take by a recipe, `replacing` one that goes; None, and a message, when it cannot be begun."""
        if not replacing and not self.session.has_room():
            return None
        if recipe.codec is None:
            lmbda = self.session.settings.choice(recipe.neural).lmbda if recipe.lmbda is None else recipe.lmbda
            return self.encode_neural(lmbda, recipe.neural, recipe.options)
        return None if self.session.clip is None else self._rivals.encode(recipe)

    @property
    def newest_neural(self) -> Take | None:
        """The last neural take whose file is whole."""
        done = [t for t in self.session.takes if t.kind is Kind.NEURAL and t.encoded.rate is not None]
        return done[-1] if done else None

    def ended(self, take: Take, outcome: Outcome, value: Any) -> None:
        """Enter that a take's work failed or was cancelled."""
        if self.is_discarded(take):
            return
        if outcome is Outcome.FAILED:
            self.session.takes.update(take, status=Status.FAILED, error=str(value), message="")
            self.session.message.emit(str(value))
        else:
            self.session.takes.update(take, status=Status.CANCELLED, message="")

    def _seams_changed(self) -> None:
        """Encode disjoint GoPs that are wanted now and were given up before; score what is shown."""
        if self.session.seam_mode.structure is Structure.DISJOINT:
            for take in self.session.takes:
                job = self._jobs.get((take.id, Structure.DISJOINT))
                missing = take.disjoint is not None and take.disjoint.rate is None
                if missing and take.status is Status.READY and (job is None or job.finished):
                    self._submit_neural(take, Structure.DISJOINT, background=True)
        self.scoring.refresh()

    def cancel(self, take: Take) -> None:
        """Stop the take's encodes; what is decoded of it stays on the screen."""
        self._cancel(take)

    def _cancel(self, take: Take) -> None:
        self._rivals.cancel(take)
        for structure in Structure:
            job = self._jobs.get((take.id, structure))
            if job is not None:
                self.runner.cancel(job)

    def cancel_all(self) -> None:
        """Stop every encode, and what is being opened."""
        self.give_up_opening()
        for take in self.session.takes:
            self.cancel(take)

    def remove(self, take: Take) -> None:
        """Stop a take, take it off the list and give back its files, for good. The source stays."""
        if take.kind is not Kind.SOURCE:
            self.session.takes.remove(take)
            self.discard(take)

    def discard(self, take: Take) -> None:
        """Give back the files of a take that is off the list and will not come back."""
        if self.session.takes.by_id(take.id) is None and take.id not in self._discarded:
            self.release(take)
            self.session.scores.forget(take.id)

    @property
    def files_in_use(self) -> tuple[Path, ...]:
        """What no output may replace: the clip, the files of all takes, what others hold; each once."""
        clip = () if self.session.clip is None else (self.session.clip.path,)
        takes = (path for take in self.session.takes for path in take.files)
        return tuple(dict.fromkeys((*clip, *takes, *(path for tell in self.also_in_use for path in tell()))))

    def save_stream(self, take: Take, target: Path) -> None:
        """Copy a take's stream, of the seam mode shown if there is one, to where the user wants it; whole or not."""
        file = take.file or take.encoded.file
        if file is not None:
            self.in_background(tasks.copy_file, (file, target, self.files_in_use))

    def in_background(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Small file work of an action (saving pictures); a failure becomes a message."""
        self.runner.submit(Lane.MEDIA, work, arguments, on_done=self._told)

    def release(self, take: Take) -> None:
        """End a take's work and give back its files. It is off the list, or about to be."""
        if take.id in self._discarded:
            return
        self._discarded.add(take.id)
        self._cancel(take)
        for structure in Structure:
            self._jobs.pop((take.id, structure), None)
        self.scoring.forget(take)
        source = take.source
        # The picture thread may still be reading: it gets an error, which it shows as a missing picture.
        if isinstance(source, SpooledTake):
            source.close(remove=True)
        elif isinstance(source, RivalSource | ImportedSource | Clip):
            source.close()
        for stream in (take.encoded, take.disjoint):
            if stream is not None and stream.file is not None and stream.file.is_relative_to(self._folder):
                stream.file.unlink(missing_ok=True)

    def shutdown(self) -> None:
        """End all work, give back files, remove what was temporary."""
        self.session.seam_changed.disconnect(self._seams_changed)
        self.runner.shutdown()
        self.session.history.clear()
        for take in self.session.takes:
            self.release(take)
        self._workspace.close()


def _other(structure: Structure) -> Structure:
    return Structure.DISJOINT if structure is Structure.OVERLAP else Structure.OVERLAP


def _stream(take: Take, structure: Structure) -> Encoded:
    return take.disjoint if structure is Structure.DISJOINT and take.disjoint is not None else take.encoded


def _command(clip: Clip, recipe: Recipe, precision: str) -> str:
    """What a user types to make the same stream."""
    assert recipe.lmbda is not None
    words = ["seamscope", "encode", shell_word(clip.path), "-o", "stream.gop"]
    if recipe.neural != registry.DEFAULT:
        words += ["--codec", recipe.neural]
    words += ["--lambda", exact_text(recipe.lmbda)]
    for option, value in unusual_options(recipe.neural, recipe.options):
        words += [option.flag, str(value)]
    if precision != "auto":
        words += ["--precision", precision]
    if clip.frame_count < clip.info.total_frames:
        words += ["--in", str(clip.start), "--out-point", str(clip.start + clip.frame_count)]
    if clip.info.deinterlaced:
        words.append("--deinterlace")
    return shlex.join(words)
