"""One GoP's latents to bytes and back: the coded order of the paper's Figure 3 (b), with real entropy coding.

    for each latent frame i:  z[i]                                  (all z first)
    for each latent frame i:  scale indices <- integers only; residual symbols r[i]
    then, without the coder:  means step one -> half of y_hat -> means step two -> y_hat[i]

A chained GoP starts from what the GoP before left: the magnitudes of its last residuals and its last y_hat take the
place of the zeros a key GoP starts from. Everything the coder depends on is integer (`codec.model.scales`); means are
float and only shift the reconstruction.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.model.config import HYPER_RATIO, LatentKind, latent_kind
from codec.model.priors import first_half_mask
from codec.model.scales import LEVEL_FRACTION, MAGNITUDE_LIMIT, Z_LIMIT
from codec.model.weights import CodecModel
from codec.stream import rans
from codec.stream.tables import MAX_MAGNITUDE

Symbols = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class GopSymbols:
    """The integers of a GoP: `z` (t, Cz, hz, wz) and residuals `r` (t, Cy, h, w), int16."""

    z: Symbols
    residuals: Symbols


@dataclass(frozen=True, slots=True)
class CodedGop:
    """A GoP's integers and the gained y_hat (t, Cy, h, w) they stand for: what the next one may be chained to."""

    symbols: GopSymbols
    y_hat: Tensor


def level_tensor(code: int, device: torch.device) -> Tensor:
    """A level code as the (1,) float level that the gain tables take."""
    return torch.tensor([code / LEVEL_FRACTION], dtype=torch.float32, device=device)


class _Means:
    """The mean path of one GoP, latent frame after latent frame; the same steps in encoder and decoder."""

    def __init__(self, model: CodecModel, level: Tensor, height: int, width: int, before: CodedGop | None) -> None:
        self._prior = model.mean_prior
        self._level = level
        self._mask = first_half_mask(model.config.y_channels, height, width, level.device)
        if before is None:
            self._previous = torch.zeros(1, model.config.y_channels, height, width, device=level.device)
        else:
            self._previous = before.y_hat[-1:].to(level.device)

    def quantise(self, z: Tensor, y: Tensor, coded: Tensor, kind: LatentKind) -> tuple[Tensor, Tensor]:
        """Residual symbols of gained `y` (zero where not `coded`) and y_hat."""
        features = self._prior.features(z, self._previous, self._level, kind)
        carried = self._prior.carried(features, self._previous, kind)
        mean = self._prior.first_half(features, carried)
        first = _round_symbols(y - mean, coded)
        known = torch.where(self._mask, first + mean, 0.0)
        mean = self._prior.second_half(features, carried, known)
        residual = torch.where(self._mask, first, _round_symbols(y - mean, coded))
        self._previous = torch.where(self._mask, known, residual + mean)
        return residual, self._previous

    def restore(self, z: Tensor, residual: Tensor, kind: LatentKind) -> Tensor:
        """y_hat of decoded residual symbols."""
        features = self._prior.features(z, self._previous, self._level, kind)
        carried = self._prior.carried(features, self._previous, kind)
        known = torch.where(self._mask, residual + self._prior.first_half(features, carried), 0.0)
        mean = self._prior.second_half(features, carried, known)
        self._previous = torch.where(self._mask, known, residual + mean)
        return self._previous


def _round_symbols(x: Tensor, coded: Tensor) -> Tensor:
    return torch.where(coded, torch.round(x).clamp(-MAX_MAGNITUDE, MAX_MAGNITUDE), 0.0)


@torch.inference_mode()
def hyper_symbols(model: CodecModel, y: Tensor) -> Tensor:
    """z (t, Cz, ., .) of gained y (t, Cy, h, w): integers carried in float32."""
    return torch.round(model.hyper_analysis(y)).clamp(-Z_LIMIT, Z_LIMIT)


@torch.inference_mode()
def quantise(
    model: CodecModel, y: Tensor, z: Tensor, level_code: int, before: CodedGop | None
) -> tuple[CodedGop, NDArray[np.uint8]]:
    """Symbols and table indices (flat, in coded order) of gained y (t, Cy, h, w) and `hyper_symbols`; `before` is the
    GoP this one is chained to."""
    device = model.y_gain.log_gain.device
    y, z = y.to(device), z.to(device)
    t, _, height, width = y.shape
    # A z symbol whose table says "not coded" is zero for both sides.
    z_indices = _z_indices(model, level_code, t, z.shape[-2:], before is not None)
    z = torch.where(z_indices > 0, z, 0.0)
    means = _Means(model, level_tensor(level_code, device), height, width, before)
    magnitude = _start_magnitude(model, y.shape, before and before.symbols)
    indices, residuals, y_hat = [z_indices.flatten()], [], []
    for i in range(t):
        kind = latent_kind(i, before is not None)
        index = model.scale_net(z[i : i + 1], magnitude, level_code, kind)
        residual, restored = means.quantise(z[i : i + 1], y[i : i + 1], index > 0, kind)
        magnitude = residual.abs().clamp(max=MAGNITUDE_LIMIT)
        indices.append(index.flatten())
        residuals.append(residual)
        y_hat.append(restored)
    symbols = GopSymbols(_to_numpy(z), _to_numpy(torch.cat(residuals)))
    return CodedGop(symbols, torch.cat(y_hat)), torch.cat(indices).cpu().numpy()


def encode(symbols: GopSymbols, indices: NDArray[np.uint8], model: CodecModel) -> bytes:
    """The rANS bytes of a GoP. Holds no interpreter lock while coding."""
    flat = np.concatenate((symbols.z.ravel(), symbols.residuals.ravel()))
    return rans.encode(flat, indices, model.tables)


@torch.inference_mode()
def decode(
    model: CodecModel, payload: bytes, level_code: int, size: tuple[int, int, int], before: GopSymbols | None
) -> GopSymbols:
    """Symbols of a GoP of y `size` (t, h, w), chained to `before` or not. Raises ValueError when the bytes are
    damaged."""
    t, height, width = size
    device = model.y_gain.log_gain.device
    coder = rans.Decoder(payload)
    hz, wz = -(-height // HYPER_RATIO), -(-width // HYPER_RATIO)
    z_indices = _z_indices(model, level_code, t, (hz, wz), before is not None).cpu().numpy()
    z = coder.read(z_indices, model.tables)
    if np.abs(z).max(initial=0) > Z_LIMIT:
        raise ValueError("an impossible hyperprior symbol")
    z_float = torch.from_numpy(z).to(device, torch.float32)
    magnitude = _start_magnitude(model, (t, model.config.y_channels, height, width), before)
    residuals = []
    for i in range(t):
        index = model.scale_net(z_float[i : i + 1], magnitude, level_code, latent_kind(i, before is not None))
        residual = coder.read(index.cpu().numpy(), model.tables)
        residuals.append(residual)
        if i + 1 < t:
            magnitude = _magnitude(residual, device)
    coder.finish()
    return GopSymbols(z, np.concatenate(residuals))


@torch.inference_mode()
def restore(model: CodecModel, symbols: GopSymbols, level_code: int, before: CodedGop | None) -> CodedGop:
    """Decoded symbols with the y_hat they stand for."""
    device = model.y_gain.log_gain.device
    z = torch.from_numpy(symbols.z).to(device, torch.float32)
    residuals = torch.from_numpy(symbols.residuals).to(device, torch.float32)
    height, width = residuals.shape[-2:]
    means = _Means(model, level_tensor(level_code, device), height, width, before)
    frames = [
        means.restore(z[i : i + 1], residuals[i : i + 1], latent_kind(i, before is not None)) for i in range(len(z))
    ]
    return CodedGop(symbols, torch.cat(frames))


def _start_magnitude(model: CodecModel, shape: tuple[int, ...], before: GopSymbols | None) -> Tensor:
    device = model.y_gain.log_gain.device
    if before is None:
        return torch.zeros(1, *shape[1:], device=device)
    return _magnitude(before.residuals[-1:], device)


def _magnitude(residual: Symbols, device: torch.device) -> Tensor:
    return torch.from_numpy(residual).to(device, torch.float32).abs_().clamp_(max=MAGNITUDE_LIMIT)


def _z_indices(model: CodecModel, level_code: int, t: int, size: tuple[int, ...], chained: bool) -> Tensor:
    rows = torch.stack([model.scale_net.z_indices(level_code, latent_kind(i, chained)) for i in range(t)])
    return rows[:, :, None, None].expand(-1, -1, *size).contiguous()


def _to_numpy(x: Tensor) -> Symbols:
    return x.to(torch.int16).cpu().numpy()
