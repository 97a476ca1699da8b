"""What a verdict says, as values for its templates: the same for the page and for paper."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.exports.charts import draw_rates
from app.exports.looks import NamedTake, named, named_series
from app.exports.verdict.answer import Finding, finding_of
from app.exports.verdict.figures import draw_runs, draw_viewers
from app.exports.verdict.loop import Still, still_frame, stills_of
from app.exports.verdict.request import VerdictRequest
from app.jobs.hashing import content_of
from app.state.blind.observers import viewers
from app.state.blind.wording import ANSWER_TITLES, answer_rows, facts
from app.state.comparison import compare, unfinished
from app.state.curves import CURVES, RATES
from app.state.takes import Kind, RateBasis, Take
from codec import __version__
from codec.context import WorkContext

_TOLD = 2
"""Takes whose unfinished measures are told one by one above all else."""
SCORES = tuple(key for key in CURVES if key not in RATES)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything but the loop."""

    finding: Finding
    values: dict[str, object]
    """Of both templates."""
    stills: tuple[Still, ...]
    rates: bytes | None
    """Rate chart; None while no take has a rate and a score."""
    answers: tuple[bytes, ...]
    """Every observer's answers with their curve; none without a blind test."""
    viewers: bytes | None
    """What the observers say of viewers at large; None of too few of them."""


def content_of_verdict(context: WorkContext, request: VerdictRequest, kind: str) -> Content:
    """`kind` of the drawings: "svg" or "png". Raises SettingError without a result and a choice, MediaError,
    Cancelled."""
    clip = request.clip
    finding = finding_of(clip.path.name, request.choice, request.runs)
    context.report(0.0, "files")
    files = _files(request, context)
    context.check()
    frame, why = still_frame(request)
    stills = stills_of(request, frame)
    context.report(0.1, "charts")
    rates = draw_rates(request.data, kind)
    answers = draw_runs(finding.observers, kind)
    together = viewers(finding.observers)
    context.check()
    titles, rows = _takes(request)
    values: dict[str, object] = {
        "title": f"Verdict: {clip.path.name}",
        "finding": finding,
        "warnings": (*finding.warnings, *_warnings(request)),
        "clip": clip,
        "mode": request.mode.value,
        "content": content_of(clip.path, context),
        "version": __version__,
        "device": request.device,
        "region": request.region,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "choice": request.choice,
        "titles": titles,
        "takes": rows,
        "observers": _observers(finding),
        "runs": [
            {"observer": e.observer, "facts": facts(e.run), "answers": answer_rows(e.run)} for e in finding.observers
        ],
        "answer_titles": ANSWER_TITLES,
        "files": files,
        "notes": request.notes,
        "box": request.box,
        "still_frame": frame,
        "still_why": why,
        "figures": [_caption(still, request) for still in stills],
    }
    return Content(finding, values, stills, rates, answers, None if together is None else draw_viewers(together, kind))


def _caption(still: Still, request: VerdictRequest) -> dict[str, object]:
    """What stands with a picture of a take."""
    take = still.take
    rate = "" if take.rate is None else take.rate.text
    series = next((entry for entry in request.data.series if entry.take == take.id), None)
    return {
        "role": _role(take, request),
        "name": named(take, series),
        "lines": [line for line in (rate, still.score) if line],
    }


def _role(take: Take, request: VerdictRequest) -> str:
    """What a take is in the verdict."""
    if take.kind is Kind.SOURCE:
        return "source"
    if take is request.takes[1]:
        return "chosen" if request.choice is not None and request.choice.take == take.id else "near the answer"
    return "rival" if take.codec != request.takes[1].codec else "other take"


def _takes(request: VerdictRequest) -> tuple[list[str], list[list[str | NamedTake]]]:
    """Titles and rows of what was measured of each take with a curve, by rising rate."""
    series = sorted(request.data.series, key=lambda entry: (entry.kbps is None, entry.kbps or 0.0))
    compared = {key: compare(series, key) for key in SCORES}
    shown = [key for key in SCORES if compared[key]]
    rows: list[list[str | NamedTake]] = []
    for entry in series:
        rate = ["–", "–"] if entry.kbps is None or entry.bpp is None else [f"{entry.kbps:.1f}", f"{entry.bpp:.5f}"]
        found = [compared[key].get(entry.take) for key in shown]
        means = ["–" if e is None else e.said(e.mean, CURVES[key].digits) for e, key in zip(found, shown, strict=True)]
        star = "★ " if request.choice is not None and entry.take == request.choice.take else ""
        rows.append([named_series(entry, star), *rate, entry.rate_note or "measured", *means])
    return ["take", "kbps", "bpp", "rate is", *(CURVES[key].title for key in shown)], rows


def _observers(finding: Finding) -> list[list[str]]:
    """A row each: result, trials, spread, catch trials, what speaks against it."""
    return [
        [
            each.observer, each.result.rate_text(), str(each.result.scored), f"{each.result.spread:.2f}",
            f"{each.result.checks.catch_passed}/{each.result.checks.catch_trials}",
            f"{each.result.checks.sided}/{each.result.checks.placed}",
            ", ".join(each.result.unreliable) or "nothing",
        ]
        for each in finding.observers
    ]  # fmt: skip


def _warnings(request: VerdictRequest) -> list[str]:
    """What a reader must know of the takes that are shown and measured."""
    found = []
    for take in request.takes[1:]:
        if take.rate is not None and take.rate.basis is not RateBasis.MEASURED:
            found.append(f"{take.name}: its rate is not measured here ({take.rate.basis.value}).")
        if take.nudge:
            found.append(f"{take.name} is shifted by {take.shift}.")
    choice = request.choice
    if choice is not None and not any(take.id == choice.take for take in request.takes):
        found.append(f"{choice.name} was chosen, but is not on the list of takes any more: it is not shown.")
    if request.region:
        found.append(f"Scores are of the region {request.region} alone.")
    lines = unfinished(request.data.series, SCORES)
    if len(lines) > _TOLD:
        found.append(f"Not all frames of {len(lines)} takes are measured yet: their means carry … and a count below.")
    else:
        found += [f"Not all frames are measured yet: {line}." for line in lines]
    return found


def _files(request: VerdictRequest, context: WorkContext) -> list[dict[str, str]]:
    """Every take shown or measured: how it was encoded, its model, its file and what tells its content."""
    every = dict.fromkeys((*request.takes, *request.measured))
    return [_file(take, context) for take in every if take.kind is not Kind.SOURCE]


def _file(take: Take, context: WorkContext) -> dict[str, str]:
    file = take.file or take.encoded.file
    name = "" if file is None else str(file) if take.origin is not None else file.name
    content = "" if file is None else content_of(file, context)
    return {"take": take.name, "note": take.note, "command": take.command, "name": name, "content": content}
