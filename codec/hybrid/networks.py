"""The float ends of the codec: pictures to coded latents, and latents to pictures. Anchors one by one, each from the
one before; the pictures between them for a few GoPs at once where a device gains from it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.gop import Gop
from codec.hybrid.corrections import CodedTrees, decode_trees, encode_trees, new_contexts
from codec.hybrid.latents import CodedLatent, Memory, Past, level_tensor, no_memory, quantise
from codec.hybrid.model.config import FRAMES_PER_LATENT, TRANSFORM_STRIDE, LatentKind, lambda_of
from codec.hybrid.model.heard import heard, heard_parts, missed_parts
from codec.hybrid.model.prediction import between
from codec.hybrid.model.scales import LEVEL_FRACTION
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion.layout import MotionFields, MotionVectors, fields_of
from codec.hybrid.motion.warp import warp
from codec.hybrid.pictures import Rgb, to_tensor
from codec.hybrid.shape import GopShape
from codec.hybrid.texture.coding import TextureWriter
from codec.hybrid.texture.layout import Texture
from codec.hybrid.texture.measure import Wanted
from codec.hybrid.texture.synthesis import restored
from codec.hybrid.trees.coding import Contexts, Planar
from codec.media.picture import Colour

_BATCH_PIXELS = 4 * 1920 * 1080
"""Pixels of a frame times GoPs that go through the networks together on an accelerator."""

Motion = MotionFields[NDArray[np.float32]]
Part = TypeVar("Part")
RestoreLatent = Callable[[int, LatentKind, Memory], Memory]


def groups(gops: list[Gop], device: torch.device, width: int, height: int) -> Iterator[list[Gop]]:
    """Consecutive GoPs of one length that a device takes at once: one on a CPU, more on an accelerator."""
    most = 1 if device.type == "cpu" else max(1, min(8, _BATCH_PIXELS // (width * height)))
    for length, equal in groupby(gops, key=lambda part: part.length):
        run = list(equal)
        size = most if length > 1 else 1
        for i in range(0, len(run), size):
            yield run[i : i + size]


def runs(parts: Iterable[Part], length: Callable[[Part], int]) -> Iterator[list[Part]]:
    """Consecutive parts of one length in pictures: their tensors have one shape."""
    for _, equal in groupby(parts, key=length):
        yield list(equal)


def decoded_motion(vectors: MotionVectors, shape: GopShape) -> Motion:
    """The fields a GoP's vectors stand for."""
    return fields_of(vectors, shape.length, shape.entry)


@dataclass(frozen=True, slots=True)
class AnchorState:
    """A decoded anchor (1, 3, H, W), H and W padded to multiples of 16, its texture put right by `texture`, and what
    the next one remembers of its latent."""

    picture: Tensor
    memory: Memory
    texture: Texture
    contexts: Contexts | None
    """What the trees of the next one begin with; None behind a key picture, whose trees are of another kind."""

    @property
    def past(self) -> Past:
        return Past(self.memory.magnitude, self.texture)


class _Anchors:
    """The chain of anchors through one GoP: what each is predicted from and remembers."""

    def __init__(
        self, model: CodecModel, motion: Motion, shape: GopShape, before: AnchorState | None, keys: Sequence[Rgb]
    ) -> None:
        self._model, self._motion, self._shape, self._keys = model, motion, shape, list(keys)
        self.state = before
        self.pictures: list[Tensor] = [] if before is None or shape.entry else [before.picture.to(model.device)]
        self._contexts: Contexts | None = None

    def steps(self) -> Iterator[tuple[LatentKind, Tensor, Memory]]:
        """Kind, prediction (1, 1, 3, H, W) and memory of each anchor; `done` has to follow every one. Of a key picture,
        which has no latent, what is known is all there is."""
        fields = [self._motion.entry] if self._shape.entry else []
        if self._shape.length > 1:
            fields.append(self._motion.anchor)
        kinds = self._shape.pictures
        for kind, field in zip(kinds, [None, *fields][-len(kinds) :], strict=True):
            if kind is LatentKind.KEY:
                picture = to_tensor(self._keys.pop(0)[None], self._model.device)[None]
                yield kind, picture, no_memory(self._model, self._shape.y_size)
                continue
            assert field is not None and self.state is not None
            device = self._model.device
            moved = warp(self.state.picture.to(device), torch.from_numpy(field)[None, None].to(device))
            yield kind, moved, self.state.memory

    def contexts(self) -> Contexts:
        """What the trees of the anchor at hand begin with; to be left as they end."""
        before = self.state.contexts if self.state is not None and self._shape.contexts_go_on else None
        self._contexts = new_contexts(self._model) if before is None else before.copy()
        return self._contexts

    def done(self, picture: Tensor, memory: Memory, texture: Texture) -> None:
        """Goes on from the picture as D made it."""
        self.state = AnchorState(restored(picture, texture), memory, texture, self._contexts)
        self._contexts = None
        self.pictures.append(self.state.picture)


@dataclass(frozen=True, slots=True)
class CodedAnchors:
    """A GoP's anchors: their latents, trees, textures and the bytes of these, the decoded first and last picture (one
    for a GoP of one), and the state the next GoP may be chained to."""

    latents: list[CodedLatent]
    trees: list[CodedTrees]
    textures: list[Texture]
    texture_bytes: bytes
    pictures: list[Tensor]
    state: AnchorState


@torch.inference_mode()
def encode_anchors(
    model: CodecModel, rgb: Rgb, sources: Sequence[Planar], wanted: Sequence[Wanted], motion: Motion,
    shape: GopShape, level_code: int, before: AnchorState | None, keys: Sequence[Rgb], colour: Colour,
) -> CodedAnchors:  # fmt: skip
    """Code a GoP's anchors, from its pictures (n, H, W, 3), the anchors among them as `sources`, and what texture those
    of `anchor_numbers` have; `keys` are its key pictures as they decode, `colour` the stream's."""
    level = level_tensor(level_code, model.device)
    anchors = _Anchors(model, motion, shape, before, keys)
    writer = TextureWriter(shape.y_size, len(shape.pictures), level_code / LEVEL_FRACTION)
    coded: list[CodedLatent] = []
    textures: list[Texture] = []
    trees: list[CodedTrees] = []
    for number, texture, (kind, guessed, memory) in zip(anchor_numbers(shape), wanted, anchors.steps(), strict=True):
        made = guessed[:, 0]
        if kind is LatentKind.ANCHOR:
            picture = to_tensor(rgb[number : number + 1], model.device)[None]
            source, contexts = sources[len(trees)], anchors.contexts()
            corrected, known = encode_trees(source, guessed, contexts, shape, level_code, colour)
            trees.append(corrected)
            y, asked = _analysed(model, kind, picture, known, level)
            coded.append(quantise(model, y[:, 0], asked, level_code, kind, memory))
            made = _anchor_picture(model, coded[-1].memory.y_hat, known, level)
        earlier = None if kind is LatentKind.KEY or anchors.state is None else anchors.state.texture
        textures.append(writer.choose(kind, texture.lacking(made), texture.even, earlier))
        anchors.done(made, coded[-1].memory if kind is LatentKind.ANCHOR else memory, textures[-1])
    assert anchors.state is not None
    return CodedAnchors(coded, trees, textures, writer.finish(), anchors.pictures, anchors.state)


def anchor_numbers(shape: GopShape) -> list[int]:
    """Which pictures of a GoP are coded as anchors, in coded order."""
    first = [] if shape.chained and not shape.entry else [0]
    return [*first, shape.length - 1] if shape.length > 1 else first


@torch.inference_mode()
def wanted_textures(rgb: Rgb, shape: GopShape, device: torch.device) -> list[Wanted]:
    """What texture the pictures have that are coded as anchors."""
    return [Wanted(to_tensor(rgb[number : number + 1], device)) for number in anchor_numbers(shape)]


@dataclass(frozen=True, slots=True)
class DecodedAnchors:
    """A GoP's decoded anchors, as of CodedAnchors, and what those that have trees were predicted to be."""

    pictures: list[Tensor]
    state: AnchorState
    guesses: list[Planar]


@torch.inference_mode()
def decode_anchors(
    model: CodecModel, restore: RestoreLatent, trees: Sequence[bytes], textures: Sequence[Texture], motion: Motion,
    shape: GopShape, level_code: int, before: AnchorState | None, keys: Sequence[Rgb], colour: Colour,
) -> DecodedAnchors:  # fmt: skip
    """The decoded anchors of a GoP; `restore(i, kind, memory)` gives what latent frame i stands for, `keys` are the
    decoded key pictures, `colour` the stream's. Raises ValueError when `trees` are damaged."""
    level = level_tensor(level_code, model.device)
    anchors = _Anchors(model, motion, shape, before, keys)
    guesses: list[Planar] = []
    number = 0
    for texture, (kind, guessed, memory) in zip(textures, anchors.steps(), strict=True):
        made, left = guessed[:, 0], memory
        if kind is LatentKind.ANCHOR:
            guess, known = decode_trees(trees[number], guessed, anchors.contexts(), shape, level_code, colour)
            guesses.append(guess)
            left = restore(number, kind, memory)
            made = _anchor_picture(model, left.y_hat, known, level)
            number += 1
        anchors.done(made, left, texture)
    assert anchors.state is not None
    return DecodedAnchors(anchors.pictures, anchors.state, guesses)


def _anchor_picture(model: CodecModel, y_hat: Tensor, known: Tensor, level: Tensor) -> Tensor:
    return _painted(model, LatentKind.ANCHOR, y_hat[:, None], known, level, heard(y_hat)[:, None])[:, 0]


def _analysed(
    model: CodecModel, kind: LatentKind, pictures: Tensor, known: Tensor, level: Tensor
) -> tuple[Tensor, Tensor]:
    """Gained y (n, t, Cy, h, w) that E makes of pictures (n, m, 3, H, W) and what is known of them (n, m, C, H, W), and
    where it was asked (n, 1, h, w)."""
    branch = model.anchor if kind is LatentKind.ANCHOR else model.group
    gain, (height, width) = _gain(model, "encoder", kind, level), pictures.shape[-2:]
    units = -(-pictures.shape[1] // (1 if kind is LatentKind.ANCHOR else FRAMES_PER_LATENT))
    size = height // TRANSFORM_STRIDE, width // TRANSFORM_STRIDE
    y = torch.zeros(len(pictures), units, model.config.y_channels, *size, device=pictures.device)
    asked = torch.zeros(len(pictures), 1, *size, dtype=torch.bool, device=pictures.device)
    for i in range(len(pictures)):
        for part in missed_parts(pictures[i], known[i], kind, lambda_of(float(level))):
            here = (slice(i, i + 1), slice(None), slice(None), *part.pixels)
            latent = branch.encoder(pictures[here].contiguous(), known[here].contiguous(), gain)
            y[(slice(i, i + 1), slice(None), slice(None), *part.samples)] = branch.y_of(latent).float()
            asked[(i, 0, *part.samples)] = True
    return y * model.gains.y[kind](level)[:, None, :, None, None], asked


def _painted(model: CodecModel, kind: LatentKind, y_hat: Tensor, known: Tensor, level: Tensor, share: Tensor) -> Tensor:
    """The pictures (n, m, 3, H, W) that D makes of gained y_hat (n, t, Cy, h, w) and what is known (n, m, C, H, W), as
    much of it as `share` (n, m, H, W) says."""
    branch = model.anchor if kind is LatentKind.ANCHOR else model.group
    y = (y_hat / model.gains.y[kind](level)[:, None, :, None, None]).to(model.number_type)
    gain, made = _gain(model, "decoder", kind, level), known[:, :, :3].clone()
    for i in range(len(made)):
        for part in heard_parts(share[i]):
            rows, columns = part.pixels
            of_y = (slice(i, i + 1), slice(None), slice(None), *part.samples)
            here = (slice(i, i + 1), slice(None), slice(None), rows, columns)
            latent = branch.latent_of(y[of_y].contiguous())
            made[here] = branch.decoder(latent, known[here].contiguous(), gain, share[i : i + 1, :, rows, columns])
    return made


@torch.inference_mode()
def known_between(model: CodecModel, first: Tensor, last: Tensor, motions: list[Motion]) -> Tensor:
    """What is known of the pictures between anchors (n, 3, H, W) of n GoPs: (n, m, 6, H, W)."""
    before, after, late = (
        torch.from_numpy(np.stack([getattr(motion, name) for motion in motions])).to(model.device)
        for name in ("before", "after", "late")
    )
    return between(first.to(model.device), last.to(model.device), MotionFields(None, None, before, after, late))


@torch.inference_mode()
def encode_between(
    model: CodecModel, rgb: Sequence[Rgb], known: Tensor, shape: GopShape, level_code: int, memory: Memory
) -> list[CodedLatent]:
    """Latents of the pictures between the anchors of n GoPs of one shape, (m, H, W, 3) each; `memory` of their last
    anchors."""
    level = level_tensor(level_code, model.device)
    kinds = shape.kinds[shape.anchors :]
    pictures = torch.stack([to_tensor(each, model.device) for each in rgb])
    y, asked = _analysed(model, kinds[0], pictures, known, level)
    coded: list[CodedLatent] = []
    for i, kind in enumerate(kinds):
        coded.append(quantise(model, y[:, i], asked, level_code, kind, memory))
        memory = coded[-1].memory
    return coded


@torch.inference_mode()
def decode_between(model: CodecModel, y_hat: list[Tensor], known: Tensor, level_code: int) -> Tensor:
    """The pictures (n, m, 3, H, W) between the anchors of n GoPs, from each latent's gained y_hat (n, Cy, h, w)."""
    level = level_tensor(level_code, model.device)
    gained = [each.to(model.device) for each in y_hat]
    share = torch.stack([heard(each) for each in gained], dim=1).repeat_interleave(FRAMES_PER_LATENT, dim=1)
    share = share[:, : known.shape[1]]
    return _painted(model, LatentKind.GROUP, torch.stack(gained, dim=1), known, level, share)


def in_order(anchors: list[Tensor], between: Tensor | None) -> Tensor:
    """A GoP's pictures (n, 3, H, W) from its anchors and the pictures (m, 3, H, W) between them."""
    parts = anchors if between is None else [anchors[0], between, *anchors[1:]]
    # They may lie apart when an accelerator's memory was full in between.
    return torch.cat([part.to(parts[-1].device) for part in parts])


def _gain(model: CodecModel, side: str, kind: LatentKind, level: Tensor) -> Tensor:
    return getattr(model.gains, side)[kind](level).to(model.number_type)
