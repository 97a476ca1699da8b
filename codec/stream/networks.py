"""The float ends of the codec: pictures to gained y, and gained y_hat to pictures; a few GoPs at once where a device
gains from it."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from codec.gop import GOP_LENGTH, Gop
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, Picture
from codec.model.blocks import fold_time, unfold_time
from codec.model.config import FRAMES_PER_LATENT, TRANSFORM_STRIDE
from codec.model.weights import CodecModel
from codec.stream.latents import level_tensor

_BATCH_PIXELS = 4 * 1920 * 1080
"""Pixels of a frame times GoPs that go through the networks together on an accelerator."""


def latent_frames(length: int) -> int:
    """Latent frames t of a GoP of `length` pictures: 1, 2 or 3."""
    if not 1 <= length <= GOP_LENGTH:
        raise ValueError(f"a GoP has 1 to {GOP_LENGTH} pictures, not {length}")
    return 1 + -(-(length - 1) // FRAMES_PER_LATENT)


def y_size(width: int, height: int) -> tuple[int, int]:
    """(h, w) of y for pictures of this size."""
    return -(-height // TRANSFORM_STRIDE), -(-width // TRANSFORM_STRIDE)


def groups(gops: list[Gop], device: torch.device, width: int, height: int) -> Iterator[list[Gop]]:
    """Consecutive GoPs of one length that a device takes at once: one on a CPU, more on an accelerator."""
    most = 1 if device.type == "cpu" else max(1, min(8, _BATCH_PIXELS // (width * height)))
    for length, equal in groupby(gops, key=lambda part: part.length):
        run = list(equal)
        size = most if length > 1 else 1
        for i in range(0, len(run), size):
            yield run[i : i + size]


@torch.inference_mode()
def analyse(model: CodecModel, gops: list[list[Picture]], level_code: int) -> Tensor:
    """GoPs of the same length, 1 to 9 pictures each -> gained y (n, t, Cy, h, w), float32.

    Pictures are padded by their last row and column, a GoP by its last picture.
    """
    device, dtype = model.y_gain.log_gain.device, model.encoder.patch.weight.dtype
    rgb = torch.from_numpy(np.stack([to_rgb(picture) for pictures in gops for picture in pictures])).to(device)
    x = rgb.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
    height, width = x.shape[-2:]
    x = F.pad(x, (0, -width % TRANSFORM_STRIDE, 0, -height % TRANSFORM_STRIDE), mode="replicate")
    x = x.unflatten(0, (len(gops), -1)).to(dtype)
    length = x.shape[1]
    missing = 1 + FRAMES_PER_LATENT * (latent_frames(length) - 1) - length
    if missing:
        x = torch.cat((x, x[:, -1:].expand(-1, missing, -1, -1, -1)), dim=1)
    level = level_tensor(level_code, device)
    latent = model.encoder(x, model.encoder_gain(level).to(dtype))
    y = unfold_time(model.analysis(fold_time(latent)), latent.shape[1])
    return y.float() * model.y_gain(level)[:, None, :, None, None]


@torch.inference_mode()
def synthesise(
    model: CodecModel, y_hat: Tensor, level_code: int, length: int, width: int, height: int, colour: Colour
) -> list[list[Picture]]:
    """Gained y_hat (n, t, Cy, h, w) of GoPs of `length` pictures -> their pictures in the stream's size and colour."""
    device, dtype = model.y_gain.log_gain.device, model.decoder.paint.weight.dtype
    level = level_tensor(level_code, device)
    y = (y_hat.to(device) / model.y_gain(level)[:, None, :, None, None]).to(dtype)
    latent = unfold_time(model.synthesis(fold_time(y)), y.shape[1])
    x = model.decoder(latent, model.decoder_gain(level).to(dtype))[:, :length, :, :height, :width]
    bytes_ = x.float().clamp_(-1, 1).add_(1.0).mul_(127.5).round_().to(torch.uint8)
    rgb = bytes_.permute(0, 1, 3, 4, 2).contiguous().cpu().numpy()
    return [[from_rgb(picture, colour) for picture in gop] for gop in rgb]
