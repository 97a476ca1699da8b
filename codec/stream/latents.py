"""One GoP's symbols to bytes and back: the coded order of the paper's Figure 3 (b), with real entropy coding.

    motion: bytes of its own                                        (`codec.motion.coding`)
    for each latent frame i:  z[i]                                  (all z first)
    for each latent frame i:  scale indices <- integers only; residual symbols r[i]
    then, without the coder:  means step one -> half of y_hat -> means step two -> y_hat[i]

Each latent frame remembers the one coded before it: the magnitudes of its residuals and its y_hat. A chained GoP starts
from the last anchor of the GoP before, a key GoP from zeros. Everything the coder depends on is integer
(`codec.model.scales`); means are float and only shift the reconstruction.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.model.config import LatentKind
from codec.model.priors import first_half_mask
from codec.model.scales import LEVEL_FRACTION, MAGNITUDE_LIMIT, Z_LIMIT
from codec.model.weights import CodecModel
from codec.motion import coding
from codec.motion.layout import MotionVectors
from codec.stream import rans
from codec.stream.shape import GopShape
from codec.stream.tables import MAX_MAGNITUDE
from codec.stream.varint import Reader, write_varint

Symbols = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class GopSymbols:
    """The integers of a GoP: vectors, `z` (t, Cz, hz, wz) and residuals (t, Cy, h, w), int16."""

    motion: MotionVectors
    z: Symbols
    residuals: Symbols

    def same_as(self, other: "GopSymbols") -> bool:
        """True when all integers agree."""
        pairs = ((self.z, other.z), (self.residuals, other.residuals))
        return self.motion.same_as(other.motion) and all(np.array_equal(a, b) for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of the latent frame before: residual magnitudes, at most MAGNITUDE_LIMIT, and gained y_hat,
    (n, Cy, h, w) each, float32."""

    magnitude: Tensor
    y_hat: Tensor


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
def quantise(model: CodecModel, y: Tensor, level_code: int, kind: LatentKind, memory: Memory) -> CodedLatent:
    """Symbols and table indices of a latent frame's gained y (n, Cy, h, w)."""
    memory = Memory(memory.magnitude.to(y.device), memory.y_hat.to(y.device))
    z = torch.round(model.hyper_analysis(y)).clamp(-Z_LIMIT, Z_LIMIT)
    z_index = model.scale_net.z_indices(level_code, kind)[None, :, None, None].expand(z.shape)
    # A z symbol whose table says "not coded" is zero for both sides.
    z = torch.where(z_index > 0, z, 0.0)
    index = model.scale_net(z, memory.magnitude, level_code, kind)
    coded = index > 0
    means = _Means(model, z, level_code, kind, memory)
    first = _round_symbols(y - means.first(), coded)
    residual = torch.where(means.mask, first, _round_symbols(y - means.second(first), coded))
    magnitude = residual.abs().clamp(max=MAGNITUDE_LIMIT)
    return CodedLatent(z, residual, z_index, index, Memory(magnitude, means.restored(residual)))


@torch.inference_mode()
def restore(
    model: CodecModel, z: Symbols, residual: Symbols, level_code: int, kind: LatentKind, memory: Memory
) -> Memory:
    """What the decoded symbols (n, ...) of a latent frame stand for."""
    device = model.device
    means = _Means(model, _to_tensor(z, device), level_code, kind, Memory(memory.magnitude, memory.y_hat.to(device)))
    symbols = _to_tensor(residual, device)
    means.second(symbols)
    return Memory(symbols.abs().clamp(max=MAGNITUDE_LIMIT), means.restored(symbols))


class _Means:
    """The mean path of one latent frame; the same steps in encoder and decoder."""

    def __init__(self, model: CodecModel, z: Tensor, level_code: int, kind: LatentKind, memory: Memory) -> None:
        self._prior = model.mean_prior
        level = level_tensor(level_code, z.device).expand(len(z))
        self._features = self._prior.features(z, memory.y_hat, level, kind)
        self._carried = self._prior.carried(self._features, memory.y_hat, kind)
        self.mask = first_half_mask(*memory.y_hat.shape[1:], z.device)
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
    return torch.where(coded, torch.round(x).clamp(-MAX_MAGNITUDE, MAX_MAGNITUDE), 0.0)


@dataclass(frozen=True, slots=True)
class LatentSymbols:
    """Integers of some latent frames of one GoP, z (t, Cz, hz, wz) and residuals (t, Cy, h, w), and their table indices
    of the same shapes."""

    z: Symbols
    residuals: Symbols
    z_rows: NDArray[np.uint8]
    rows: NDArray[np.uint8]


def symbols_of(latents: list[CodedLatent], k: int) -> LatentSymbols:
    """The symbols of the k-th of the GoPs that `latents` are of."""
    return LatentSymbols(
        np.concatenate([_to_numpy(each.z[k : k + 1]) for each in latents]),
        np.concatenate([_to_numpy(each.residual[k : k + 1]) for each in latents]),
        np.concatenate([each.z_index[k : k + 1].cpu().numpy() for each in latents]),
        np.concatenate([each.index[k : k + 1].cpu().numpy() for each in latents]),
    )


def assembled(motion: MotionVectors, parts: list[LatentSymbols]) -> tuple[GopSymbols, NDArray[np.uint8]]:
    """A GoP's symbols, and the flat table indices of z and residuals in coded order."""
    z, residuals = (np.concatenate([getattr(part, name) for part in parts]) for name in ("z", "residuals"))
    rows = np.concatenate([part.z_rows.ravel() for part in parts] + [part.rows.ravel() for part in parts])
    return GopSymbols(motion, z, residuals), rows


def joined(memories: list[Memory], device: torch.device) -> Memory:
    """Memories of several GoPs as one batch."""
    return Memory(
        torch.cat([each.magnitude.to(device) for each in memories]),
        torch.cat([each.y_hat.to(device) for each in memories]),
    )


def encode(symbols: GopSymbols, motion: bytes, indices: NDArray[np.uint8], model: CodecModel) -> bytes:
    """The bytes of a GoP: the length of those of its motion, these, the rANS bytes of all else. Holds no interpreter
    lock while coding."""
    parts = (symbols.z.ravel(), symbols.residuals.ravel())
    return write_varint(len(motion)) + motion + rans.encode(np.concatenate(parts), indices, model.tables)


@torch.inference_mode()
def decode(model: CodecModel, payload: bytes, level_code: int, shape: GopShape, before: Tensor | None) -> GopSymbols:
    """Symbols of a GoP of `shape`, chained to one whose last anchor left the magnitudes `before` (1, Cy, h, w) or not.
    Raises ValueError when the bytes are damaged."""
    device, (height, width) = model.device, shape.y_size
    reader = Reader(payload)
    vectors = reader.take(reader.varint())
    motion = coding.decode(vectors, shape.motion, level_code / LEVEL_FRACTION)
    coder = rans.Decoder(payload[reader.position :])
    z_rows = [
        model.scale_net.z_indices(level_code, kind)[:, None, None].expand(-1, *shape.z_size) for kind in shape.kinds
    ]
    z = np.zeros((0, model.config.z_channels, *shape.z_size), np.int16)
    if z_rows:
        z = coder.read(torch.stack(z_rows).cpu().numpy(), model.tables)
    if np.abs(z).max(initial=0) > Z_LIMIT:
        raise ValueError("an impossible hyperprior symbol")
    z_float = _to_tensor(z, device)
    magnitude = torch.zeros(1, model.config.y_channels, height, width, device=device) if before is None else before
    residuals = []
    for i, kind in enumerate(shape.kinds):
        if kind is LatentKind.KEY:
            magnitude = torch.zeros_like(magnitude)
        index = model.scale_net(z_float[i : i + 1], magnitude.to(device), level_code, kind)
        residuals.append(coder.read(index.cpu().numpy(), model.tables))
        magnitude = _to_tensor(residuals[-1], device).abs_().clamp_(max=MAGNITUDE_LIMIT)
    coder.finish()
    return GopSymbols(motion, z, np.concatenate(residuals))


def _to_tensor(symbols: Symbols, device: torch.device) -> Tensor:
    return torch.from_numpy(symbols).to(device, torch.float32)


def _to_numpy(x: Tensor) -> Symbols:
    return x.to(torch.int16).cpu().numpy()
