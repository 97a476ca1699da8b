"""Files that were decoded or encoded elsewhere become takes: looked at, asked about, opened."""

from pathlib import Path
from typing import Any

from psygnal import Signal

from app.jobs import imported
from app.jobs.imported import ImportSpec, Opened
from app.jobs.job import Lane, Outcome
from app.jobs.neural import NeuralEncodes
from app.jobs.tools import Tools
from app.state.imports import (
    Difference,
    FileFacts,
    ImportDecision,
    ImportQuestion,
    ImportRefused,
    Pairing,
    check,
    compare,
    covered_frames,
    rate_of,
    to_decide,
)
from app.state.takes import Encoded, Kind, Origin, Status, Take, plain_name
from codec.errors import MediaError
from codec.gop import Structure
from codec.media.clip import Clip
from codec.pipeline.spooled import SpooledSpec, SpooledTake


class Imports:
    """Takes from files. What goes wrong is told by `Session.message`."""

    asked = Signal(object)
    """ImportQuestion: the file can be read; `accept` makes it a take."""

    def __init__(self, tools: Tools, neural: NeuralEncodes) -> None:
        self.session, self._runner, self._store = tools.session, tools.runner, tools.store
        self._jobs, self._scoring, self._neural = tools.jobs, tools.scoring, neural

    def look_at(self, path: Path) -> None:
        """Read what the file holds; `asked` or a message follows."""
        clip = self.session.clip
        if clip is None:
            self.session.message.emit(f"{path}: open the clip first; a take stands beside its source.")
            return
        self._runner.submit(
            Lane.MEDIA,
            imported.inspect,
            (path, clip.info.colour),
            on_done=lambda outcome, value: self._looked_at(clip, outcome, value),
        )

    def _looked_at(self, clip: Clip, outcome: Outcome, value: Any) -> None:
        if outcome is Outcome.FAILED:
            self.session.message.emit(str(value))
        if outcome is not Outcome.SUCCEEDED or self.session.clip is not clip:
            return
        try:
            question = ImportQuestion(value, compare(value, clip))
        except ImportRefused as error:
            self.session.message.emit(str(error))
            return
        self.asked.emit(question)

    def accept(self, question: ImportQuestion, decision: ImportDecision) -> Take | None:
        """Make the file a take as decided; None, and a message, when a difference is left unresolved."""
        clip = self.session.clip
        if clip is None or not self.session.has_room():
            return None
        try:
            # Another clip may have been opened while the user was thinking.
            question = ImportQuestion(question.facts, compare(question.facts, clip))
            check(question, decision, clip.timing)
            take = self.add(question.facts, decision)
        except (ImportRefused, MediaError) as error:
            self.session.message.emit(str(error))
            return None
        asked = to_decide(question, clip.timing, decision.pairing)
        if Difference.LENGTH in {m.difference for m in asked}:
            common = covered_frames(question.facts, clip.timing, decision.pairing)
            playback = self.session.playback
            playback.set_out(min(playback.out_point, common - 1))
        notes = [f"{m.text[0].upper()}{m.text[1:]}: {_how(m.difference, decision)}." for m in asked]
        if question.facts.is_stream:
            notes.append(f"Made by the codec {question.facts.neural}.")
        self.session.takes.update(take, note=" ".join((*notes, *question.facts.notes)))
        return take

    def add(self, facts: FileFacts, decision: ImportDecision) -> Take:
        """The take and the job that brings its pictures; nothing is asked. Raises MediaError."""
        return self._add_stream(facts, decision) if facts.is_stream else self._add_file(facts, decision)

    def _add_file(self, facts: FileFacts, decision: ImportDecision) -> Take:
        clip = self.session.clip
        assert clip is not None
        take = self.session.takes.add(Kind.IMPORTED, f"{facts.path.name} ({facts.codec})")
        take.given_name = plain_name(decision.name)
        take.origin = _origin(facts, clip, decision)
        rate = rate_of(facts, decision.stated_kbps, clip.width * clip.height)
        take.encoded = Encoded(facts.path, None)
        by_time = decision.pairing is Pairing.TIME
        spec = ImportSpec(facts.path, clip.width, clip.height, clip.timing if by_time else None, clip.info.colour)

        def done(outcome: Outcome, value: Any) -> None:
            if outcome is not Outcome.SUCCEEDED:
                self._jobs.ended(take, outcome, value)
                return
            opened: Opened = value
            if self._jobs.is_discarded(take):
                opened.source.close()
                return
            # A stated bitrate says nothing of single frames.
            bits = list(opened.frame_bits) if decision.stated_kbps is None else []
            self.session.takes.update(
                take,
                status=Status.READY,
                progress=1.0,
                source=opened.source,
                encoded=Encoded(facts.path, rate, "", bits),
            )
            # Its panes had no picture to ask for until now.
            self._scoring.refresh()

        self._jobs.track(
            take,
            self._runner.submit(Lane.MEDIA, imported.open_imported, (spec,), on_done=done),
            Structure.OVERLAP,
        )
        return take

    def _add_stream(self, facts: FileFacts, decision: ImportDecision) -> Take:
        clip, structure, lmbda = self.session.clip, facts.structure, facts.lmbda
        assert clip is not None and structure is not None and lmbda is not None
        number = self._store.new_number()
        overlap, disjoint = (self._store.spool(number, s, facts.colour, facts) for s in Structure)
        source = SpooledTake(SpooledSpec(overlap, disjoint, facts.frame_count), theta=self.session.theta)
        asked = f"λ {lmbda:.3g}, {facts.path.name}"
        take = self.session.takes.add(Kind.NEURAL, asked, lmbda=lmbda, neural=facts.neural)
        take.given_name, take.only_structure, take.origin = (
            plain_name(decision.name),
            structure,
            _origin(facts, clip, decision),
        )
        take.asked_decoder = "" if decision.decoder == "auto" else decision.decoder
        rate = rate_of(facts, decision.stated_kbps, clip.width * clip.height)
        bits = [float("nan")] * facts.frame_count
        self.session.takes.update(take, source=source, encoded=Encoded(facts.path, None, "", bits))

        def done(outcome: Outcome, value: Any) -> None:
            if outcome is not Outcome.SUCCEEDED:
                self._jobs.ended(take, outcome, value)
                return
            take.encoded.rate = rate
            self.session.takes.update(take, status=Status.READY, progress=1.0, message=" ".join(facts.notes))
            self._scoring.refresh()

        settings, spool = self.session.settings, overlap if structure is Structure.OVERLAP else disjoint
        job = self._runner.submit(
            Lane.CODEC,
            imported.decode_into_spool,
            (facts.path, settings.device, settings.precision, spool, decision.decoder),
            on_progress=lambda share, text: self.session.takes.update(take, progress=share, message=text),
            on_event=lambda event: self._neural.gop_ready(take, event),
            on_done=done,
        )
        self._jobs.track(take, job, structure)
        return take


def _origin(facts: FileFacts, clip: Clip, decision: ImportDecision) -> Origin:
    differences = {m.difference for m in compare(facts, clip)}
    sized, timed = Difference.SIZE in differences, Difference.RATE in differences
    by_time = timed and decision.pairing is Pairing.TIME and not facts.is_stream
    return Origin(facts.path, sized, timed, by_time, decision.stated_kbps)


def _how(difference: Difference, decision: ImportDecision) -> str:
    return decision.pairing.value if difference is Difference.RATE else difference.value
