"""The parts of a segment's payload to bytes and back.

    motion, texture, key pictures, trees of anchors one by one, trees of the pictures between

The length stands before each but the last. What trees make depends on the pictures they correct, so they stay bytes
here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codec.container.varint import Reader, write_varint
from codec.hybrid.kinds import Kind
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionVectors
from codec.hybrid.shape import GopShape
from codec.hybrid.tables import Tables
from codec.hybrid.texture import coding as texture_coding
from codec.hybrid.texture.layout import Texture
from codec.hybrid.trees import coding as tree_coding
from codec.hybrid.trees.coding import Planar


@dataclass(frozen=True, slots=True)
class Symbols:
    """The integers of a segment: vectors, the textures of its coded pictures, its key pictures; and its trees as
    bytes."""

    motion: MotionVectors
    textures: list[Texture]
    keys: list[Planar]
    trees: list[bytes]

    def same_as(self, other: "Symbols") -> bool:
        """True when all integers agree."""
        textures = zip(self.textures, other.textures, strict=True)
        keys = zip(self.keys, other.keys, strict=True)
        same = self.motion.same_as(other.motion) and all(a.same_as(b) for a, b in textures)
        return same and all(a.same_as(b) for a, b in keys) and self.trees == other.trees


def joined(parts: Sequence[bytes]) -> bytes:
    """The bytes of a segment of so many parts, in their order."""
    *ahead, last = parts
    return b"".join(write_varint(len(part)) + part for part in ahead) + last


def _parted(payload: bytes, count: int) -> list[bytes]:
    """The parts that were joined so."""
    reader = Reader(payload)
    ahead = [reader.take(reader.varint()) for _ in range(count - 1)]
    return [*ahead, payload[reader.position :]]


def decode(
    tables: Tables, payload: bytes, level: float, shape: GopShape, before: Texture | None, moved: NDArray[np.int32]
) -> Symbols:
    """Symbols of a segment of `shape`, chained to one whose last picture has the texture `before` or not; `moved`,
    contexts of motion, are left as they end. Raises ValueError when the bytes are damaged."""
    keys = shape.coded.count(Kind.KEY)
    vectors, texture, *rest = _parted(payload, 2 + keys + shape.trees)
    motion = coding.decode(vectors, shape.motion, level, moved)
    textures = texture_coding.decode(texture, shape.grid, shape.coded, before)
    pictures = []
    for data in rest[:keys]:
        contexts = tree_coding.new_contexts(tables.starts[Kind.KEY])
        pictures.append(tree_coding.decode(data, shape.width, shape.height, level, contexts))
    return Symbols(motion, textures, pictures, rest[keys:])
