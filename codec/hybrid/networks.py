"""The float ends of the codec: pictures to coded latents, and latents to pictures. Anchors one by one, each from the
one before; the pictures between them for a few GoPs at once where a device gains from it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.gop import Gop
from codec.hybrid.latents import CodedLatent, Memory, Past, level_tensor, no_memory, quantise
from codec.hybrid.model.config import FRAMES_PER_LATENT, TRANSFORM_STRIDE, LatentKind, lambda_of
from codec.hybrid.model.heard import heard, heard_parts, missed_parts
from codec.hybrid.model.prediction import between
from codec.hybrid.model.scales import LEVEL_FRACTION
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion.layout import MotionFields, MotionVectors, fields_of
from codec.hybrid.motion.warp import warp
from codec.hybrid.shape import GopShape
from codec.hybrid.texture.coding import TextureWriter
from codec.hybrid.texture.layout import Texture
from codec.hybrid.texture.measure import Wanted
from codec.hybrid.texture.synthesis import restored
from codec.hybrid.trees import coding as tree_coding
from codec.hybrid.trees.coding import Planar
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, Picture

_BATCH_PIXELS = 4 * 1920 * 1080
"""Pixels of a frame times GoPs that go through the networks together on an accelerator."""

Rgb = NDArray[np.uint8]
"""Pictures (n, H, W, 3)."""
Motion = MotionFields[NDArray[np.float32]]
RestoreLatent = Callable[[int, LatentKind, Memory], Memory]


def groups(gops: list[Gop], device: torch.device, width: int, height: int) -> Iterator[list[Gop]]:
    """Consecutive GoPs of one length that a device takes at once: one on a CPU, more on an accelerator."""
    most = 1 if device.type == "cpu" else max(1, min(8, _BATCH_PIXELS // (width * height)))
    for length, equal in groupby(gops, key=lambda part: part.length):
        run = list(equal)
        size = most if length > 1 else 1
        for i in range(0, len(run), size):
            yield run[i : i + size]


def rgb_of(pictures: Sequence[Picture]) -> Rgb:
    """Pictures as RGB (n, H, W, 3)."""
    return np.stack([to_rgb(picture) for picture in pictures])


def planes_of(picture: Picture) -> Planar:
    """A picture as trees see it, without its colour."""
    return Planar(picture.y, picture.u, picture.v)


def rgb_of_key(key: Planar, colour: Colour) -> Rgb:
    """A decoded key picture as RGB (H, W, 3)."""
    return to_rgb(Picture(key.y, key.u, key.v, colour))


def pictures_of(tensors: Tensor, width: int, height: int, colour: Colour) -> list[Picture]:
    """Decoded pictures (n, 3, H, W), H and W padded, in the stream's size and colour."""
    bytes_ = tensors[..., :height, :width].float().clamp(-1, 1).add_(1.0).mul_(127.5).round_().to(torch.uint8)
    return [from_rgb(picture, colour) for picture in bytes_.permute(0, 2, 3, 1).contiguous().cpu().numpy()]


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

    def steps(self) -> Iterator[tuple[LatentKind, Tensor, Memory]]:
        """Kind, prediction (1, 1, 3, H, W) and memory of each anchor; `done` has to follow every one. Of a key picture,
        which has no latent, what is known is all there is."""
        fields = [self._motion.entry] if self._shape.entry else []
        if self._shape.length > 1:
            fields.append(self._motion.anchor)
        kinds = self._shape.pictures
        for kind, field in zip(kinds, [None, *fields][-len(kinds) :], strict=True):
            if kind is LatentKind.KEY:
                picture = _to_tensor(self._keys.pop(0)[None], self._model.device)[None]
                yield kind, picture, no_memory(self._model, self._shape.y_size)
                continue
            assert field is not None and self.state is not None
            device = self._model.device
            moved = warp(self.state.picture.to(device), torch.from_numpy(field)[None, None].to(device))
            yield kind, moved, self.state.memory

    def done(self, picture: Tensor, memory: Memory, texture: Texture) -> None:
        """Goes on from the picture as D made it."""
        self.state = AnchorState(restored(picture, texture), memory, texture)
        self.pictures.append(self.state.picture)


@dataclass(frozen=True, slots=True)
class CodedTrees:
    """The trees of an anchor: their bytes, the prediction they were made on, and what they make of it."""

    data: bytes
    guess: Planar
    made: Planar


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
            picture = _to_tensor(rgb[number : number + 1], model.device)[None]
            guess, models = _predicted(guessed, shape, colour), tree_coding.new_models(model.tree_starts[1])
            data, better = tree_coding.encode(sources[len(trees)], level_code / LEVEL_FRACTION, models, guess)
            trees.append(CodedTrees(data, guess, better))
            known = _corrected(guessed, guess, better, colour)
            y, asked = _analysed(model, kind, picture, known, level)
            coded.append(quantise(model, y[:, 0], asked, level_code, kind, memory))
            made = _anchor_picture(model, coded[-1].memory.y_hat, known, level)
        earlier = None if kind is LatentKind.KEY or anchors.state is None else anchors.state.texture
        textures.append(writer.choose(kind, texture.lacking(made), texture.even, earlier))
        anchors.done(made, coded[-1].memory if kind is LatentKind.ANCHOR else memory, textures[-1])
    assert anchors.state is not None
    return CodedAnchors(coded, trees, textures, writer.finish(), anchors.pictures, anchors.state)


def read_trees(model: CodecModel, data: bytes, guess: Planar, level_code: int) -> Planar:
    """What an anchor's trees make of its prediction. Raises ValueError when they are damaged."""
    (height, width), models = guess.y.shape, tree_coding.new_models(model.tree_starts[1])
    return tree_coding.decode(data, width, height, level_code / LEVEL_FRACTION, models, guess)


def _predicted(known: Tensor, shape: GopShape, colour: Colour) -> Planar:
    """A prediction (1, 1, 3, H, W) as trees see it."""
    return planes_of(pictures_of(known[:, 0], shape.width, shape.height, colour)[0])


def _corrected(known: Tensor, guess: Planar, better: Planar, colour: Colour) -> Tensor:
    """`known` (1, 1, 3, H, W) with what trees made of it, `better`, in the place of `guess`."""
    if better.same_as(guess):
        return known
    change = rgb_of_key(better, colour).astype(np.int16) - rgb_of_key(guess, colour)
    return known + _padded(change[None], known.device).div_(127.5)[None]


def anchor_numbers(shape: GopShape) -> list[int]:
    """Which pictures of a GoP are coded as anchors, in coded order."""
    first = [] if shape.chained and not shape.entry else [0]
    return [*first, shape.length - 1] if shape.length > 1 else first


@torch.inference_mode()
def wanted_textures(rgb: Rgb, shape: GopShape, device: torch.device) -> list[Wanted]:
    """What texture the pictures have that are coded as anchors."""
    return [Wanted(_to_tensor(rgb[number : number + 1], device)) for number in anchor_numbers(shape)]


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
            guess = _predicted(guessed, shape, colour)
            known = _corrected(guessed, guess, read_trees(model, trees[number], guess, level_code), colour)
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


@dataclass(frozen=True, slots=True)
class TreesBetween:
    """The trees of the pictures between a GoP's anchors: their bytes, the predictions they were made on, and what they
    make of them."""

    data: bytes
    guesses: list[Planar]
    made: list[Planar]


@torch.inference_mode()
def encode_trees_between(
    model: CodecModel, sources: Sequence[Planar], known: Tensor, level_code: int, colour: Colour
) -> TreesBetween:
    """Correct what is known (m, 6, H, W) of the pictures between a GoP's anchors, in place."""
    guesses = _guesses_between(known, sources[0].y.shape, colour)
    models = tree_coding.new_models(model.tree_starts[1])
    data, made = tree_coding.encode_between(sources, level_code / LEVEL_FRACTION, models, guesses)
    _correct_between(known, guesses, made, colour)
    return TreesBetween(data, guesses, made)


@torch.inference_mode()
def decode_trees_between(
    model: CodecModel, data: bytes, known: Tensor, size: tuple[int, int], level_code: int, colour: Colour
) -> None:
    """Correct `known` as the encoder did; `size`: (H, W) of the pictures. Raises ValueError when trees are damaged."""
    guesses = _guesses_between(known, size, colour)
    _correct_between(known, guesses, read_trees_between(model, data, guesses, level_code), colour)


def read_trees_between(model: CodecModel, data: bytes, guesses: Sequence[Planar], level_code: int) -> list[Planar]:
    """What trees make of the predictions of the pictures between anchors. Raises ValueError when they are damaged."""
    models = tree_coding.new_models(model.tree_starts[1])
    return tree_coding.decode_between(data, level_code / LEVEL_FRACTION, models, guesses)


def _guesses_between(known: Tensor, size: tuple[int, ...], colour: Colour) -> list[Planar]:
    return [planes_of(picture) for picture in pictures_of(known[:, :3], size[1], size[0], colour)]


def _correct_between(known: Tensor, guesses: Sequence[Planar], made: Sequence[Planar], colour: Colour) -> None:
    for each, guess, better in zip(known, guesses, made, strict=True):
        if better is not guess:
            each[:3] = _corrected(each[None, None, :3], guess, better, colour)[0, 0]


@torch.inference_mode()
def encode_between(
    model: CodecModel, rgb: Sequence[Rgb], known: Tensor, shape: GopShape, level_code: int, memory: Memory
) -> list[CodedLatent]:
    """Latents of the pictures between the anchors of n GoPs of one shape, (m, H, W, 3) each; `memory` of their last
    anchors."""
    level = level_tensor(level_code, model.device)
    kinds = shape.kinds[shape.anchors :]
    pictures = torch.stack([_to_tensor(each, model.device) for each in rgb])
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


def _to_tensor(rgb: Rgb, device: torch.device) -> Tensor:
    """(n, 3, H, W) in [-1, 1], padded by the last row and column to multiples of 16."""
    return _padded(rgb, device).div_(127.5).sub_(1.0)


def _padded(rgb: NDArray[np.generic], device: torch.device) -> Tensor:
    """(n, H, W, 3) as float (n, 3, H, W), padded by the last row and column to multiples of 16."""
    count, height, width, _ = rgb.shape
    padded = [-(-side // TRANSFORM_STRIDE) * TRANSFORM_STRIDE for side in (height, width)]
    x = torch.empty(count, 3, *padded, device=device)
    x[..., :height, :width] = torch.from_numpy(rgb).to(device).permute(0, 3, 1, 2)
    x[..., height:, :width] = x[..., height - 1 : height, :width]
    x[..., width:] = x[..., width - 1 : width]
    return x
