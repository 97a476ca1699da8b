"""Decoded GoPs to a clip's frames: the shared frame of two GoPs is blended, cut or absent (`codec.gop`)."""

from collections.abc import Iterable, Iterator

import numpy as np

from codec.api import DecodedGop
from codec.gop import DEFAULT_THETA, Structure
from codec.media.picture import Picture, Plane


def blend(earlier: Picture, later: Picture, theta: float) -> Picture:
    """θ·earlier + (1-θ)·later on the planes, rounded half up."""
    y, u, v = (_mix(a, b, theta) for a, b in ((earlier.y, later.y), (earlier.u, later.u), (earlier.v, later.v)))
    return Picture(y, u, v, earlier.colour)


def _mix(a: Plane, b: Plane, theta: float) -> Plane:
    return (a * np.float32(theta) + b * np.float32(1 - theta) + np.float32(0.5)).astype(np.uint8)


def frames(gops: Iterable[DecodedGop], structure: Structure, theta: float = DEFAULT_THETA) -> Iterator[Picture]:
    """Frames in order of consecutive GoPs. θ = 1 is the hard cut to the earlier GoP's picture."""
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
