"""The float ends of the codec: pictures to gained y, and gained y_hat to pictures. One GoP at a time."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from codec.gop import GOP_LENGTH
from codec.media.colour import from_rgb, to_rgb
from codec.media.picture import Colour, Picture
from codec.model.config import FRAMES_PER_LATENT, TRANSFORM_STRIDE
from codec.model.weights import CodecModel
from codec.stream.latents import level_tensor


def latent_frames(length: int) -> int:
    """Latent frames t of a GoP of `length` pictures: 1, 2 or 3."""
    if not 1 <= length <= GOP_LENGTH:
        raise ValueError(f"a GoP has 1 to {GOP_LENGTH} pictures, not {length}")
    return 1 + -(-(length - 1) // FRAMES_PER_LATENT)


def y_size(width: int, height: int) -> tuple[int, int]:
    """(h, w) of y for pictures of this size."""
    return -(-height // TRANSFORM_STRIDE), -(-width // TRANSFORM_STRIDE)


@torch.inference_mode()
def analyse(model: CodecModel, pictures: list[Picture], level_code: int) -> Tensor:
    """1 to 9 pictures -> gained y (t, Cy, h, w). Pictures are padded by their last row and column, the GoP by its last
    picture."""
    device = model.y_gain.log_gain.device
    rgb = torch.from_numpy(np.stack([to_rgb(picture) for picture in pictures])).to(device)
    x = rgb.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
    height, width = x.shape[-2:]
    x = F.pad(x, (0, -width % TRANSFORM_STRIDE, 0, -height % TRANSFORM_STRIDE), mode="replicate")
    missing = 1 + FRAMES_PER_LATENT * (latent_frames(len(pictures)) - 1) - len(pictures)
    if missing:
        x = torch.cat((x, x[-1:].expand(missing, -1, -1, -1)))
    level = level_tensor(level_code, device)
    latent = model.encoder(x[None], model.encoder_gain(level))[0]
    return model.analysis(latent) * model.y_gain(level)[:, :, None, None]


@torch.inference_mode()
def synthesise(
    model: CodecModel, y_hat: Tensor, level_code: int, length: int, width: int, height: int, colour: Colour
) -> list[Picture]:
    """Gained y_hat (t, Cy, h, w) -> `length` pictures of the stream's size and colour."""
    level = level_tensor(level_code, y_hat.device)
    latent = model.synthesis(y_hat / model.y_gain(level)[:, :, None, None])
    x = model.decoder(latent[None], model.decoder_gain(level))[0, :length, :, :height, :width]
    rgb = x.clamp(-1, 1).add(1.0).mul_(127.5).round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return [from_rgb(picture, colour) for picture in rgb]
