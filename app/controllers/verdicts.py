"""The verdict is asked for here, and written by a job."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.controllers.exports import Exports
from app.controllers.person import Person
from app.jobs.engine import Engine
from app.jobs.job import Lane
from codec.errors import SettingError

if TYPE_CHECKING:
    from app.exports.verdict.request import VerdictRequest

_KINDS = "HTML page (*.html);;PDF (*.pdf)"
SUFFIXES = (".html", ".htm", ".pdf")


class Verdicts:
    """Pages that hand a decision over."""

    def __init__(self, engine: Engine, exports: Exports, person: Person) -> None:
        self._engine, self._session, self._exports, self._person = engine, engine.session, exports, person

    def ask(self) -> None:
        """Ask for a name and write the verdict; a sentence where there is none yet."""
        if self._is_there():
            target = self._person.ask_target(
                "Export verdict", self._exports.proposed("_verdict.html"), _KINDS, SUFFIXES
            )
            if target is not None:
                self.export(target)

    def export(self, target: Path) -> None:
        """Write it by its suffix (a job), once the takes that are shown are encoded."""
        from app.exports.verdict.page import export_page
        from app.exports.verdict.printed import export_pdf

        if not self._is_there():
            return
        if target.suffix.lower() not in SUFFIXES:
            target = target.with_name(f"{target.name}.html")
        work = export_pdf if target.suffix.lower() == ".pdf" else export_page
        takes = tuple(self._session.takes.shown)
        # The loop is encoded: where rivals are, not where a click's small files are written.
        self._exports.queue.add(Lane.RIVAL, work, lambda _: (self.request(), target), target, takes)

    def _is_there(self) -> bool:
        from app.exports.verdict.answer import finding_of

        session = self._session
        try:
            finding_of("", session.choice, session.blind.runs)
        except SettingError as error:
            session.message.emit(str(error))
            return False
        return True

    def request(self) -> "VerdictRequest":
        """All that the verdict says, as it stands now."""
        from app.exports.verdict.answer import newest_of
        from app.exports.verdict.request import VerdictRequest, box_of, frames_of, takes_of

        session, clip = self._session, self._session.clip
        assert clip is not None
        run = newest_of(session.blind.runs)
        data = self._exports.chart_data()
        takes = takes_of(session, run)
        measured = tuple(take for take in session.takes if take.id in {entry.take for entry in data.series})
        region = session.view.inspection.region
        return VerdictRequest(
            clip,
            takes,
            measured,
            frames_of(session, run),
            box_of(clip, self._exports.page_box(), run),
            data,
            session.seam_mode,
            session.choice,
            session.blind.runs,
            session.notes,
            self._engine.device,
            "" if region is None else region.text,
        )
