"""Question and answer of a verdict, in words: of a blind test where there is a result, else of the choice alone.

A number of a blind test never stands without its interval, and a choice is never told as if it were a result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.state.blind.journal import Run, State
from app.state.blind.observers import Entry, entries, heading, viewers
from app.state.blind.result import Place, kbps_text
from app.state.blind.tasks import Task
from app.state.blind.wording import saving_text, viewers_text
from app.state.choice import Choice
from codec.errors import SettingError

NOTHING = "There is no verdict yet: choose a take (A) or finish a blind test (F9) first."


@dataclass(frozen=True, slots=True)
class Finding:
    """What the first lines of a verdict say."""

    question: str
    answer: str
    details: tuple[str, ...]
    """What belongs to the answer: its interval, what is saved."""
    basis: str
    """What the answer stands on; of a blind test its whole sentence."""
    warnings: tuple[str, ...]
    run: Run | None
    """The newest run that was asked the question; None without a blind test."""
    observers: tuple[Entry, ...] = ()


def finding_of(clip: str, choice: Choice | None, runs: Sequence[Run]) -> Finding:
    """`clip`: its name. `runs`: all of the clip's; the question of the newest complete one is the verdict's. Raises
    SettingError when there is neither a result nor a choice."""
    newest = newest_of(runs)
    if newest is not None:
        alike = [run for run in runs if run.setup.question == newest.setup.question]
        return _tested(clip, newest, alike, choice)
    if choice is None:
        raise SettingError(NOTHING)
    return _chosen(clip, choice, len(runs))


def newest_of(runs: Sequence[Run]) -> Run | None:
    """The complete run that began last."""
    complete = [run for run in runs if run.state is State.COMPLETE]
    return max(complete, key=lambda run: run.setup.began, default=None)


def _chosen(clip: str, choice: Choice, unfinished: int) -> Finding:
    who = f" by {choice.who}" if choice.who else ""
    details = [f"{choice.name}, {choice.bpp:.4f} bits per pixel", f"Chosen{who}, {_moment(choice.when)}"]
    if choice.why:
        details.append(f"Why: {choice.why}")
    basis = (
        "This is no result of a blind test. The take was chosen by somebody who saw names and rates, so it has no "
        "interval. What was measured of it stands below."
    )
    warnings = (_left_out(unfinished),) if unfinished else ()
    question = f"At what bitrate is {clip} to be coded with {choice.codec}?"
    return Finding(question, f"{kbps_text(choice.kbps)} kbps", tuple(details), basis, warnings, None)


def _tested(clip: str, newest: Run, alike: Sequence[Run], choice: Choice | None) -> Finding:
    found = entries(alike)
    usable = [each for each in found if each.usable]
    together = viewers(found)
    if together is not None:
        answer, details = f"{kbps_text(together.mean.median)} kbps", viewers_text(together)
    elif len(found) == 1 and usable:
        answer, details = _of_one(newest)
    elif usable:
        rates = [each.result.threshold.median for each in usable]
        answer = f"{kbps_text(min(rates))} to {kbps_text(max(rates))} kbps, by observer"
        details = tuple(f"{each.observer}: {each.result.rate_text()}" for each in found)
    elif all(each.result.unreliable for each in found):
        answer, details = "No answer that counts", tuple(reason for e in found for reason in e.result.unreliable)
    else:
        answer = "; ".join(each.result.rate_text() for each in found if not each.result.unreliable)
        details = ()
    unfinished = sum(run.state is not State.COMPLETE for run in alike)
    warnings = _warnings(found)
    lowest = min((each.result.threshold.low for each in usable), default=0.0)
    if choice is not None and choice.kbps < lowest:
        point = f"{kbps_text(choice.kbps)} kbps"
        warnings.append(
            f"The chosen operating point, {point}, lies below the interval: the blind test speaks against it."
        )
    warnings += [_left_out(unfinished)] if unfinished else []
    earlier = len(alike) - unfinished - len(found)
    if earlier:
        runs = "is 1 complete run" if earlier == 1 else f"are {earlier} complete runs"
        warnings.append(f"Of the same observers there {runs} before these: kept, but not counted.")
    if len(found) == 1:
        basis = f"{newest.sentence()}. {heading(found)}."
    else:
        basis = (
            f"{heading(found)}. Each one's result, trials, σ̂, catch trials and conditions stand in a row and a run of "
            "their own below; answers are never pooled."
        )
    return Finding(question_of(clip, newest), answer, tuple(details), basis, tuple(warnings), newest, found)


def question_of(clip: str, run: Run) -> str:
    """What a run asked, as a question."""
    setup = run.setup
    if setup.task is Task.PARITY and setup.rival is not None:
        rate = kbps_text(setup.rival.kbps)
        return f"At what bitrate does {setup.coding.name} look as good as {setup.rival.name} at {rate} kbps, on {clip}?"
    return f"Below what bitrate can one see that {setup.coding.name} coded {clip}?"


def _of_one(run: Run) -> tuple[str, tuple[str, ...]]:
    """A threshold that counts, of one observer."""
    at = run.result().threshold
    low, high = kbps_text(at.low), kbps_text(at.high)
    details = [f"95 % credible interval {low} to {high} kbps", saving_text(run)]
    if run.setup.task is Task.TRANSPARENCY:
        details.append(f"A cautious operating point is the interval's upper end, {high} kbps")
    return f"{kbps_text(at.median)} kbps", tuple(line for line in details if line)


def _warnings(found: Sequence[Entry]) -> list[str]:
    """What speaks against results, each once; with the observers' names where it is not of all of them."""
    whose: dict[str, list[str]] = {}
    for entry in found:
        result, note = entry.result, entry.run.setup.segment.note
        told = [*result.warnings, *([note] if note else [])]
        if result.place in (Place.BELOW, Place.ABOVE):
            told.append("The threshold lies outside of the rates offered: only that is known.")
        for warning in told:
            whose.setdefault(warning, []).append(entry.observer)
    return [
        warning if len(names) == len(found) else f"{', '.join(names)}: {warning}" for warning, names in whose.items()
    ]


def _moment(when: str) -> str:
    """A time in ISO 8601 for a reader: "2026-03-01 10:00 UTC"; as it is where it is none."""
    try:
        return f"{datetime.fromisoformat(when).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):
        return when


def _left_out(count: int) -> str:
    runs = "1 run of a blind test was" if count == 1 else f"{count} runs of blind tests were"
    return f"{runs} aborted or interrupted: kept, but not counted."
