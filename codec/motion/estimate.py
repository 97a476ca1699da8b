"""What moved where: DIS optical flow (Kroeger et al. 2016) between the source pictures of a GoP, on a coarse grid.

Only the encoder runs this. A grid value is the median over its cell, so that the motion of the larger of two things
that share a cell wins, rather than a mean that fits neither.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codec import opencv
from codec.motion.layout import NODE, MotionFields, grid_size

Plane = NDArray[np.uint8]
Field = NDArray[np.float32]

_FLOW_PIXELS = 320 * 180
"""Larger pictures are scaled down by a whole factor to about this size: the grid is far coarser than the flow."""
_MOST_REDUCED = 4
_MIN_SIDE = 32
_SAMPLES = 6
"""Flow vectors in each direction that a cell's median is taken over."""


def estimate(pictures: Sequence[Plane], earlier: Plane | None = None, cut: int = 0) -> MotionFields[Field]:
    """Motion of a GoP of luma pictures (H, W) uint8; `earlier` is the last picture of the GoP before, where the entry
    field is wanted; `cut` the number of the first picture of a new scene, if any: fields across it repeat those that
    do not cross it, and cost nothing. Does not depend on the number of threads."""
    height, width = pictures[0].shape
    factor = min(_MOST_REDUCED, max(1, round((width * height / _FLOW_PIXELS) ** 0.5)))
    small = [_reduced(picture, factor) for picture in pictures]

    def field(of: Plane, reference: Plane) -> Field:
        return _on_grid(_flow(of, reference), factor, grid_size(width, height))

    first, last, between = small[0], small[-1], small[1:-1]
    entry = None if earlier is None else field(first, _reduced(earlier, factor))
    if cut:
        near = [field(picture, first if i < cut else last) for i, picture in enumerate(between, 1)]
        fields = np.stack(near) if near else None
        return MotionFields(entry, np.zeros((2, *grid_size(width, height)), np.float32), fields, fields)
    return MotionFields(
        entry,
        field(last, first) if len(small) > 1 else None,
        np.stack([field(picture, first) for picture in between]) if between else None,
        np.stack([field(picture, last) for picture in between]) if between else None,
    )


def _reduced(picture: Plane, factor: int) -> Plane:
    height, width = picture.shape
    if factor > 1:
        size = max(1, width // factor), max(1, height // factor)
        picture = np.asarray(opencv.load().resize(picture, size, interpolation=opencv.load().INTER_AREA), np.uint8)
    pad = ((0, max(0, _MIN_SIDE - picture.shape[0])), (0, max(0, _MIN_SIDE - picture.shape[1])))
    return np.pad(picture, pad, mode="edge") if pad[0][1] or pad[1][1] else picture


def _flow(of: Plane, reference: Plane) -> Field:
    cv2 = opencv.load()
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return np.asarray(dis.calc(of, reference, np.zeros((*of.shape, 2), np.float32)), np.float32)


def _on_grid(flow: Field, factor: int, size: tuple[int, int]) -> Field:
    """(2, gh, gw) in full-size pixels from a flow (h, w, 2) in reduced ones."""
    rows = _sample_places(size[0], factor, flow.shape[0])
    columns = _sample_places(size[1], factor, flow.shape[1])
    sampled = flow[rows][:, columns].reshape(size[0], _SAMPLES, size[1], _SAMPLES, 2)
    return np.median(sampled, axis=(1, 3)).transpose(2, 0, 1).astype(np.float32) * factor


def _sample_places(cells: int, factor: int, limit: int) -> NDArray[np.intp]:
    cell = NODE / factor
    places = (np.arange(cells)[:, None] + (np.arange(_SAMPLES)[None] + 0.5) / _SAMPLES) * cell
    return np.minimum(places.astype(np.intp).ravel(), limit - 1)
