"""Streams that are there already become pictures of takes: of a reopened project, and by the other decoder."""

from pathlib import Path
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
        self._session, self._runner = tools.session, tools.runner
        self._jobs, self._scoring, self._encodes = tools.jobs, tools.scoring, neural

    def begin(self, take: Take, facts: FileFacts, structure: Structure, decoder: str) -> None:
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
        number = self._store.new_number()
        if take.origin is None:
            spools = [self._store.spool(number, each, clip.info.colour, clip) for each in Structure]
            streams = [stream for stream in (take.encoded, take.disjoint) if stream is not None]
            pairs = tuple(
                (stream.file, spool.path.with_suffix(".gop"))
                for stream, spool in zip(streams, spools, strict=True)
                if stream.file is not None
            )
        else:
            pairs = ((take.origin.path, take.origin.path),)
        self._runner.submit(
            Lane.MEDIA,
            imported.copy_streams,
            (pairs,),
            on_done=lambda outcome, value: self._copied(clip, take, decoder, number, outcome, value),
        )

    def _copied(self, clip: Clip, take: Take, decoder: str, number: int, outcome: Outcome, value: Any) -> None:
        session = self._session
        if outcome is Outcome.FAILED:
            session.message.emit(str(value))
        if outcome is not Outcome.SUCCEEDED or session.clip is not clip or not session.has_room():
            return
        facts: list[FileFacts] = value
        try:
            if take.origin is None:
                made = self._own(clip, take, facts, number, decoder)
            else:
                # Somebody may have put another file there.
                compare(facts[0], clip)
                made = self._imported(take, facts[0], decoder)
        except (ImportRefused, MediaError) as error:
            session.message.emit(str(error))
            return
        made.asked_decoder = decoder
        session.takes.update(made, note=take.note, nudge=take.nudge)
        if take.origin is None:
            for each, structure in zip(facts, Structure, strict=True):
                self._decodes.begin(made, each, structure, decoder)
        self.shown.emit(made)

    def _imported(self, take: Take, facts: FileFacts, decoder: str) -> Take:
        stated = take.origin.stated_kbps if take.origin else None
        return self._imports.add(facts, ImportDecision(_named(take, decoder), stated, decoder=decoder))

    def _own(self, clip: Clip, take: Take, facts: list[FileFacts], number: int, decoder: str) -> Take:
        overlap, disjoint = (self._store.spool(number, each, clip.info.colour, clip) for each in Structure)
        source = SpooledTake(SpooledSpec(overlap, disjoint, clip.frame_count), theta=self._session.theta)
        made = self._session.takes.add(Kind.NEURAL, take.asked, lmbda=take.lmbda, neural=take.neural)
        made.given_name, made.recipe = plain_name(_named(take, decoder)), take.recipe
        nothing = [float("nan")] * clip.frame_count
        paths: list[Path] = [each.path for each in facts]
        self._session.takes.update(
            made,
            source=source,
            encoded=Encoded(paths[0], None, take.encoded.command, list(nothing)),
            disjoint=Encoded(paths[1], None, take.disjoint.command if take.disjoint else "", list(nothing)),
        )
        return made


def _named(take: Take, decoder: str) -> str:
    """The user's name of a take, with what tells its twin from it; empty where it has none."""
    return f"{take.given_name}, shown by {decoder}" if take.given_name else ""
