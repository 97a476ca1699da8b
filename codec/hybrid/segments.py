"""Reference pictures inside a GoP: which there are, and the segments that they cut it into.

A segment goes from one reference picture to the next and is coded as a GoP that is chained to the one before it: the
picture that both have is not coded again. So what moves fast is predicted from one to four pictures away, while GoPs
lie on the clip as ever: seams, seeking and losses do not depend on what is shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from codec.container.varint import Reader, write_varint
from codec.gop import GOP_LENGTH
from codec.hybrid.shape import GopShape

_FINE = 1 << (GOP_LENGTH - 2)
"""Of the mask of reference pictures: its last bit, which no picture inside a GoP has."""


def shapes_of(whole: GopShape, inner: Sequence[int], fine: bool = False) -> list[GopShape]:
    """The segments of a GoP with reference pictures `inner`, rising, besides its first and last; `fine`, of all, as of
    GopShape. Raises ValueError for numbers outside the GoP, where it has a cut, since pictures of two scenes take no
    more references, and for `fine` without any."""
    if fine and not inner:
        raise ValueError("finer pictures between where no reference picture is")
    if not inner:
        return [whole]
    if whole.cut or inner[0] < 1 or inner[-1] >= whole.length - 1:
        raise ValueError("a reference picture where there can be none")
    ends = [0, *inner, whole.length - 1]
    shapes = []
    for start, stop in pairwise(ends):
        first = start == 0
        length, entry, chained = stop - start + 1, whole.entry and first, whole.chained or not first
        shapes.append(replace(whole, length=length, entry=entry, chained=chained, fine=fine))
    return shapes


def joined(inner: Sequence[int], parts: Sequence[bytes], fine: bool = False) -> bytes:
    """The payload of a GoP of segments that are coded as `parts`."""
    mask = sum(1 << (number - 1) for number in inner) | fine * _FINE
    *ahead, last = parts
    return bytes([mask]) + b"".join(write_varint(len(part)) + part for part in ahead) + last


def parted(payload: bytes, whole: GopShape) -> list[tuple[GopShape, bytes]]:
    """The segments of a GoP and their bytes. Raises ValueError when the payload is damaged."""
    reader = Reader(payload)
    mask = reader.take(1)[0]
    inner = [number for number in range(1, GOP_LENGTH - 1) if mask >> (number - 1) & 1]
    shapes = shapes_of(whole, inner, bool(mask & _FINE))
    parts = [reader.take(reader.varint()) for _ in shapes[1:]]
    return list(zip(shapes, [*parts, payload[reader.position :]], strict=True))
