"""A complete run in words: what was saved, what a number must not go without, the answers, the curve that fits."""

import math

import numpy as np

from app.state.blind.journal import Run
from app.state.blind.normal import normal_cdf
from app.state.blind.observers import SHARE, Viewers
from app.state.blind.posterior import Interval
from app.state.blind.result import kbps_text
from app.state.blind.tasks import NOT_SURE, Task

ANSWER_TITLES = ("trial", "counts as", "kbps", "shown at", "answer", "right or preferred", "seconds")
LAPSE = 0.03
"""Share of answers given at random that the drawn curve takes for granted."""


def saving_text(run: Run) -> str:
    """`Saving 32 % (95 % CrI 12 to 47 %)`; empty where there is none to tell."""
    rival = run.setup.rival
    saving = None if rival is None else run.result().saving(rival.kbps)
    if saving is None:
        return ""
    low, median, high = (round(100 * share) for share in (saving.low, saving.median, saving.high))
    return f"Saving {median} % (95 % CrI {low} to {high} %)"


def viewers_text(found: Viewers | None) -> tuple[str, ...]:
    """Of viewers at large."""
    if found is None:
        return ()

    def rate(at: Interval, name: str) -> str:
        return f"{kbps_text(at.median)} kbps (95 % {name} {kbps_text(at.low)}–{kbps_text(at.high)})"

    return (
        f"Mean of {found.count} observers: {rate(found.mean, 't interval')}, spread {found.spread:.2f} oct",
        f"Satisfies {round(100 * SHARE)} % of viewers: {rate(found.satisfying, 'bootstrap interval')}",
    )


def facts(run: Run) -> tuple[tuple[str, str], ...]:
    """Everything a number must not go without, each with its name; what was not noted says so."""
    setup, viewing, coding = run.setup, run.setup.viewing, run.setup.coding
    flicker = f", source and coded in turn {viewing.flicker_hz:.3g} times a second" if viewing.flicker_hz else ""
    said = (
        ("Clip", f"{setup.clip} ({setup.content})"),
        ("Segment", f"{setup.segment.text}, {setup.segment.boundaries} GoP boundaries"),
        ("Observer", viewing.observer),
        ("Distance", viewing.distance or "not noted"),
        ("Light", viewing.light or "not noted"),
        ("Screen", viewing.screen or "not noted"),
        ("Shown", f"{viewing.shown}, {viewing.crop[2]}x{viewing.crop[3]} samples{flicker}"),
        ("Note", viewing.note),
        ("Codec", f"{coding.codec}, {coding.options or 'default options'}, seams {coding.seams}"),
        ("Model", coding.model),
        ("Rates offered", f"{kbps_text(2.0 ** setup.levels[0])} to {kbps_text(2.0 ** setup.levels[-1])} kbps"),
        ("Seed", str(setup.seed)),
        ("Run", f"program {setup.program}, begun {setup.began}, {run.breaks} breaks, journal {run.name or 'not kept'}"),
        ("λ as the rate asks for it", coding.command),
        ("", "") if setup.rival is None else (f"Rival ({setup.rival.basis})", setup.rival.command),
    )
    return tuple((name, text) for name, text in said if text)


def details(run: Run) -> str:
    """The facts, a line each."""
    return "\n".join(f"{name}: {text}" for name, text in facts(run))


def answer_rows(run: Run) -> tuple[tuple[str, ...], ...]:
    """Every answer as it was given, under ANSWER_TITLES. "shown at": left 1, right 2; of four tiles 1 to 4 as the keys
    are. Outcomes are 1, 0, or 0.5 for "not sure"."""
    return tuple(
        (
            str(each.trial.number),
            each.trial.kind.value,
            kbps_text(2.0**each.x),
            str(each.trial.place + 1),
            "not sure" if each.answer == NOT_SURE else str(each.answer + 1),
            f"{each.outcome:g}",
            f"{each.seconds:.1f}",
        )
        for each in run.answered
    )


def answers_by_rate(run: Run) -> list[tuple[float, float, int]]:
    """(log2 kbps, mean outcome, answers) of every level that was scored."""
    found: dict[int, list[tuple[float, float]]] = {}
    for each in run.answered:
        if each.trial.kind.fitted:
            found.setdefault(each.trial.level, []).append((each.x, each.outcome))
    means = ((np.mean([x for x, _ in pairs]), np.mean([o for _, o in pairs]), len(pairs)) for pairs in found.values())
    return sorted((float(x), float(outcome), count) for x, outcome, count in means)


def fitted(run: Run, x: np.ndarray) -> np.ndarray:
    """The share of outcomes at rates `x` (log2 kbps, any shape) that the posterior's medians stand for. Raises
    JournalError for a run that is not complete."""
    result = run.result()
    toward = (x - math.log2(result.threshold.median)) / result.spread
    if result.task is Task.PARITY:
        return LAPSE / 2 + (1 - LAPSE) * normal_cdf(toward)
    return 0.25 + (1 - LAPSE) * 0.75 * normal_cdf(-toward)
