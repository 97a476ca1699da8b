"""Per-frame scores of takes against the clip, on the RGB that is shown.

PSNR in dB over all three channels; LPIPS (AlexNet v0.1); tLP(t) = |LP(x̂[t-1], x̂[t]) - LP(x[t-1], x[t])| (section 4
of the paper, after Chu et al. 2020). A frame's features are computed once and serve LPIPS, both tLPs it is part of,
and, for the clip, every take.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from cachetools import LRUCache

from codec.context import QUIET, WorkContext
from codec.errors import SettingError
from codec.media.colour import to_rgb
from codec.media.picture import FrameSource, Rgb
from codec.metrics.lpips import Features, Lpips
from codec.metrics.psnr import PSNR_CAP_DB, psnr_db
from codec.metrics.scores import FrameScore

__all__ = ["PSNR_CAP_DB", "FrameScore", "FrameScorer", "psnr_db", "score_takes"]

FEATURE_LIMIT_BYTES = 256 * 2**20


def shown(source: FrameSource, index: int) -> Rgb:
    """A frame as it is shown."""
    return to_rgb(source.picture(index))


class FrameScorer:
    """Scores frames in any order; remembers the clip's features (within a byte limit) and its frame distances."""

    def __init__(
        self,
        reference: FrameSource,
        lpips: Lpips,
        limit_bytes: int = FEATURE_LIMIT_BYTES,
        rgb: Callable[[FrameSource, int], Rgb] = shown,
    ) -> None:
        """`rgb`: where others need the same frames' RGB, something that remembers it."""
        self._reference = reference
        self._rgb = rgb
        self._lpips = lpips
        self._limit = limit_bytes
        # Without a limit of its own: two frames stay whatever their size, and a change is between two.
        self._features: LRUCache[int, tuple[Rgb, Features]] = LRUCache(math.inf, getsizeof=_size_bytes)
        self._change: dict[int, float] = {}
        self._last: dict[str, tuple[int, Features]] = {}

    def score(self, name: str, take: FrameSource, index: int) -> FrameScore:
        """Score frame `index` of `take`; `name` tells takes apart. Sequential calls reuse the frame before."""
        self._check_size(take)
        original, wanted = self._reference_at(index)
        reconstruction = self._rgb(take, index)
        found = self._lpips.features(reconstruction[None])
        lpips = float(self._lpips.distance(found, wanted)[0])
        tlp = None
        if index > 0:
            before = self._take_before(name, take, index)
            tlp = abs(float(self._lpips.distance(before, found)[0]) - self._reference_change(index))
        self._last[name] = (index, found)
        return FrameScore(index, psnr_db(original, reconstruction), lpips, tlp)

    def forget(self, name: str) -> None:
        """Drop what is remembered of a take (its pictures changed)."""
        self._last.pop(name, None)

    def _check_size(self, take: FrameSource) -> None:
        ours, theirs = (self._reference.width, self._reference.height), (take.width, take.height)
        if ours != theirs:
            raise SettingError(f"A take of {theirs[0]}x{theirs[1]} cannot be scored against {ours[0]}x{ours[1]}.")

    def _take_before(self, name: str, take: FrameSource, index: int) -> Features:
        number, features = self._last.get(name, (-1, None))
        if number == index - 1 and features is not None:
            return features
        return self._lpips.features(self._rgb(take, index - 1)[None])

    def _reference_at(self, index: int) -> tuple[Rgb, Features]:
        entry = self._features.get(index)
        if entry is not None:
            return entry
        rgb = self._rgb(self._reference, index)
        entry = rgb, self._lpips.features(rgb[None])
        self._features[index] = entry
        while self._features.currsize > self._limit and len(self._features) > 2:
            self._features.popitem()
        return entry

    def _reference_change(self, index: int) -> float:
        if index not in self._change:
            before, now = self._reference_at(index - 1)[1], self._reference_at(index)[1]
            self._change[index] = float(self._lpips.distance(before, now)[0])
        return self._change[index]


def _size_bytes(entry: tuple[Rgb, Features]) -> int:
    rgb, features = entry
    return rgb.nbytes + features.size_bytes


def score_takes(
    reference: FrameSource,
    takes: Mapping[str, FrameSource],
    lpips: Lpips,
    context: WorkContext = QUIET,
    frames: Iterable[int] | None = None,
) -> Iterator[tuple[str, FrameScore]]:
    """Every take's score of every frame (or of `frames`), frame by frame, so that curves fill together."""
    scorer = FrameScorer(reference, lpips)
    wanted = list(range(reference.frame_count)) if frames is None else list(frames)
    for done, index in enumerate(wanted, start=1):
        for name, take in takes.items():
            context.check()
            yield name, scorer.score(name, take, index)
        context.report(done / len(wanted), f"frame {done} of {len(wanted)}")
