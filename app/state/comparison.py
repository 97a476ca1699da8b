"""Takes beside each other in one metric, so that none looks better for the frames it was measured at."""

from collections.abc import Sequence

import numpy as np

from app.state.curves import CURVES, Series, Statistics, statistics


def compare(series: Sequence[Series], key: str) -> dict[int, Statistics]:
    """Statistics by take id. Those of takes measured whole are over the frames that all of these have; a take that is
    not (`Statistics.finished` is False) has its own so far. Takes without a common or a measured frame are left out."""
    alone = {entry.take: found for entry in series if (found := entry.statistics(key)) is not None}
    whole = [entry for entry in series if entry.take in alone and alone[entry.take].finished]
    found = {number: each for number, each in alone.items() if not each.finished}
    if whole:
        shortest = min(len(entry.values[key]) for entry in whole)
        common = np.logical_and.reduce([np.isfinite(entry.values[key][:shortest]) for entry in whole])
        for entry in whole:
            values = np.where(common, entry.values[key][:shortest], np.nan)
            shared = statistics(values, CURVES[key])
            if shared is not None:
                found[entry.take] = shared
    return found


def over_the_same(series: Sequence[Series], of: Series, key: str) -> dict[int, float]:
    """Means of other takes, by id, over the frames at which `of` is measured; of those that have all of them."""
    wanted = np.flatnonzero(np.isfinite(of.values[key]))
    found = {}
    for entry in series:
        values = entry.values.get(key)
        if entry is of or values is None or len(wanted) == 0 or wanted[-1] >= len(values):
            continue
        if np.isfinite(values[wanted]).all():
            found[entry.take] = float(values[wanted].mean())
    return found


def unfinished(series: Sequence[Series], keys: Sequence[str]) -> list[str]:
    """What is not measured whole, a line a take: "Hybrid λ 0.16: LPIPS 8/53, VMAF 0/53"."""
    lines = []
    for entry in series:
        open_keys = [
            (key, found) for key in keys if (found := entry.statistics(key)) is not None and not found.finished
        ]
        parts = [f"{CURVES[key].title} {found.count}/{found.due}" for key, found in open_keys]
        if parts:
            lines.append(f"{entry.name}: {', '.join(parts)}")
    return lines
