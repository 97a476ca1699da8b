"""The pictures of a segment that are coded one by one: key pictures, and anchors, each predicted from the one
before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from codec.hybrid.corrections import CodedTrees, decode_trees, encode_trees, new_contexts
from codec.hybrid.kinds import Kind
from codec.hybrid.motion.layout import MotionFields
from codec.hybrid.motion.warp import warp
from codec.hybrid.pictures import Rgb, to_tensor
from codec.hybrid.shape import GopShape
from codec.hybrid.tables import Tables
from codec.hybrid.texture.coding import TextureWriter
from codec.hybrid.texture.layout import Texture
from codec.hybrid.texture.measure import Wanted
from codec.hybrid.texture.synthesis import restored
from codec.hybrid.trees.coding import Contexts, Planar
from codec.media.picture import Colour


@dataclass(frozen=True, slots=True)
class AnchorState:
    """What the next anchor is predicted from: a decoded picture (1, 3, H, W), H and W padded to whole cells, its
    texture put right by `texture`."""

    picture: Tensor
    texture: Texture
    contexts: Contexts | None
    """What the trees of the next one begin with; None behind a key picture, whose trees are of another kind."""


class _Chain:
    """The chain of anchors through a segment: what each is predicted from."""

    def __init__(
        self, tables: Tables, motion: MotionFields, shape: GopShape, before: AnchorState | None, keys: Sequence[Rgb]
    ) -> None:
        self._tables, self._motion, self._shape, self._keys = tables, motion, shape, list(keys)
        self.state = before
        self.pictures: list[Tensor] = [] if before is None or shape.entry else [before.picture]
        self._contexts: Contexts | None = None

    def steps(self) -> Iterator[tuple[Kind, Tensor]]:
        """Kind and prediction (1, 3, H, W) of each picture; `done` has to follow every one. Of a key picture, what its
        trees say is all there is."""
        fields = [self._motion.entry] if self._shape.entry else []
        if self._shape.length > 1:
            fields.append(self._motion.anchor)
        kinds = self._shape.coded
        for kind, field in zip(kinds, [None, *fields][-len(kinds) :], strict=True):
            if kind is Kind.KEY:
                yield kind, to_tensor(self._keys.pop(0))
                continue
            assert field is not None and self.state is not None
            yield kind, warp(self.state.picture, field[None])

    def contexts(self) -> Contexts:
        """What the trees of the anchor at hand begin with; to be left as they end."""
        before = None if self.state is None else self.state.contexts
        self._contexts = new_contexts(self._tables) if before is None else before.copy()
        return self._contexts

    def done(self, picture: Tensor, texture: Texture) -> None:
        """Goes on from the corrected picture."""
        self.state = AnchorState(restored(picture, texture), texture, self._contexts)
        self._contexts = None
        self.pictures.append(self.state.picture)


@dataclass(frozen=True, slots=True)
class CodedAnchors:
    """A segment's anchors: their trees, textures and the bytes of these, the decoded first and last picture (one for a
    GoP of one), and the state the next segment may be chained to."""

    trees: list[CodedTrees]
    textures: list[Texture]
    texture_bytes: bytes
    pictures: list[Tensor]
    state: AnchorState


def encode_anchors(
    tables: Tables, sources: Sequence[Planar], wanted: Sequence[Wanted], motion: MotionFields,
    shape: GopShape, level: float, before: AnchorState | None, keys: Sequence[Rgb], colour: Colour,
) -> CodedAnchors:  # fmt: skip
    """Code a segment's anchors, `sources`, and what texture its pictures have that are coded one by one; `keys` are its
    key pictures as they decode, `colour` the stream's."""
    chain = _Chain(tables, motion, shape, before, keys)
    writer = TextureWriter(shape.grid, len(shape.coded), level)
    textures: list[Texture] = []
    trees: list[CodedTrees] = []
    for texture, (kind, guessed) in zip(wanted, chain.steps(), strict=True):
        made, earlier = guessed, None
        if kind is Kind.ANCHOR:
            coded, made = encode_trees(sources[len(trees)], guessed, chain.contexts(), shape, level, colour)
            trees.append(coded)
            earlier = chain.state and chain.state.texture
        textures.append(writer.choose(kind, texture.lacking(made), texture.even, earlier))
        chain.done(made, textures[-1])
    assert chain.state is not None
    return CodedAnchors(trees, textures, writer.finish(), chain.pictures, chain.state)


@dataclass(frozen=True, slots=True)
class DecodedAnchors:
    """A segment's decoded anchors, as of CodedAnchors, and what those that have trees were predicted to be."""

    pictures: list[Tensor]
    state: AnchorState
    guesses: list[Planar]


def decode_anchors(
    tables: Tables, trees: Sequence[bytes], textures: Sequence[Texture], motion: MotionFields,
    shape: GopShape, level: float, before: AnchorState | None, keys: Sequence[Rgb], colour: Colour,
) -> DecodedAnchors:  # fmt: skip
    """The decoded anchors of a segment; `keys` are its decoded key pictures, `colour` the stream's. Raises ValueError
    when `trees` are damaged."""
    chain = _Chain(tables, motion, shape, before, keys)
    guesses: list[Planar] = []
    for texture, (kind, made) in zip(textures, chain.steps(), strict=True):
        corrected = made
        if kind is Kind.ANCHOR:
            guess, corrected = decode_trees(trees[len(guesses)], made, chain.contexts(), shape, level, colour)
            guesses.append(guess)
        chain.done(corrected, texture)
    assert chain.state is not None
    return DecodedAnchors(chain.pictures, chain.state, guesses)


def in_order(anchors: list[Tensor], between: Tensor | None) -> Tensor:
    """A segment's pictures (n, 3, H, W) from its anchors and the pictures (m, 3, H, W) between them."""
    return torch.cat(anchors if between is None else [anchors[0], between, *anchors[1:]])
