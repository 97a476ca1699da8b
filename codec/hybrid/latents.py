"""One GoP's symbols to bytes and back: the coded order of the paper's Figure 3 (b), with real entropy coding.

    motion, texture, key pictures, trees: bytes of their own        (`motion`, `texture`, `trees`)
    for each latent frame i:  z[i]                                  (all z first)
    for each latent frame i:  scale indices <- integers only; residual symbols r[i]
    then, without the coder:  means step one -> half of y_hat -> means step two -> y_hat[i]

Each latent frame remembers the one coded before it: the magnitudes of its residuals and its y_hat. A chained GoP starts
from the last anchor of the GoP before, a key GoP from zeros. Everything the coder depends on is integer
(`codec.hybrid.model.scales`); means are float and only shift the reconstruction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.container.varint import Reader, write_varint
from codec.hybrid.entropy import range_coder
from codec.hybrid.entropy import symbols as symbol_coding
from codec.hybrid.entropy.range_coder import finish_reading, finish_writing, writer
from codec.hybrid.entropy.symbols import MAX_MAGNITUDE, Indices, Symbols
from codec.hybrid.model.config import HYPER_RATIO, LatentKind
from codec.hybrid.model.priors import first_half_mask
from codec.hybrid.model.scales import LEVEL_FRACTION, MAGNITUDE_LIMIT, Z_LIMIT
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionVectors
from codec.hybrid.shape import GopShape
from codec.hybrid.texture import coding as texture_coding
from codec.hybrid.texture.layout import Texture
from codec.hybrid.trees import coding as tree_coding
from codec.hybrid.trees.coding import Planar

_Z_SET = 2
_ROUNDING = 0.42
"""Part of a quantiser step from which on an encoder rounds up, less one."""

Rows = tuple[Indices, Indices]
"""Table indices of a GoP's z (t, Cz, hz, wz) and residuals (t, Cy, h, w)."""


@dataclass(frozen=True, slots=True)
class GopSymbols:
    """The integers of a GoP: vectors, the textures of its coded anchors, its key pictures, `z` (t, Cz, hz, wz) and
    residuals (t, Cy, h, w), int16; and the trees of its anchors, still as bytes: what they make depends on the anchor
    before."""

    motion: MotionVectors
    textures: list[Texture]
    keys: list[Planar]
    trees: list[bytes]
    z: Symbols
    residuals: Symbols

    def same_as(self, other: "GopSymbols") -> bool:
        """True when all integers agree."""
        pairs = ((self.z, other.z), (self.residuals, other.residuals))
        textures = zip(self.textures, other.textures, strict=True)
        keys = zip(self.keys, other.keys, strict=True)
        same = self.motion.same_as(other.motion) and all(a.same_as(b) for a, b in textures)
        same = same and all(a.same_as(b) for a, b in keys) and self.trees == other.trees
        return same and all(np.array_equal(a, b) for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of the latent frame before: residual magnitudes, at most MAGNITUDE_LIMIT, and gained y_hat,
    (n, Cy, h, w) each, float32."""

    magnitude: Tensor
    y_hat: Tensor


@dataclass(frozen=True, slots=True)
class Past:
    """What reading a GoP needs of the anchor it is chained to: residual magnitudes as in Memory (1, Cy, h, w) and the
    texture."""

    magnitude: Tensor
    texture: Texture


@dataclass(frozen=True, slots=True)
class CodedLatent:
    """A latent frame of n GoPs: integers carried in float32, their table indices (uint8), and what the next one
    remembers."""

    z: Tensor
    residual: Tensor
    z_index: Tensor
    index: Tensor
    memory: Memory


def level_tensor(code: int, device: torch.device) -> Tensor:
    """A level code as the (1,) float level that the gain tables take."""
    return torch.tensor([code / LEVEL_FRACTION], dtype=torch.float32, device=device)


def no_memory(model: CodecModel, size: tuple[int, int], count: int = 1) -> Memory:
    """What a key picture remembers of y of `size` (h, w): nothing."""
    zeros = torch.zeros(count, model.config.y_channels, *size, device=model.device)
    return Memory(zeros, zeros)


@torch.inference_mode()
def quantise(
    model: CodecModel, y: Tensor, asked: Tensor, level_code: int, kind: LatentKind, memory: Memory
) -> CodedLatent:
    """Symbols and table indices of a latent frame's gained y (n, Cy, h, w), where it was `asked` for (n, 1, h, w);
    elsewhere it says nothing."""
    memory = Memory(memory.magnitude.to(y.device), memory.y_hat.to(y.device))
    z = _z_of(model, y, asked)
    z_index = model.scale_net.z_indices(level_code, kind)[None, :, None, None].expand(z.shape)
    # A z symbol whose table says "not coded" is zero for both sides.
    z = torch.where(z_index > 0, z, 0.0)
    index = model.scale_net(z, memory.magnitude, level_code, kind)
    if not asked.any():
        return CodedLatent(z, torch.zeros_like(y), z_index, index, _silence(y))
    coded = (index > 0) & asked
    means = _Means(model, z, level_code, kind, memory)
    first = _round_symbols(y - means.first(), coded)
    residual = torch.where(means.mask, first, _round_symbols(y - means.second(first), coded))
    return CodedLatent(z, residual, z_index, index, _said(z, residual, means))


@torch.inference_mode()
def restore(
    model: CodecModel, z: Symbols, residual: Symbols, level_code: int, kind: LatentKind, memory: Memory
) -> Memory:
    """What the decoded symbols (n, ...) of a latent frame stand for."""
    device = model.device
    hyper, symbols = _to_tensor(z, device), _to_tensor(residual, device)
    if not z.any() and not residual.any():
        return _silence(symbols)
    means = _Means(model, hyper, level_code, kind, Memory(memory.magnitude, memory.y_hat.to(device)))
    means.second(symbols)
    return _said(hyper, symbols, means)


def _z_of(model: CodecModel, y: Tensor, asked: Tensor) -> Tensor:
    """The integers z of y (n, Cy, h, w); nothing of what was not asked."""
    if asked.any():
        z = torch.round(model.hyper_analysis(y)).clamp(-Z_LIMIT, Z_LIMIT)
        return z * asked.flatten(1).any(dim=1)[:, None, None, None]
    height, width = (-(-side // HYPER_RATIO) for side in y.shape[-2:])
    return torch.zeros(len(y), model.config.z_channels, height, width, device=y.device)


def _silence(like: Tensor) -> Memory:
    """What is left of latent frames, of y's shape, that say nothing at all."""
    return Memory(torch.zeros_like(like), torch.zeros_like(like))


def _said(z: Tensor, residual: Tensor, means: "_Means") -> Memory:
    """What is left of latent frames. Where a GoP's z and residuals are all zero its y_hat is, whatever the means."""
    some = z.flatten(1).any(dim=1) | residual.flatten(1).any(dim=1)
    y_hat = means.restored(residual) * some[:, None, None, None]
    return Memory(residual.abs().clamp(max=MAGNITUDE_LIMIT), y_hat)


class _Means:
    """The mean path of one latent frame; the same steps in encoder and decoder."""

    def __init__(self, model: CodecModel, z: Tensor, level_code: int, kind: LatentKind, memory: Memory) -> None:
        self._prior = model.mean_prior
        level = level_tensor(level_code, z.device).expand(len(z))
        self._features = self._prior.features(z, memory.y_hat, level, kind)
        self._carried = self._prior.carried(self._features, memory.y_hat, kind)
        self.mask = first_half_mask(memory.y_hat)
        self._first = self._prior.first_half(self._features, self._carried)

    def first(self) -> Tensor:
        return self._first

    def second(self, residual: Tensor) -> Tensor:
        """Means of the second half; `residual` holds at least the first half's."""
        self._known = torch.where(self.mask, residual + self._first, 0.0)
        self._second = self._prior.second_half(self._features, self._carried, self._known)
        return self._second

    def restored(self, residual: Tensor) -> Tensor:
        return torch.where(self.mask, self._known, residual + self._second)


def _round_symbols(x: Tensor, coded: Tensor) -> Tensor:
    """Rounded, a little towards zero: the smaller symbol is the cheaper one."""
    size = torch.floor(x.abs() + _ROUNDING).clamp(max=MAX_MAGNITUDE)
    return torch.where(coded, torch.copysign(size, x), 0.0)


@dataclass(frozen=True, slots=True)
class LatentSymbols:
    """Integers of some latent frames of one GoP, z (t, Cz, hz, wz) and residuals (t, Cy, h, w), and their table indices
    of the same shapes."""

    z: Symbols
    residuals: Symbols
    z_rows: Indices
    rows: Indices


def symbols_of(latents: list[CodedLatent], k: int) -> LatentSymbols:
    """The symbols of the k-th of the GoPs that `latents` are of."""
    return LatentSymbols(
        np.concatenate([_to_numpy(each.z[k : k + 1]) for each in latents]),
        np.concatenate([_to_numpy(each.residual[k : k + 1]) for each in latents]),
        np.concatenate([each.z_index[k : k + 1].cpu().numpy() for each in latents]),
        np.concatenate([each.index[k : k + 1].cpu().numpy() for each in latents]),
    )


def assembled(
    motion: MotionVectors, textures: list[Texture], keys: list[Planar], trees: list[bytes],
    parts: list[LatentSymbols], shape: GopShape, model: CodecModel,
) -> tuple[GopSymbols, Rows]:  # fmt: skip
    """A GoP's symbols, and the table indices of z and residuals."""
    none = _no_symbols(model, shape, 0)
    z, residuals, z_rows, rows = (
        np.concatenate([getattr(part, name) for part in (none, *parts)])
        for name in ("z", "residuals", "z_rows", "rows")
    )
    return GopSymbols(motion, textures, keys, trees, z, residuals), (z_rows, rows)


def _no_symbols(model: CodecModel, shape: GopShape, count: int) -> LatentSymbols:
    """`count` latent frames of zeros."""
    z, y = (model.config.z_channels, *shape.z_size), (model.config.y_channels, *shape.y_size)
    return LatentSymbols(
        z=np.zeros((count, *z), np.int16),
        residuals=np.zeros((count, *y), np.int16),
        z_rows=np.zeros((count, *z), np.uint8),
        rows=np.zeros((count, *y), np.uint8),
    )


def joined(memories: list[Memory], device: torch.device) -> Memory:
    """Memories of several GoPs as one batch."""
    return Memory(
        torch.cat([each.magnitude.to(device) for each in memories]),
        torch.cat([each.y_hat.to(device) for each in memories]),
    )


def encode(symbols: GopSymbols, ahead: Sequence[bytes], indices: Rows, shape: GopShape, model: CodecModel) -> bytes:
    """The bytes of a GoP: those of its motion, its texture, its key pictures and trees (`ahead`), the length before
    each, then those of all else. Holds no interpreter lock while coding."""
    io, data = writer(symbol_coding.room_for(symbols.z.size + symbols.residuals.size))
    contexts = symbol_coding.new_contexts(model.context_starts)
    write_symbols(io, data, contexts, symbols.z, symbols.residuals, indices, shape.kinds)
    return b"".join(write_varint(len(part)) + part for part in ahead) + finish_writing(io, data)


def write_symbols(
    io: NDArray[np.int64], data: NDArray[np.uint8], contexts: symbol_coding.Contexts, z: Symbols, residuals: Symbols,
    rows: Rows, kinds: list[LatentKind],
) -> None:  # fmt: skip
    """A GoP's z and residuals in their order, in `contexts` that go on."""
    for each, index in zip(z, rows[0], strict=True):
        symbol_coding.write(io, data, contexts, _Z_SET, each, index)
    for kind, each, index in zip(kinds, residuals, rows[1], strict=True):
        symbol_coding.write(io, data, contexts, _set_of(kind), each, index)


def _set_of(kind: LatentKind) -> int:
    """Which contexts residuals of a kind are coded in."""
    return min(int(kind), int(LatentKind.GROUP)) - int(LatentKind.ANCHOR)


@torch.inference_mode()
def decode(
    model: CodecModel, payload: bytes, level_code: int, shape: GopShape, before: Past | None, moved: NDArray[np.int32]
) -> GopSymbols:
    """Symbols of a segment of `shape`, chained to one whose last anchor left `before` or not; `moved`, contexts of
    motion, are left as they end. Raises ValueError when the bytes are damaged."""
    reader = Reader(payload)
    vectors = reader.take(reader.varint())
    motion = coding.decode(vectors, shape.motion, level_code / LEVEL_FRACTION, moved)
    earlier = before and before.texture
    textures = texture_coding.decode(reader.take(reader.varint()), shape.y_size, shape.pictures, earlier)
    keys = []
    for _ in range(shape.pictures.count(LatentKind.KEY)):
        coded, contexts = reader.take(reader.varint()), tree_coding.new_contexts(model.tree_starts[0])
        keys.append(tree_coding.decode(coded, shape.width, shape.height, level_code / LEVEL_FRACTION, contexts))
    trees = [reader.take(reader.varint()) for _ in range(shape.trees)]
    io, data = range_coder.reader(payload[reader.position :])
    contexts = symbol_coding.new_contexts(model.context_starts)
    silent = _no_symbols(model, shape, len(shape.kinds))
    z, residuals = silent.z, silent.residuals
    for i, index in enumerate(_z_rows(model, level_code, shape)):
        z[i] = symbol_coding.read(io, data, contexts, _Z_SET, index)
    if np.abs(z).max(initial=0) > Z_LIMIT:
        raise ValueError("an impossible hyperprior symbol")
    # Each latent frame's indices depend on the residuals read before it.
    for i, index in enumerate(_residual_rows(model, z, residuals, level_code, shape, before)):
        residuals[i] = symbol_coding.read(io, data, contexts, _set_of(shape.kinds[i]), index)
    finish_reading(io, data)
    return GopSymbols(motion, textures, keys, trees, z, residuals)


@torch.inference_mode()
def rows_of(model: CodecModel, symbols: GopSymbols, level_code: int, shape: GopShape, before: Past | None) -> Rows:
    """The table indices of a GoP's symbols."""
    z = list(_z_rows(model, level_code, shape))
    residuals = list(_residual_rows(model, symbols.z, symbols.residuals, level_code, shape, before))
    none = _no_symbols(model, shape, 0)
    return np.stack(z) if z else none.z_rows, np.stack(residuals) if residuals else none.rows


def past_of(model: CodecModel, symbols: GopSymbols, shape: GopShape, before: Past | None) -> Past:
    """What reading the next GoP needs of this one, which was chained to one that left `before` or not."""
    if not shape.pictures:
        assert before is not None
        return before
    magnitude = torch.zeros(1, model.config.y_channels, *shape.y_size)
    if shape.pictures[-1] is LatentKind.ANCHOR:
        last = symbols.residuals[shape.anchors - 1 : shape.anchors]
        magnitude = torch.from_numpy(last).float().abs_().clamp_(max=MAGNITUDE_LIMIT)
    return Past(magnitude, symbols.textures[-1])


def _z_rows(model: CodecModel, level_code: int, shape: GopShape) -> Iterator[Indices]:
    for kind in shape.kinds:
        index = model.scale_net.z_indices(level_code, kind).cpu().numpy()
        yield np.broadcast_to(index[:, None, None], (len(index), *shape.z_size))


def _residual_rows(
    model: CodecModel, z: Symbols, residuals: Symbols, level_code: int, shape: GopShape, before: Past | None
) -> Iterator[Indices]:
    """The table indices of each latent frame's residuals, once those before it are there."""
    magnitude = torch.zeros(1, *residuals.shape[1:]) if before is None else before.magnitude
    for i, (kind, forgets) in enumerate(zip(shape.kinds, shape.forgets, strict=True)):
        if forgets:
            magnitude = torch.zeros_like(magnitude)
        z_float = _to_tensor(z[i : i + 1], model.device)
        yield model.scale_net(z_float, magnitude.to(model.device), level_code, kind)[0].cpu().numpy()
        magnitude = _to_tensor(residuals[i : i + 1], model.device).abs_().clamp_(max=MAGNITUDE_LIMIT)


def _to_tensor(symbols: Symbols, device: torch.device) -> Tensor:
    return torch.from_numpy(symbols).to(device, torch.float32)


def _to_numpy(x: Tensor) -> Symbols:
    return x.to(torch.int16).cpu().numpy()
