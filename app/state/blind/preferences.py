"""Votes between pairs of takes, put on one scale.

Bradley and Terry ("Rank analysis of incomplete block designs", Biometrika 39, 1952): take i is preferred to take j with
probability 1 / (1 + exp(s_j - s_i)). A tie counts half for either side. A weak normal prior keeps the score of a take
finite that won, or lost, every vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.state.blind.normal import STANDARD
from app.state.blind.posterior import TAIL, Interval

PRIOR_SPREAD = 2.0
"""Standard deviation of scores before any vote."""
MIN_CLIPS = 6
"""From so many clips on intervals come from drawing clips anew; below it from the votes alone."""
RESAMPLES = 500
_SEED = 1952


@dataclass(frozen=True, slots=True)
class Vote:
    """`left` against `right`, on a clip."""

    left: str
    right: str
    share: float
    """Of the left one: 1 preferred, 0 not, 0.5 no difference."""
    clip: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one take. Scores sum to zero; one point more wins 73 % of the votes."""

    item: str
    score: Interval
    votes: int


def scores(votes: Sequence[Vote]) -> tuple[Score, ...]:
    """Of every take that was voted on, the best first; empty without votes."""
    votes = [vote for vote in votes if vote.left != vote.right]
    items = sorted({item for vote in votes for item in (vote.left, vote.right)})
    if not items:
        return ()
    place = {item: number for number, item in enumerate(items)}
    pairs = np.array([(place[vote.left], place[vote.right]) for vote in votes])
    shares = np.array([vote.share for vote in votes])
    fitted, spread = _fit(pairs, shares, np.ones(len(votes)), len(items))
    clips = sorted({vote.clip for vote in votes})
    if len(clips) >= MIN_CLIPS:
        low, high = _over_clips(pairs, shares, np.array([clips.index(vote.clip) for vote in votes]), len(items))
    else:
        reach = STANDARD.inv_cdf(1 - TAIL) * spread
        low, high = fitted - reach, fitted + reach
    counts = np.bincount(pairs.reshape(-1), minlength=len(items))
    found = [
        Score(item, Interval(float(low[n]), float(fitted[n]), float(high[n])), int(counts[n]))
        for n, item in enumerate(items)
    ]
    return tuple(sorted(found, key=lambda each: -each.score.median))


def _fit(pairs: np.ndarray, shares: np.ndarray, weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores (count,) that fit best, by Newton's method, and their standard errors."""
    fitted, prior = np.zeros(count), np.eye(count) / PRIOR_SPREAD**2
    left, right = pairs[:, 0], pairs[:, 1]
    curvature = prior
    for _ in range(50):
        expected = 1 / (1 + np.exp(fitted[right] - fitted[left]))
        miss, certain = weights * (shares - expected), weights * expected * (1 - expected)
        gradient = np.bincount(left, miss, count) - np.bincount(right, miss, count) - fitted / PRIOR_SPREAD**2
        curvature = prior + np.diag(np.bincount(left, certain, count) + np.bincount(right, certain, count))
        np.add.at(curvature, (left, right), -certain)
        np.add.at(curvature, (right, left), -certain)
        step = np.linalg.solve(curvature, gradient)
        fitted = fitted + step
        if np.abs(step).max() < 1e-9:
            break
    # Errors about the mean of all scores: the prior's freedom to move them together is none of theirs.
    centre = np.eye(count) - 1 / count
    covariance = centre @ np.linalg.inv(curvature) @ centre
    return fitted - fitted.mean(), np.sqrt(np.diag(covariance))


def _over_clips(pairs: np.ndarray, shares: np.ndarray, clip: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    random, clips = np.random.default_rng(_SEED), int(clip.max()) + 1
    made = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(random.integers(clips, size=clips), minlength=clips)
        made.append(_fit(pairs, shares, drawn[clip].astype(float), count)[0])
    low, high = np.quantile(np.array(made), (TAIL, 1 - TAIL), axis=0)
    return low, high
