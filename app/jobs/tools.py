"""What every way of making a take works with."""

from dataclasses import dataclass

from app.jobs.job import Runner
from app.jobs.scoring import Scoring
from app.jobs.store import TakeStore
from app.jobs.take_jobs import TakeJobs
from app.state.session import Session


@dataclass(frozen=True, slots=True)
class Tools:
    """One session's: who runs work, where files lie, whose jobs are which, who scores."""

    session: Session
    runner: Runner
    store: TakeStore
    jobs: TakeJobs
    scoring: Scoring
