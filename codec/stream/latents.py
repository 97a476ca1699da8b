"""One GoP's latents to bytes and back: the coded order of the paper's Figure 3 (b), with real entropy coding.

    for each latent frame i:  z[i]                                  (all z first)
    for each latent frame i:  scale indices <- integers only; residual symbols r[i]
    then, without the coder:  means step one -> half of y_hat -> means step two -> y_hat[i]

Everything the coder depends on is integer (`codec.model.scales`); means are float and only shift the reconstruction.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec.model.config import HYPER_RATIO
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


def level_tensor(code: int, device: torch.device) -> Tensor:
    """A level code as the (1,) float level that the gain tables take."""
    return torch.tensor([code / LEVEL_FRACTION], dtype=torch.float32, device=device)


class _Means:
    """The mean path of one GoP, latent frame after latent frame; the same steps in encoder and decoder."""

    def __init__(self, model: CodecModel, level: Tensor, height: int, width: int) -> None:
        self._prior = model.mean_prior
        self._level = level
        self._mask = first_half_mask(model.config.y_channels, height, width, level.device)
        self._previous = torch.zeros(1, model.config.y_channels, height, width, device=level.device)

    def quantise(self, z: Tensor, y: Tensor, coded: Tensor) -> tuple[Tensor, Tensor]:
        """Residual symbols of gained `y` (zero where not `coded`) and y_hat."""
        features = self._prior.features(z, self._previous, self._level)
        mean = self._prior.first_half(features)
        first = _round_symbols(y - mean, coded)
        known = torch.where(self._mask, first + mean, 0.0)
        mean = self._prior.second_half(features, known)
        residual = torch.where(self._mask, first, _round_symbols(y - mean, coded))
        self._previous = torch.where(self._mask, known, residual + mean)
        return residual, self._previous

    def restore(self, z: Tensor, residual: Tensor) -> Tensor:
        """y_hat of decoded residual symbols."""
        features = self._prior.features(z, self._previous, self._level)
        known = torch.where(self._mask, residual + self._prior.first_half(features), 0.0)
        self._previous = torch.where(self._mask, known, residual + self._prior.second_half(features, known))
        return self._previous


def _round_symbols(x: Tensor, coded: Tensor) -> Tensor:
    return torch.where(coded, torch.round(x).clamp(-MAX_MAGNITUDE, MAX_MAGNITUDE), 0.0)


@torch.inference_mode()
def quantise(model: CodecModel, y: Tensor, level_code: int) -> tuple[GopSymbols, NDArray[np.uint8]]:
    """Symbols and table indices (flat, in coded order) of gained y (t, Cy, h, w)."""
    t, _, height, width = y.shape
    z = torch.round(model.hyper_analysis(y)).clamp(-Z_LIMIT, Z_LIMIT)
    # A z symbol whose table says "not coded" is zero for both sides.
    z_indices = _z_indices(model, level_code, t, z.shape[-2:])
    z = torch.where(z_indices > 0, z, 0.0)
    means = _Means(model, level_tensor(level_code, y.device), height, width)
    magnitude = torch.zeros_like(y[:1])
    indices, residuals = [z_indices.flatten()], []
    for i in range(t):
        index = model.scale_net(z[i : i + 1], magnitude, level_code, min(i, 1))
        residual, _ = means.quantise(z[i : i + 1], y[i : i + 1], index > 0)
        magnitude = residual.abs().clamp(max=MAGNITUDE_LIMIT)
        indices.append(index.flatten())
        residuals.append(residual)
    symbols = GopSymbols(_to_numpy(z), _to_numpy(torch.cat(residuals)))
    return symbols, torch.cat(indices).cpu().numpy()


def encode(symbols: GopSymbols, indices: NDArray[np.uint8], model: CodecModel) -> bytes:
    """The rANS bytes of a GoP. Holds no interpreter lock while coding."""
    flat = np.concatenate((symbols.z.ravel(), symbols.residuals.ravel()))
    return rans.encode(flat, indices, model.tables)


@torch.inference_mode()
def decode(model: CodecModel, payload: bytes, level_code: int, t: int, height: int, width: int) -> GopSymbols:
    """Symbols of a GoP with t latent frames of y (Cy, height, width). Raises ValueError when the bytes are damaged."""
    device = model.y_gain.log_gain.device
    coder = rans.Decoder(payload)
    hz, wz = -(-height // HYPER_RATIO), -(-width // HYPER_RATIO)
    z_indices = _z_indices(model, level_code, t, (hz, wz)).cpu().numpy()
    z = coder.read(z_indices, model.tables)
    if np.abs(z).max(initial=0) > Z_LIMIT:
        raise ValueError("an impossible hyperprior symbol")
    z_float = torch.from_numpy(z).to(device, torch.float32)
    magnitude = torch.zeros(1, model.config.y_channels, height, width, device=device)
    residuals = []
    for i in range(t):
        index = model.scale_net(z_float[i : i + 1], magnitude, level_code, min(i, 1))
        residual = coder.read(index.cpu().numpy(), model.tables)
        residuals.append(residual)
        if i + 1 < t:
            magnitude = torch.from_numpy(residual).to(device, torch.float32).abs_().clamp_(max=MAGNITUDE_LIMIT)
    coder.finish()
    return GopSymbols(z, np.concatenate(residuals))


@torch.inference_mode()
def restore(model: CodecModel, symbols: GopSymbols, level_code: int) -> Tensor:
    """Gained y_hat (t, Cy, h, w) of decoded symbols."""
    device = model.y_gain.log_gain.device
    z = torch.from_numpy(symbols.z).to(device, torch.float32)
    residuals = torch.from_numpy(symbols.residuals).to(device, torch.float32)
    means = _Means(model, level_tensor(level_code, device), *residuals.shape[-2:])
    return torch.cat([means.restore(z[i : i + 1], residuals[i : i + 1]) for i in range(len(z))])


def _z_indices(model: CodecModel, level_code: int, t: int, size: tuple[int, ...]) -> Tensor:
    rows = torch.stack([model.scale_net.z_indices(level_code, min(i, 1)) for i in range(t)])
    return rows[:, :, None, None].expand(-1, -1, *size).contiguous()


def _to_numpy(x: Tensor) -> Symbols:
    return x.to(torch.int16).cpu().numpy()
