"""Streams that are there already become pictures of takes: of a reopened project, and by the other decoder."""

from typing import Any

from psygnal import Signal

from app.jobs import imported
from app.jobs.importing import Imports
from app.jobs.job import Lane, Outcome
from app.jobs.neural import NeuralEncodes
from app.jobs.tools import Tools
from app.state.imports import FileFacts, ImportDecision, ImportRefused, compare
from app.state.takes import Encoded, Kind, Rate, Status, Take, plain_name
from codec.errors import MediaError
from codec.gop import Structure
from codec.media.clip import Clip
from codec.pipeline.spooled import SpooledSpec, SpooledTake


class StreamDecodes:
    """Decodes streams into takes that stand on the list."""

    def __init__(self, tools: Tools, neural: NeuralEncodes) -> None:
        self._session, self._runner, self._store = tools.session, tools.runner, tools.store
        self._jobs, self._scoring, self._encodes = tools.jobs, tools.scoring, neural

    def add(
        self, asked: tuple[str, float | None, str], streams: tuple[FileFacts, FileFacts | None], command: str,
        asked_decoder: str, decoder: str,
    ) -> Take:  # fmt: skip
        """A take of streams of the clip: what was `asked`, with its λ and codec; whose GoPs overlap, and whose share no
        frame, where that one is there; the command of the first. Shown by `asked_decoder`, where empty by `decoder`."""
        facts, other = streams
        number = self._store.new_number()
        overlap, disjoint = (self._store.spool(number, each, facts.colour, facts) for each in Structure)
        source = SpooledTake(SpooledSpec(overlap, disjoint, facts.frame_count), theta=self._session.theta)
        text, lmbda, neural = asked
        take = self._session.takes.add(Kind.NEURAL, text, lmbda=lmbda, neural=neural)
        take.asked_decoder = asked_decoder
        nothing = [float("nan")] * facts.frame_count
        self._session.takes.update(
            take,
            source=source,
            encoded=Encoded(facts.path, None, command, list(nothing)),
            disjoint=Encoded(other and other.path, None, f"{command} --disjoint", list(nothing)),
        )
        for each, structure in zip(streams, Structure, strict=True):
            if each is not None:
                self._begin(take, each, structure, asked_decoder or decoder)
        return take

    def _begin(self, take: Take, facts: FileFacts, structure: Structure, decoder: str) -> None:
        """Decode one of a take's two streams into its spool, by a `decoder` of codec.api.DECODERS."""
        assert isinstance(take.source, SpooledTake)
        main = structure is Structure.OVERLAP
        stream = take.encoded if main else take.disjoint
        spec = take.source.spec.overlap if main else take.source.spec.disjoint
        assert stream is not None

        def progress(share: float, text: str) -> None:
            self._session.takes.update(take, message=text, **({"progress": share} if main else {}))

        def done(outcome: Outcome, value: Any) -> None:
            if self._jobs.is_discarded(take):
                return
            if outcome is Outcome.SUCCEEDED:
                pixels = facts.width * facts.height * facts.frame_count
                stream.rate = Rate(facts.size_bytes, facts.kbps, facts.size_bytes * 8 / pixels)
                values = {"status": Status.READY, "progress": 1.0} if main else {}
                self._session.takes.update(take, message="", **values)
                if main:
                    self._encodes.rate_known.emit(take)
            elif main:
                self._jobs.ended(take, outcome, value)
            else:
                stream.file = None
                self._session.takes.update(take, message="")
            self._scoring.refresh()

        job = self._runner.submit(
            Lane.CODEC,
            imported.decode_into_spool,
            (facts.path, self._session.settings.device, self._session.settings.precision, spec, decoder),
            background=not main,
            on_progress=progress,
            on_event=lambda event: self._encodes.gop_ready(take, event),
            on_done=done,
        )
        self._jobs.track(take, job, structure)


class OtherDecoder:
    """Shows a take's streams by the other decoder of its codec, as a take of its own beside it."""

    shown = Signal(object)
    """A Take that has just been added."""

    def __init__(self, tools: Tools, decodes: StreamDecodes, imports: Imports) -> None:
        self._session, self._runner, self._store = tools.session, tools.runner, tools.store
        self._decodes, self._imports = decodes, imports

    def show(self, take: Take) -> None:
        """Copy the take's streams, so that either take can go, and decode them; `shown` or a message follows."""
        session, clip, decoder = self._session, self._session.clip, take.other_decoder
        if clip is None or not decoder or not session.has_room():
            return
        if take.origin is None:
            number = self._store.new_number()
            targets = [self._store.folder / f"shown-{number}-{each.value}.gop" for each in Structure]
            streams = [stream.file for stream in (take.encoded, take.disjoint) if stream is not None]
            pairs = tuple((file, target) for file, target in zip(streams, targets, strict=True) if file is not None)
        else:
            pairs = ((take.origin.path, take.origin.path),)
        self._runner.submit(
            Lane.MEDIA,
            imported.copy_streams,
            (pairs,),
            on_done=lambda outcome, value: self._copied(clip, take, decoder, outcome, value),
        )

    def _copied(self, clip: Clip, take: Take, decoder: str, outcome: Outcome, value: Any) -> None:
        session = self._session
        if outcome is Outcome.FAILED:
            session.message.emit(str(value))
        if outcome is not Outcome.SUCCEEDED:
            return
        facts: list[FileFacts] = value
        if session.clip is not clip or not session.has_room():
            for each in facts:
                if each.path.is_relative_to(self._store.folder):
                    each.path.unlink(missing_ok=True)
            return
        name = f"{take.given_name}, shown by {decoder}" if take.given_name else ""
        try:
            if take.origin is None:
                asked, streams = (take.asked, take.lmbda, take.neural), (facts[0], facts[1])
                made = self._decodes.add(asked, streams, take.encoded.command, decoder, decoder)
                made.given_name, made.recipe = plain_name(name), take.recipe
            else:
                # Somebody may have put another file there.
                compare(facts[0], clip)
                decision = ImportDecision(name, take.origin.stated_kbps, decoder=decoder)
                made = self._imports.add(facts[0], decision)
        except (ImportRefused, MediaError) as error:
            session.message.emit(str(error))
            return
        session.takes.update(made, note=take.note, nudge=take.nudge)
        self.shown.emit(made)
