"""Several takes of a frame against its reference by metrics of VGG16's features: the reference goes through the trunk
once, and the first group, whose input is the picture whatever the metric, serves all metrics."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from codec.metrics.vgg import GROUPS, VggTrunk


class TapMetric(Protocol):
    """A distance that is a sum over the trunk's groups."""

    def start(self, found: Tensor, wanted: Tensor) -> Tensor:
        """What the distance of two (N, 3, H, W) pictures is before any group has been compared, (N,)."""
        ...

    def pooled(self, x: Tensor) -> Tensor:
        """A group's output as the next group takes it."""
        ...

    def compare(self, number: int, found: Tensor, wanted: Tensor) -> Tensor:
        """What the outputs of group `number` add to the distance, (N,)."""
        ...


@torch.inference_mode()
def tap_distances(
    trunk: VggTrunk, metrics: Mapping[str, TapMetric], takes: Sequence[Tensor], reference: Tensor
) -> dict[str, list[float]]:
    """Each metric's distance of every take, by the metric's key; pictures are (1, 3, H, W) in [-1, 1].

    One take after the other, group by group: three activations of full size are held, and halved ones of each take.
    """
    totals = {key: [metric.start(take, reference) for take in takes] for key, metric in metrics.items()}
    halved: dict[str, list[Tensor]] = {key: [] for key in metrics}
    wanted = trunk.group(0, trunk.normalised(reference))
    for number, take in enumerate(takes):
        found = trunk.group(0, trunk.normalised(take))
        for key, metric in metrics.items():
            totals[key][number] = totals[key][number] + metric.compare(0, found, wanted)
            halved[key].append(metric.pooled(found))
    references = {key: metric.pooled(wanted) for key, metric in metrics.items()}
    del wanted
    for key, metric in metrics.items():
        _go_on(trunk, metric, halved.pop(key), references.pop(key), totals[key])
    return {key: [float(total[0]) for total in several] for key, several in totals.items()}


def _go_on(trunk: VggTrunk, metric: TapMetric, takes: list[Tensor], reference: Tensor, totals: list[Tensor]) -> None:
    """Groups 1 to the last of one metric, added to `totals`; `takes` is used up."""
    last = len(GROUPS) - 1
    for group in range(1, last + 1):
        wanted = trunk.group(group, reference)
        for number, take in enumerate(takes):
            found = trunk.group(group, take)
            totals[number] = totals[number] + metric.compare(group, found, wanted)
            takes[number] = found if group == last else metric.pooled(found)
        reference = wanted if group == last else metric.pooled(wanted)
