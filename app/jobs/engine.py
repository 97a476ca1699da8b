"""The one door for actions that start work: opening, encoding, measuring. Keeps the session in step with its jobs."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.jobs import tasks
from app.jobs.runner import Job, JobRunner, Lane, Outcome
from app.jobs.tasks import ClipSpec, GopReady, RivalSpec
from app.state.session import Session
from app.state.takes import Kind, Rate, Status, Take
from codec import gop
from codec.gop import SeamMode, Structure
from codec.media.clip import Clip
from codec.media.spool import SpoolSpec
from codec.rivals import ConstantQuality, RivalCodec, RivalEncode, RivalSettings, RivalSource, TargetBitrate
from codec.stream.format import StreamInfo
from codec.stream.settings import EncodeSettings
from codec.stream.spooled import SpooledSpec, SpooledTake, spool_slots

KIND_OF = {RivalCodec.HEVC: Kind.HEVC, RivalCodec.VVC: Kind.VVC, RivalCodec.AV1: Kind.AV1}


class Engine:
    """Starts jobs for a session and enters what they bring."""

    def __init__(self, session: Session, runner: JobRunner) -> None:
        self.session, self.runner = session, runner
        self._folder = Path(tempfile.mkdtemp(prefix="seamscope-"))
        self._jobs: dict[int, list[Job]] = {}
        self._asked: dict[tuple[int, SeamMode], set[int]] = {}
        self._opening = 0
        self.device = "not started"
        session.seam_changed.connect(self._score_all)

    def warm_up(self) -> None:
        """Load the models in the background."""
        device = self.session.settings.device
        self.runner.submit(Lane.CODEC, tasks.warm_up, (device,), on_done=self._warmed)
        self.runner.submit(Lane.METRICS, tasks.warm_metrics)

    def _warmed(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.SUCCEEDED:
            self.device = str(value)
            self.session.settings_changed.emit()
        elif outcome is Outcome.FAILED:
            self.session.message.emit(str(value))

    def set_device(self, device: str) -> None:
        """Where the next encodes run."""
        self.session.update_settings(replace(self.session.settings, device=device))
        self.warm_up()

    def open(self, path: Path, start: int = 0, stop: int | None = None) -> None:
        """Open a clip; the one shown stays until the new one is there. A newer request wins."""
        self._opening += 1
        ticket = self._opening

        def done(outcome: Outcome, value: Any) -> None:
            if outcome is Outcome.SUCCEEDED and ticket == self._opening:
                self._show(value)
            elif outcome is Outcome.SUCCEEDED:
                value.close()
            elif outcome is Outcome.FAILED:
                self.session.message.emit(str(value))

        self.runner.submit(Lane.MEDIA, tasks.open_and_prime, (path, start, stop), on_done=done)

    def _show(self, clip: Clip) -> None:
        for take in self.session.takes:
            self._release(take)
        self._asked.clear()
        self.session.set_clip(clip)

    def encode_neural(self, lmbda: float) -> Take | None:
        """A neural take at λ: the GoP on the screen first, then the rest, then the disjoint companion."""
        clip = self.session.clip
        if clip is None:
            return None
        self.session.update_settings(replace(self.session.settings, lmbda=lmbda))
        take = self.session.takes.add(Kind.NEURAL, f"λ {lmbda:.3g}", lmbda=lmbda)
        specs = {
            structure: SpoolSpec(
                self._folder / f"take-{take.id}-{structure.value}.yuv",
                clip.width,
                clip.height,
                clip.info.colour,
                spool_slots(clip.frame_count, structure),
            )
            for structure in Structure
        }
        spec = SpooledSpec(specs[Structure.OVERLAP], specs[Structure.DISJOINT], clip.frame_count)
        take.source = SpooledTake(spec)
        take.frame_bits = [float("nan")] * clip.frame_count
        order = (Structure.OVERLAP, Structure.DISJOINT)
        if self.session.seam_mode is SeamMode.DISJOINT:
            order = order[::-1]
        for structure in order:
            self._submit_neural(take, structure, specs[structure], clip)
        return take

    def _submit_neural(self, take: Take, structure: Structure, spool: SpoolSpec, clip: Clip) -> None:
        assert take.lmbda is not None
        visible = gop.gop_of(self.session.playback.frame, clip.frame_count, structure)
        settings = EncodeSettings(take.lmbda, structure, self.session.settings.device, visible)
        output = self._folder / f"take-{take.id}-{structure.value}.gop"
        main = structure is Structure.OVERLAP
        arguments = (_spec(clip), clip.timing, clip.info.sample_aspect, output, settings, spool)
        job = self.runner.submit(
            Lane.CODEC,
            tasks.encode_neural,
            arguments,
            on_progress=lambda fraction, message: self._progress(take, main, fraction, message),
            on_event=lambda event: self._gop_ready(take, event),
            on_done=lambda outcome, value: self._neural_done(take, main, outcome, value),
        )
        self._jobs.setdefault(take.id, []).append(job)

    def _progress(self, take: Take, main: bool, fraction: float, message: str) -> None:
        if take.status is Status.RUNNING and main:
            self.session.takes.update(take, progress=fraction, message=message)
        elif not main:
            text = "" if fraction >= 1 else f"disjoint GoPs: {message}"
            self.session.takes.update(take, message=text)

    def _gop_ready(self, take: Take, event: GopReady) -> None:
        if event.structure is Structure.OVERLAP:
            own = range(event.gop.start + (event.gop.index > 0), event.gop.stop)
            for index in own:
                take.frame_bits[index] = event.size_bytes * 8 / len(own)
        self.session.takes.update(take)
        self._score(take)

    def _neural_done(self, take: Take, main: bool, outcome: Outcome, value: Any) -> None:
        if not main:
            if outcome is Outcome.FAILED:
                self.session.takes.update(take, note=f"Disjoint GoPs: {value}", message="")
            else:
                self.session.takes.update(take, message="")
            self._score(take)
            return
        if outcome is Outcome.SUCCEEDED:
            info: StreamInfo = value
            assert self.session.clip is not None
            command = f"seamscope encode {self.session.clip.path} -o stream.gop --lambda {take.lmbda:g}"
            self.session.takes.update(
                take,
                status=Status.READY,
                progress=1.0,
                message="",
                file=info.path,
                rate=Rate(info.size_bytes, info.kbps, info.bpp),
                command=command,
                note=f"model {info.model_id}",
            )
        else:
            self._ended(take, outcome, value)
        self._score(take)

    def encode_rival(self, codec: RivalCodec, quality: float | None = None) -> Take | None:
        """A rival take, at a CRF/QP, or (None) at the measured bitrate of the newest finished neural take."""
        clip = self.session.clip
        if clip is None:
            return None
        if quality is None:
            ours = self.newest_neural
            if ours is None or ours.rate is None:
                self.session.message.emit("Encode with the neural codec first: its bitrate is the one to match.")
                return None
            asked, wanted = f"at {ours.rate.kbps:.0f} kbps", TargetBitrate(ours.rate.kbps)
        else:
            knob = "QP" if codec is RivalCodec.VVC else "CRF"
            asked, wanted = f"{knob} {quality:g}", ConstantQuality(quality)
        take = self.session.takes.add(KIND_OF[codec], asked)
        output = self._folder / f"take-{take.id}.mkv"
        job = self.runner.submit(
            Lane.RIVAL,
            tasks.encode_rival,
            (_spec(clip), clip.timing, output, RivalSettings(codec, wanted)),
            on_progress=lambda fraction, message: self._progress(take, True, fraction, message),
            on_done=lambda outcome, value: self._rival_done(take, outcome, value),
        )
        self._jobs[take.id] = [job]
        return take

    @property
    def newest_neural(self) -> Take | None:
        """The last neural take whose file is whole."""
        done = [t for t in self.session.takes if t.kind is Kind.NEURAL and t.rate is not None]
        return done[-1] if done else None

    def _rival_done(self, take: Take, outcome: Outcome, value: Any) -> None:
        if outcome is not Outcome.SUCCEEDED:
            self._ended(take, outcome, value)
            return
        made: RivalEncode
        source: RivalSource
        made, source = value
        if self.session.takes.by_id(take.id) is None:
            source.close()
            return
        self.session.takes.update(
            take,
            status=Status.READY,
            progress=1.0,
            message="",
            source=source,
            file=made.path,
            rate=Rate(made.size_bytes, made.kbps, made.bpp),
            command=" ".join(made.command),
            note=made.note,
            frame_bits=[8.0 * size for size in made.frame_sizes],
        )
        if made.note:
            self.session.message.emit(made.note)
        self._score(take)

    def _ended(self, take: Take, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.FAILED:
            self.session.takes.update(take, status=Status.FAILED, error=str(value), message="")
            self.session.message.emit(str(value))
        else:
            self.session.takes.update(take, status=Status.CANCELLED, message="")

    def _score_all(self) -> None:
        for take in self.session.takes:
            self._score(take)

    def _score(self, take: Take) -> None:
        """Ask for the scores of every frame that can be shown in the current seam mode and was not asked for."""
        clip = self.session.clip
        if clip is None or take.kind is Kind.SOURCE or take.source is None:
            return
        mode = self.session.seam_mode if take.kind is Kind.NEURAL else SeamMode.BLENDED
        asked = self._asked.setdefault((take.id, mode), set())
        ready = [take.ready(i, mode) for i in range(clip.frame_count)]
        # A frame's tLP needs the frame before it.
        frames = tuple(i for i in range(clip.frame_count) if i not in asked and ready[i] and (i == 0 or ready[i - 1]))
        if not frames:
            return
        asked.update(frames)
        key = take.picture_key(mode)
        if isinstance(take.source, SpooledTake):
            spec: SpooledSpec | RivalSpec = take.source.spec
        else:
            assert take.file is not None
            spec = RivalSpec(take.file, clip.width, clip.height, clip.frame_count)
        job = self.runner.submit(
            Lane.METRICS,
            tasks.score,
            (_spec(clip), spec, mode, frames),
            on_event=lambda scores: self.session.scores.add(key, scores),
            on_done=self._scored,
        )
        self._jobs.setdefault(take.id, []).append(job)

    def _scored(self, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.FAILED:
            self.session.message.emit(str(value))

    def cancel(self, take: Take) -> None:
        """Stop the take's encode; what is decoded of it stays on the screen."""
        for job in self._jobs.get(take.id, []):
            self.runner.cancel(job)

    def cancel_all(self) -> None:
        """Stop every encode."""
        for take in self.session.takes:
            if take.status is Status.RUNNING:
                self.cancel(take)

    def remove(self, take: Take) -> None:
        """Stop a take and take it off the list. The source stays."""
        if take.kind is not Kind.SOURCE:
            self._release(take)
            self.session.takes.remove(take)
            self.session.scores.forget(take.id)

    def save_stream(self, take: Take, target: Path) -> None:
        """Copy a finished take's file to where the user wants it, whole or not at all."""
        if take.file is None:
            return
        self.runner.submit(Lane.MEDIA, _copy, (take.file, target), on_done=self._scored)

    def in_background(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Small file work of an action (saving pictures); a failure becomes a message."""
        self.runner.submit(Lane.MEDIA, work, arguments, on_done=self._scored)

    def _release(self, take: Take) -> None:
        self.cancel(take)
        self._jobs.pop(take.id, None)
        source = take.source
        # The picture thread may still be reading: it gets an error, which it shows as a missing picture.
        if isinstance(source, SpooledTake):
            source.close(remove=True)
        elif isinstance(source, RivalSource | Clip):
            source.close()

    def shutdown(self) -> None:
        """End all work, give back files, remove what was temporary."""
        self.runner.shutdown()
        for take in self.session.takes:
            self._release(take)
        shutil.rmtree(self._folder, ignore_errors=True)


def _spec(clip: Clip) -> ClipSpec:
    return ClipSpec(clip.path, clip.start, clip.start + clip.frame_count)


def _copy(context: object, source: Path, target: Path) -> None:
    from codec.errors import MediaError

    del context
    temporary = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, temporary)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise MediaError(f"{target}: the file cannot be written ({error.strerror or error}).") from error
