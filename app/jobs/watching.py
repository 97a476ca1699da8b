"""A training run is watched: whenever a checkpoint arrives, the GoP on the screen is coded again with it.

`look` is called now and then; it submits work and returns. What is coded is a take of its own, which takes the place of
the one of the checkpoint before. A take that was renamed stays beside it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from psygnal import Signal

from app.jobs.encodes import Encodes
from app.jobs.events import EmittingContext
from app.jobs.job import Job, Lane, Outcome
from app.jobs.sources import ClipSpec, clip_spec
from app.jobs.tools import Tools
from app.state.recipes import Recipe, codec_settings
from app.state.takes import Encoded, Kind, Status, Take
from codec import gop
from codec.api import CodecSettings, EncodedGop
from codec.context import WorkContext
from codec.errors import MediaError, SettingError
from codec.gop import Gop, Slot, Structure
from codec.media.clip import Clip
from codec.media.spool import FrameSpool, SpoolSpec
from codec.pipeline.spooled import SpooledSpec, SpooledTake, slot_number
from codec.training.vae.watching import Checkpoint, Sight, code, look

CODEC = "vae"
"""Id of the codec whose training can be watched."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is coded for the screen."""

    clip: Clip
    checkpoint: Checkpoint
    gop: Gop
    structure: Structure
    settings: CodecSettings


def look_at_run(context: WorkContext, folder: Path) -> Sight:
    """`look`, as a job."""
    context.check()
    return look(folder)


def code_gop(
    context: EmittingContext,
    clip: ClipSpec,
    part: Gop,
    checkpoint: Checkpoint,
    settings: Any,
    spool: SpoolSpec,
) -> EncodedGop | None:
    """Code one GoP, write its pictures into the spool; its pictures are not handed over a second time."""
    context.report(0.0, f"checkpoint of step {checkpoint.step}")
    with clip.open() as source:
        count = source.frame_count
        made = code(source, part, checkpoint, settings)
    if made is None:
        return None
    context.check()
    pictures = FrameSpool(spool)
    try:
        for offset, picture in enumerate(made.pictures):
            # A shared frame is shown although the GoP on its other side is not coded.
            for slot in gop.slots(part.start + offset, count, settings.structure):
                if slot == Slot(part.index, offset) or not pictures.has(slot_number(slot)):
                    pictures.put(slot_number(slot), picture)
    finally:
        pictures.close()
    return replace(made, pictures=[])


class Watching:
    """One run's folder, looked into again and again. What goes wrong is `error`, a sentence, and told once by
    `Session.message`; watching goes on, since a folder may come back."""

    changed = Signal()
    """Something below is another."""

    def __init__(self, tools: Tools, encodes: Encodes) -> None:
        self._session, self._runner, self._store = tools.session, tools.runner, tools.store
        self._scoring, self._encodes = tools.scoring, encodes
        self.folder: Path | None = None
        """None while nothing is watched."""
        self.sight: Sight | None = None
        """What was seen last."""
        self._looking = self._coding = False
        self._jobs: dict[Lane, Job] = {}
        """Those submitted last."""
        self._round = 0
        """Counts starts and stops: what was asked before is not entered."""
        self._errors = {Lane.MEDIA: "", Lane.CODEC: ""}
        """Of looking and of coding."""
        self._take: Take | None = None
        self._shown: Wanted | None = None
        """What the take was begun with."""
        self._coded: set[tuple[Structure, int]] = set()
        """GoPs that the take has."""
        self._failed: Wanted | None = None
        """What could not be coded: not tried again."""

    def start(self, folder: Path) -> None:
        """Watch a run from now on, in place of the one before."""
        self.stop()
        self.folder = folder.absolute()
        self.changed.emit()
        self.look()

    def stop(self) -> None:
        """Watch no more; the take that is there stays."""
        for job in self._jobs.values():
            self._runner.cancel(job)
        self._jobs.clear()
        self._round += 1
        self._looking = self._coding = False
        self.folder = self.sight = self._take = self._shown = self._failed = None
        self._errors = dict.fromkeys(self._errors, "")
        self.changed.emit()

    @property
    def busy(self) -> bool:
        """True while a GoP is being coded."""
        return self._coding

    @property
    def error(self) -> str:
        """What goes wrong now, a sentence; "" while nothing does."""
        return " ".join(filter(None, self._errors.values()))

    @property
    def step(self) -> int | None:
        """Of the checkpoint that is shown; None while none is."""
        return None if self._shown is None else self._shown.checkpoint.step

    def look(self) -> None:
        """Look into the folder, unless that is under way; what comes of it is entered later."""
        if self.folder is None or self._looking:
            return
        self._looking, asked = True, self._round
        self._jobs[Lane.MEDIA] = self._runner.submit(
            Lane.MEDIA, look_at_run, (self.folder,), on_done=lambda outcome, value: self._looked(asked, outcome, value)
        )

    def _looked(self, asked: int, outcome: Outcome, value: Any) -> None:
        if asked != self._round:
            return
        self._looking = False
        if outcome is Outcome.SUCCEEDED:
            self._tell(Lane.MEDIA, "")
            if value != self.sight:
                self.sight = value
                self.changed.emit()
            self._code()
        elif outcome is Outcome.FAILED:
            self._tell(Lane.MEDIA, str(value))

    def _tell(self, lane: Lane, error: str) -> None:
        if error != self._errors[lane]:
            self._errors[lane] = error
            self.changed.emit()
            if error:
                self._session.message.emit(error)

    def _wanted(self) -> Wanted | None:
        session, clip = self._session, self._session.clip
        if clip is None or self.sight is None or self.sight.checkpoint is None:
            return None
        structure, draft = session.seam_mode.structure, session.draft
        choice = draft.choice if draft.codec == CODEC else session.settings.choice(CODEC)
        number = gop.gop_of(session.playback.frame, clip.frame_count, structure)
        recipe = Recipe(None, choice.lmbda, neural=CODEC, options=choice.options)
        settings = codec_settings(recipe, session.settings.device, session.settings.precision, structure)
        part = gop.gop_at(number, clip.frame_count, structure)
        return Wanted(clip, self.sight.checkpoint, part, structure, settings)

    def _code(self) -> None:
        """Code what the screen shows, unless it is there."""
        try:
            wanted = self._wanted()
        except SettingError as error:
            self._tell(Lane.CODEC, str(error))
            return
        playing = self._session.playback.playing and self._has(wanted)
        if wanted is None or self._coding or wanted == self._failed or playing:
            return
        if self._has(wanted) and (wanted.structure, wanted.gop.index) in self._coded:
            return
        try:
            spec = self._spec(wanted)
        except MediaError as error:
            self._tell(Lane.CODEC, str(error))
            return
        spool = spec.overlap if wanted.structure is Structure.OVERLAP else spec.disjoint
        arguments = (clip_spec(wanted.clip), wanted.gop, wanted.checkpoint, wanted.settings, spool)
        self._coding, asked = True, self._round
        self.changed.emit()

        def done(outcome: Outcome, value: Any) -> None:
            if asked == self._round:
                self._done(wanted, spec, outcome, value)

        self._jobs[Lane.CODEC] = self._runner.submit(Lane.CODEC, code_gop, arguments, on_done=done)

    def _has(self, wanted: Wanted | None) -> bool:
        """True when the take at hand is of this checkpoint, clip and λ, whatever its GoPs."""
        shown, take = self._shown, self._take
        if wanted is None or shown is None or take is None or self._session.takes.by_id(take.id) is not take:
            return False
        same = (shown.clip, shown.checkpoint, shown.settings.lmbda, shown.settings.options)
        return same == (wanted.clip, wanted.checkpoint, wanted.settings.lmbda, wanted.settings.options)

    def _spec(self, wanted: Wanted) -> SpooledSpec:
        take, clip = self._take, wanted.clip
        if self._has(wanted) and take is not None and isinstance(take.source, SpooledTake):
            return take.source.spec
        number = self._store.new_number()
        overlap, disjoint = (self._store.spool(number, each, clip.info.colour, clip) for each in Structure)
        return SpooledSpec(overlap, disjoint, clip.frame_count)

    def _done(self, wanted: Wanted, spec: SpooledSpec, outcome: Outcome, value: EncodedGop | None) -> None:
        self._coding = False
        if outcome is Outcome.FAILED:
            self._failed = wanted
            self._tell(Lane.CODEC, str(value))
        elif outcome is Outcome.SUCCEEDED and value is not None and self._session.clip is wanted.clip:
            if not self._has(wanted):
                self._begin(wanted, spec)
            self._tell(Lane.CODEC, "")
            self._enter(wanted, value)
        self.changed.emit()

    def _begin(self, wanted: Wanted, spec: SpooledSpec) -> None:
        """A take of this checkpoint, in the place of the one before."""
        session, before = self._session, self._take
        if before is not None and (session.takes.by_id(before.id) is not before or before.given_name):
            before = None
        if before is None and not session.has_room():
            self._failed = wanted
            return
        source = SpooledTake(spec, theta=session.theta)
        nothing = [float("nan")] * wanted.clip.frame_count
        asked = f"step {wanted.checkpoint.step}, λ {wanted.settings.lmbda:.3g}"
        take = session.takes.add(
            Kind.NEURAL, asked, status=Status.READY, lmbda=wanted.settings.lmbda, neural=CODEC, watched=True
        )
        encoded, disjoint = Encoded(frame_bits=list(nothing)), Encoded(frame_bits=list(nothing))
        session.takes.update(take, source=source, encoded=encoded, disjoint=disjoint)
        self._take, self._shown = take, wanted
        self._coded.clear()
        if before is not None:
            session.takes.move(take, session.takes.place(before))
            take.visible = before.visible
            if session.selected == before.id:
                session.select(take)
            if session.focus == before.id:
                session.set_focus(take)
            session.takes.remove(before)
            self._encodes.discard(before)

    def _enter(self, wanted: Wanted, made: EncodedGop) -> None:
        take = self._take
        if take is None or not self._has(wanted):
            return
        self._coded.add((wanted.structure, wanted.gop.index))
        stream = take.encoded if wanted.structure is Structure.OVERLAP else take.disjoint
        assert stream is not None
        shared = wanted.structure is Structure.OVERLAP and wanted.gop.index > 0
        own = range(wanted.gop.start + shared, wanted.gop.stop)
        stream.gops[wanted.gop.index] = made.coding
        bits = len(made.payload) * 8
        for index in own:
            stream.frame_bits[index] = bits / len(own)
        bpp = bits / (len(own) * wanted.clip.width * wanted.clip.height)
        self._session.takes.update(take, message=f"{bpp:.4f} bpp in GoP {wanted.gop.index}")
        self._scoring.refresh()
