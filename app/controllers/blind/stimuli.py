"""What the trials of a run show: takes by value, encoded and decoded to memory when they are needed."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cachetools import LRUCache

from app.controllers.blind.loading import Look, Loop, Pictures, load
from app.jobs.blind.levels import Level, Levels
from app.jobs.job import Job, Lane, Outcome, Runner
from app.state.blind.journal import LevelRecord
from app.state.blind.tasks import Stimulus, Task, Trial

Failed = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial's pictures, all of them in memory."""

    tiles: tuple[Loop, ...]
    """By place."""
    source: Loop
    flickers: tuple[bool, ...]
    """By place: true where the source and this tile take turns in a flicker run."""
    x: float
    """log2 kbps, measured, of the level shown."""
    level: LevelRecord


@dataclass(frozen=True, slots=True)
class Takes:
    """What there is beside levels."""

    source: Pictures
    rival: Pictures | None


class Stimuli:
    """Of one run. `lambdas`: λ of each level."""

    def __init__(
        self, runner: Runner, levels: Levels, lambdas: Sequence[float], takes: Takes, look: Look, limit_bytes: int
    ) -> None:
        self._runner, self._levels, self._lambdas = runner, levels, tuple(lambdas)
        self._takes, self._look = takes, look
        self._loops: LRUCache[Pictures, Loop] = LRUCache(limit_bytes, getsizeof=self._bytes)
        self._job: Job | None = None
        self._asked = 0

    def prepare(self, task: Task, trial: Trial, ready: Callable[[Shown], None], failed: Failed) -> None:
        """Call `ready` when a trial can be shown without a further wait. A newer call puts an older one away."""
        self._asked += 1
        asked = self._asked
        wanted = [self._lambdas[trial.level]]
        if trial.stimulus is Stimulus.APART:
            wanted.append(self._lambdas[0])
        found: dict[float, Level] = {}

        def came(outcome: Outcome, value: Any) -> None:
            if asked != self._asked:
                return
            if outcome is not Outcome.SUCCEEDED:
                failed(str(value) if outcome is Outcome.FAILED else "The encode was cancelled.")
                return
            found[value.lmbda] = value
            missing = [lmbda for lmbda in wanted if lmbda not in found]
            if missing:
                self._levels.want(missing[0], came)
            else:
                self._load(asked, task, trial, found, ready, failed)

        self._levels.want(wanted[0], came)

    def ahead(self, trials: Sequence[Trial]) -> None:
        """Encode in the background what these trials would show."""
        wanted = [self._lambdas[trial.level] for trial in trials]
        wanted += [self._lambdas[0] for trial in trials if trial.stimulus is Stimulus.APART]
        self._levels.ahead(list(dict.fromkeys(wanted)))

    def close(self) -> None:
        """Prepare nothing more; give back the memory."""
        self._asked += 1
        if self._job is not None:
            self._runner.cancel(self._job)
        self._loops.clear()

    def _load(
        self,
        asked: int,
        task: Task,
        trial: Trial,
        found: dict[float, Level],
        ready: Callable[[Shown], None],
        failed: Failed,
    ) -> None:
        level = found[self._lambdas[trial.level]]
        coded, others = self._contents(trial, found, task)
        tiles = [others] * task.places
        tiles[trial.place] = coded
        # The order in which they are loaded is that of the places, whatever stands there.
        wanted = list(dict.fromkeys((self._takes.source, *tiles)))
        there = {each: self._loops[each] for each in wanted if each in self._loops}

        def ended(outcome: Outcome, value: Any) -> None:
            if asked != self._asked:
                return
            self._job = None
            if outcome is not Outcome.SUCCEEDED:
                failed(str(value) if outcome is Outcome.FAILED else "Loading was cancelled.")
                return
            there.update(value)
            for each, loop in there.items():
                self._keep(each, loop)
            # In a flicker run of parity either side takes turns with the source.
            flickers = tuple(each != self._takes.source for each in tiles)
            record = LevelRecord(trial.level, level.lmbda, level.kbps, level.size_bytes)
            shown = tuple(there[each] for each in tiles)
            ready(Shown(shown, there[self._takes.source], flickers, math.log2(level.kbps), record))

        missing = tuple(each for each in wanted if each not in there)
        self._job = self._runner.submit(Lane.MEDIA, _load_all, (missing, self._look), on_done=ended)

    def _contents(self, trial: Trial, found: dict[float, Level], task: Task) -> tuple[Pictures, Pictures]:
        """What stands at the trial's place, and everywhere else."""
        source, level = self._takes.source, found[self._lambdas[trial.level]]
        own = replace(source, spec=level.pictures, first=0)
        if trial.stimulus is Stimulus.SAME:
            return own, own
        if trial.stimulus is Stimulus.APART:
            return own, replace(own, spec=found[self._lambdas[0]].pictures)
        if trial.stimulus is Stimulus.DEGRADED:
            own = replace(own, degraded=True)
        if task is Task.TRANSPARENCY:
            return own, source
        assert self._takes.rival is not None
        return own, self._takes.rival

    def _keep(self, wanted: Pictures, loop: Loop) -> None:
        # One that is larger than all room is not kept.
        if self._bytes(loop) <= self._loops.maxsize:
            self._loops[wanted] = loop

    def _bytes(self, loop: Loop) -> int:
        return len(loop) * self._look.frame_bytes


def _load_all(context: Any, wanted: tuple[Pictures, ...], look: Look) -> dict[Pictures, Loop]:
    return {each: load(context, each, look) for each in wanted}
