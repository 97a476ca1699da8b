"""Decoded GoPs to a clip's frames: the shared frame of two GoPs is blended, cut or absent (`codec.gop`).

Blending wide goes on from the paper's, which fuses the shared frame alone. Two GoPs' pictures of one frame differ,
also where nothing moves, so that still texture changes its look within one or two frames. Here the change is spread
over both GoPs: frame j of a GoP of L + 1 becomes

    P + θ·(1 - j/L)·m(P, F)·(E - F) + (1 - θ)·(j/L)·m(P, G)·(H - G)

with F and G the GoP's own pictures of the frames that it shares with its neighbours, E and H theirs, and m from 0 to 1
by how alike P and the own picture are about a pixel: what has moved since stays as it is. At the shared frames both
GoPs' terms give the paper's θ·E + (1 - θ)·F.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from codec import opencv
from codec.api import DecodedGop
from codec.gop import DEFAULT_THETA, Reach, Slot, Structure
from codec.media.picture import Picture, Plane

_ABOUT = 9
"""Side in pixels of the square whose mean change of luma tells what has moved."""
_MOVED = 8.0
"""Codes of luma: m is exp(-(mean change / this)²). This and the square were chosen on `val` clips by LPIPS, PSNR and
flicker where nothing moves; half and twice as much do nearly as well."""
_STILL = np.exp(-((np.arange(256) / _MOVED) ** 2)).astype(np.float32)


def blend(earlier: Picture, later: Picture, theta: float) -> Picture:
    """θ·earlier + (1-θ)·later on the planes, rounded half up."""
    y, u, v = (_mix(a, b, theta) for a, b in ((earlier.y, later.y), (earlier.u, later.u), (earlier.v, later.v)))
    return Picture(y, u, v, earlier.colour)


def _mix(a: Plane, b: Plane, theta: float) -> Plane:
    return (a * np.float32(theta) + b * np.float32(1 - theta) + np.float32(0.5)).astype(np.uint8)


def spread(reach: Reach, picture_of: Callable[[Slot], Picture | None], theta: float) -> Picture:
    """A frame of one GoP blended wide, from decoded pictures by slot. A neighbour of which there is None changes
    nothing; the frame's own picture must be there."""
    cv2, own = opencv.load(), picture_of(reach.own)
    assert own is not None
    sums: list[np.ndarray] | None = None
    for ends, weight in ((reach.earlier, theta * (1 - reach.share)), (reach.later, (1 - theta) * reach.share)):
        here, there = (None, None) if ends is None or not weight else map(picture_of, ends)
        # A chained GoP begins with the very picture that the one before ended with.
        if here is None or there is None or _equal(here, there):
            continue
        still = cv2.LUT(cv2.blur(cv2.absdiff(own.y, here.y), (_ABOUT, _ABOUT)), _STILL)
        coarse = cv2.resize(still, own.u.shape[::-1], interpolation=cv2.INTER_AREA)
        terms = [
            cv2.multiply(cv2.subtract(b, a, dtype=cv2.CV_32F), mask, scale=weight)
            for a, b, mask in ((here.y, there.y, still), (here.u, there.u, coarse), (here.v, there.v, coarse))
        ]
        sums = terms if sums is None else [a + b for a, b in zip(sums, terms, strict=True)]
    if sums is None:
        return own
    y, u, v = (_moved(plane, by) for plane, by in zip((own.y, own.u, own.v), sums, strict=True))
    return Picture(y, u, v, own.colour)


def _equal(a: Picture, b: Picture) -> bool:
    return np.array_equal(a.y, b.y) and np.array_equal(a.u, b.u) and np.array_equal(a.v, b.v)


def _moved(plane: Plane, by: np.ndarray) -> Plane:
    return np.clip(np.floor(plane + by + np.float32(0.5)), 0, 255).astype(np.uint8)


def frames(
    gops: Iterable[DecodedGop], structure: Structure, theta: float = DEFAULT_THETA, *, wide: bool = False
) -> Iterator[Picture]:
    """Frames in order of consecutive GoPs. θ = 1 is the hard cut to the earlier GoP's picture. `wide`: the shared
    frame's neighbours are blended too; every GoP then waits for the next one."""
    if wide and structure is Structure.OVERLAP:
        yield from _wide_frames(gops, theta)
        return
    held: Picture | None = None
    for decoded in gops:
        pictures = decoded.pictures
        if held is not None:
            yield held if theta == 1.0 else blend(held, pictures[0], theta)
            pictures = pictures[1:]
        if structure is Structure.OVERLAP:
            # Only a clip of one frame has a GoP of one; every later GoP brings at least one frame of its own.
            *pictures, held = pictures
        yield from pictures
    if held is not None:
        yield held


def _wide_frames(gops: Iterable[DecodedGop], theta: float) -> Iterator[Picture]:
    earlier: list[Picture] | None = None
    here: list[Picture] | None = None
    for decoded in gops:
        if here is not None:
            yield from _between(earlier, here, decoded.pictures, theta)
            earlier = here
        here = decoded.pictures
    if here is not None:
        yield from _between(earlier, here, None, theta)


def _between(
    earlier: list[Picture] | None, here: list[Picture], later: list[Picture] | None, theta: float
) -> Iterator[Picture]:
    """Frames of a GoP but the one that the next shows."""
    kept = {k: found for k, found in enumerate((earlier, here, later)) if found is not None}
    last = len(here) - 1
    for offset in range(len(here) - (later is not None)):
        if not offset and earlier is not None:
            yield blend(earlier[-1], here[0], theta)
            continue
        before = (Slot(1, 0), Slot(0, len(earlier) - 1)) if earlier is not None else None
        after = (Slot(1, last), Slot(2, 0)) if later is not None else None
        part = Reach(Slot(1, offset), before, after, offset / last if last else 0.0)
        yield spread(part, lambda slot: kept[slot.gop][slot.offset], theta)
