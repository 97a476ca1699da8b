"""How good blind tests are: thousands of runs by observers whose threshold is known. Writes docs/blind-simulation.md.

python -m tests.proofs.blind_simulation [--runs 400] [--out docs/blind-simulation.md]
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.state.blind import posterior
from app.state.blind.procedure import Plan, Procedure, Stop, level_grid
from app.state.blind.result import Place, Result, result_of
from app.state.blind.tasks import Task
from codec.output import write_text
from tests.proofs.blind_observer import Observer, Shape

LOW, HIGH = 8.0, 13.0
"""log2 kbps of the range."""
MIDDLE = 1.0
"""Thresholds are drawn so far from the ends of the range."""
SPREADS = (0.25, 0.5, 1.0)
LEAST_COVERAGE = {0.25: 0.93, 0.5: 0.93, 1.0: 0.90}
DOCUMENT = Path("docs/blind-simulation.md")


@dataclass(frozen=True, slots=True)
class Row:
    """What came of the runs of one kind of observer."""

    errors: np.ndarray
    covered: np.ndarray
    trials: np.ndarray
    capped: np.ndarray
    unreliable: np.ndarray
    numbers: np.ndarray
    """Runs whose result is a number."""

    @property
    def coverage(self) -> float:
        """Share of the intervals that hold the truth."""
        return float(self.covered.mean())

    @property
    def cells(self) -> str:
        """Of the table."""
        rmse = np.sqrt((self.errors**2).mean())
        median, most = np.percentile(self.trials, (50, 90))
        shares = f"{self.capped.mean():.0%} | {self.unreliable.mean():.1%}".replace("%", " %")
        return f"{self.errors.mean():+.3f} | {rmse:.3f} | {self.coverage:.3f} | {median:.0f} / {most:.0f} | {shares}"


def finished(task: Task, observer: Observer, seed: int) -> Result:
    """One run to its end."""
    procedure = Procedure(Plan(task, level_grid(LOW, HIGH), seed))
    observer.run(procedure, np.random.default_rng([seed, 77]))
    return result_of(procedure)


def row(task: Task, make: Callable[[float], Observer], runs: int, first_seed: int = 0) -> Row:
    """`runs` runs; `make` is given a threshold drawn from the middle of the range."""
    made, truths = [], []
    for seed in range(first_seed, first_seed + runs):
        truth = float(np.random.default_rng([seed, 5]).uniform(LOW + MIDDLE, HIGH - MIDDLE))
        made.append(finished(task, make(truth), seed))
        truths.append(truth)
    truth = np.array(truths)
    low, median, high = (
        np.log2([getattr(each.threshold, name) for each in made]) for name in ("low", "median", "high")
    )
    return Row(
        median - truth,
        (low <= truth) & (truth <= high),
        np.array([each.scored for each in made]),
        np.array([each.stop is Stop.TRIALS for each in made]),
        np.array([bool(each.unreliable) for each in made]),
        np.array([each.place is Place.INSIDE for each in made]),
    )


def near_the_end(task: Task, offset: float, runs: int) -> tuple[float, float, float, float]:
    """Observers with σ 0.5 whose threshold lies `offset` octaves above the lowest rate. Shares of runs: a number is
    given; "below the lowest rate" is said; it would be said if a touched end were enough; a bound is given that is
    wrong."""
    numbers, below, touched, wrong = [], [], [], []
    for seed in range(runs):
        truth = LOW + offset
        made = finished(task, Observer(truth, 0.5), seed)
        numbers.append(made.place is Place.INSIDE)
        below.append(made.place is Place.BELOW)
        touched.append(made.threshold.low <= made.lowest)
        wrong.append(made.place is Place.AT_MOST and truth > np.log2(made.threshold.high))
    shares = [float(np.mean(each)) for each in (numbers, below, touched, wrong)]
    return shares[0], shares[1], shares[2], shares[3]


def guessers(task: Task, runs: int) -> tuple[float, float, float]:
    """Shares of runs of an observer who never looks: a threshold is given without a mark against it; the run is marked
    unreliable; no number is given."""
    made = [finished(task, Observer(0.0, 1.0, guesses=True), seed) for seed in range(runs)]
    passed = [each.place is Place.INSIDE and not each.warnings for each in made]
    marked = [bool(each.unreliable) for each in made]
    without = [each.place is not Place.INSIDE for each in made]
    return float(np.mean(passed)), float(np.mean(marked)), float(np.mean(without))


HEAD = """# How good the blind test is

Written by `python -m tests.proofs.blind_simulation`. Observers of numbers, whose threshold is known, do whole runs of
the test as the window has it: catch trials, trials for the spread, encodes that miss their rate by 0.03 octaves.
{runs} runs a row; thresholds lie in the middle three of five octaves; 3 % of the answers are lapses. The standard error
of a coverage is about 0.01. Octaves (oct) are of rate.

"Capped": runs that ended at 50 trials. "Marked": runs of these honest observers that are called unreliable.

| task, true function | σ, oct | bias, oct | RMSE, oct | 95 % coverage | trials, median / 90 % | capped | marked |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
SURE = """
"Not sure" is answered when what is felt is weaker than 0.3 σ, and counts half for either side:

| task | σ, oct | bias, oct | RMSE, oct | 95 % coverage | trials, median / 90 % | capped | marked |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
PRIOR = """
Of the spread the test assumes √σ: a larger one is likelier. With equal weights, which one might take instead, intervals
of unsure observers hold the truth too seldom:

| task, equal weights | σ, oct | bias, oct | RMSE, oct | 95 % coverage | trials, median / 90 % | capped | marked |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
GUESSERS = """
## Who never looks

| task | a number without any mark | marked unreliable | no number is given |
|---|---:|---:|---:|
"""
ENDS = """
## Near the lowest rate

σ 0.5. Where the interval reaches below the lowest rate offered, no number is given. "Below the lowest rate" is said
only when the median lies there, too. Said of every interval that touches the end, it would often be false: the
column before the last has how often. In the other cases the upper end of the interval is given as a bound.

| task | threshold above lowest, oct | number | "below the lowest rate" | if touching did | wrong bound |
|---|---:|---:|---:|---:|---:|
"""


def document(runs: int) -> tuple[str, list[str]]:
    """The page, and what falls short of LEAST_COVERAGE."""
    text, short = [HEAD.format(runs=runs)], []
    for task in Task:
        for shape in Shape:
            for spread in SPREADS:
                made = row(task, lambda at, s=spread, f=shape: Observer(at, s, shape=f), runs)
                text.append(f"| {task.value}, {shape.value} | {spread:g} | {made.cells} |\n")
                print(text[-1], end="", flush=True)
                if made.coverage < LEAST_COVERAGE[spread]:
                    short.append(f"{task.value}, {shape.value}, σ {spread:g}: coverage {made.coverage:.3f}")
    text.append(SURE)
    for spread in SPREADS:
        made = row(Task.PARITY, lambda at, s=spread: Observer(at, s, not_sure=0.3), runs)
        text.append(f"| parity | {spread:g} | {made.cells} |\n")
    text.append(PRIOR)
    kept, posterior.SPREAD_WEIGHTS = posterior.SPREAD_WEIGHTS, np.ones(len(posterior.SPREADS))
    try:
        for task in Task:
            for spread in SPREADS:
                made = row(task, lambda at, s=spread: Observer(at, s), runs)
                text.append(f"| {task.value} | {spread:g} | {made.cells} |\n")
    finally:
        posterior.SPREAD_WEIGHTS = kept
    text.append(GUESSERS)
    for task in Task:
        cells = " | ".join(f"{100 * share:.1f} %" for share in guessers(task, runs))
        text.append(f"| {task.value} | {cells} |\n")
    text.append(ENDS)
    for task in Task:
        for offset in (-0.5, 0.0, 0.25, 0.5):
            cells = " | ".join(f"{100 * share:.1f} %" for share in near_the_end(task, offset, runs))
            text.append(f"| {task.value} | {offset:+g} | {cells} |\n")
    return "".join(text), short


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 when a coverage is too low."""
    parser = argparse.ArgumentParser(description="simulate blind tests")
    parser.add_argument("--runs", type=int, default=400, help="of every row")
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    options = parser.parse_args(arguments)
    text, short = document(options.runs)
    write_text(options.out, text)
    print(text)
    for line in short:
        print(f"too low: {line}")
    return int(bool(short))


if __name__ == "__main__":
    raise SystemExit(main())
