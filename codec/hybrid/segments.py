"""Reference pictures inside a GoP: which there are, and the segments that they cut it into.

A segment goes from one reference picture to the next and is coded as a GoP that is chained to the one before it: the
picture that both have is not coded again. So what moves fast is predicted from two to five pictures away, while GoPs
lie on the clip as ever: seams, seeking and losses do not depend on what is shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from codec.container.varint import Reader, write_varint
from codec.gop import GOP_LENGTH
from codec.hybrid.shape import GopShape


def shapes_of(whole: GopShape, inner: Sequence[int]) -> list[GopShape]:
    """The segments of a GoP with reference pictures `inner`, rising, besides its first and last. Raises ValueError for
    numbers outside the GoP, and where it has a cut: pictures of two scenes take no more references."""
    if not inner:
        return [whole]
    if whole.cut or inner[0] < 1 or inner[-1] >= whole.length - 1:
        raise ValueError("a reference picture where there can be none")
    ends = [0, *inner, whole.length - 1]
    shapes = []
    for start, stop in pairwise(ends):
        first = start == 0
        length, entry, chained = stop - start + 1, whole.entry and first, whole.chained or not first
        shapes.append(replace(whole, length=length, entry=entry, chained=chained))
    return shapes


def joined(inner: Sequence[int], parts: Sequence[bytes]) -> bytes:
    """The payload of a GoP of segments that are coded as `parts`."""
    mask = sum(1 << (number - 1) for number in inner)
    *ahead, last = parts
    return bytes([mask]) + b"".join(write_varint(len(part)) + part for part in ahead) + last


def parted(payload: bytes, whole: GopShape) -> list[tuple[GopShape, bytes]]:
    """The segments of a GoP and their bytes. Raises ValueError when the payload is damaged."""
    reader = Reader(payload)
    mask = reader.take(1)[0]
    inner = [number for number in range(1, GOP_LENGTH) if mask >> (number - 1) & 1]
    shapes = shapes_of(whole, inner)
    parts = [reader.take(reader.varint()) for _ in shapes[1:]]
    return list(zip(shapes, [*parts, payload[reader.position :]], strict=True))
