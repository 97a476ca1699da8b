"""A project's takes and way of looking, put back into the session."""

from typing import Any

from app.jobs import imported
from app.jobs.decoding import StreamDecodes
from app.jobs.imported import OpenedRival
from app.jobs.importing import Imports
from app.jobs.job import Lane, Outcome
from app.jobs.project_files import FoundProject, FoundTake
from app.jobs.rivals import KIND_OF
from app.jobs.tools import Tools
from app.state.choice import Choice
from app.state.imports import FileFacts, ImportDecision, ImportRefused, Pairing
from app.state.project import ChoiceRecord
from app.state.recipes import Recipe, decoder_of, known_options
from app.state.takes import Encoded, Kind, Rate, Status, Take
from codec import registry
from codec.errors import MediaError
from codec.gop import Structure


class Restoring:
    """Puts back what a project file holds; a take that cannot be had stays in the list and says why."""

    def __init__(self, tools: Tools, decodes: StreamDecodes, imports: Imports) -> None:
        self._session, self._runner = tools.session, tools.runner
        self._jobs, self._scoring, self._decodes, self._imports = tools.jobs, tools.scoring, decodes, imports

    def apply(self, found: FoundProject) -> None:
        """Takes, playback, seams, view and notes of a project whose clip is shown already."""
        project, session = found.project, self._session
        session.set_seam_mode(project.seam_mode)
        session.set_theta(project.theta)
        if session.gop_marks != project.gop_marks:
            session.toggle_gop_marks()
        takes = [self._take(entry) for entry in found.takes]
        for take, entry in zip(takes, found.takes, strict=True):
            take.recipe = _recipe(entry, takes)
            take.given_name, take.visible, take.nudge = entry.record.name, entry.record.visible, entry.record.nudge
            take.note = entry.record.note
            session.takes.set_look(take, entry.record.look)
        source = next(iter(session.takes))
        source.visible = project.source_visible or not any(take.visible for take in takes)
        session.set_choice(_choice(project.choice, takes))
        session.set_rate_lock(project.rate_lock)
        session.set_notes(project.notes)
        playback = session.playback
        playback.set_out(project.out_point)
        playback.set_in(project.in_point)
        playback.loop = project.loop
        playback.set_speed(project.speed, 0.0)
        playback.seek(project.frame)
        session.view.restore(project.view)
        session.takes.changed.emit()

    def _take(self, entry: FoundTake) -> Take:
        record = entry.record
        if entry.main is None:
            return self._missing(entry)
        if record.kind in KIND_OF.values():
            return self._rival(entry, entry.main)
        if record.kind is Kind.NEURAL and record.recipe:
            return self._neural(entry, entry.main)
        try:
            pairing = Pairing.TIME if record.by_time else Pairing.NUMBER
            decision = ImportDecision(
                record.name, record.stated_kbps, pairing=pairing, decoder=record.decoder or "auto"
            )
            return self._imports.add(entry.main, decision)
        except (ImportRefused, MediaError) as error:
            return self._missing(entry, str(error))

    def _missing(self, entry: FoundTake, problem: str = "") -> Take:
        record = entry.record
        take = self._session.takes.add(
            record.kind, record.asked, lmbda=record.lmbda, neural=record.neural, status=Status.FAILED
        )
        again = " Encode it again." if record.recipe and record.neural in registry.codecs() else ""
        take.error = f"{problem or entry.problem}{again}"
        take.encoded = Encoded(command=record.command)
        return take

    def _rival(self, entry: FoundTake, facts: FileFacts) -> Take:
        clip, record = self._session.clip, entry.record
        assert clip is not None
        take = self._session.takes.add(record.kind, record.asked)
        take.encoded = Encoded(facts.path, None, record.command)
        spec = facts.path, clip.width, clip.height, clip.frame_count, clip.info.colour

        def done(outcome: Outcome, value: Any) -> None:
            if outcome is not Outcome.SUCCEEDED:
                self._jobs.ended(take, outcome, value)
                return
            opened: OpenedRival = value
            if self._jobs.is_discarded(take):
                opened.source.close()
                return
            size = round(sum(opened.frame_bits) / 8) or facts.size_bytes
            rate = Rate(
                size,
                size * 8 / clip.timing.duration_s / 1000,
                size * 8 / (clip.width * clip.height * clip.frame_count),
            )
            encoded = Encoded(facts.path, rate, record.command, list(opened.frame_bits))
            values = {"status": Status.READY, "progress": 1.0, "source": opened.source, "encoded": encoded}
            self._session.takes.update(take, note=record.note, **values)
            self._scoring.refresh()

        work = imported.open_rival
        job = self._runner.submit(Lane.MEDIA, work, spec, on_done=done)
        self._jobs.track(take, job, Structure.OVERLAP)
        return take

    def _neural(self, entry: FoundTake, facts: FileFacts) -> Take:
        clip, record = self._session.clip, entry.record
        assert clip is not None
        if facts.frame_count != clip.frame_count or (facts.width, facts.height) != (clip.width, clip.height):
            return self._missing(entry, f"{facts.path.name}: the stream is not one of this clip.")
        take = self._decodes.add(
            (record.asked, record.lmbda, record.neural), (facts, entry.disjoint), record.command,
            record.decoder, decoder_of(record.neural, record.options),
        )  # fmt: skip
        self._session.takes.update(take, note=record.note)
        return take


def _choice(record: ChoiceRecord | None, takes: list[Take]) -> Choice | None:
    if record is None:
        return None
    there = record.take is not None and record.take < len(takes)
    return Choice(
        takes[record.take].id if there and record.take is not None else -1, record.name, record.codec, record.asked,
        record.kbps, record.bpp, record.command, record.who, record.when, record.why,
    )  # fmt: skip


def _recipe(entry: FoundTake, takes: list[Take]) -> Recipe | None:
    record = entry.record
    if not record.recipe:
        return None
    place = record.matched_to
    matched = takes[place].id if place is not None and place < len(takes) else None
    neural = record.codec is None
    # Those of a codec that is not here are kept for where it is.
    here = record.neural in registry.codecs()
    known = known_options(record.neural, record.options) if here else tuple(record.options.items())
    return Recipe(
        record.codec, record.lmbda, record.quality, matched, record.kbps, record.preset, record.neural,
        known if neural else (),
    )  # fmt: skip
