"""Weights of a published checkpoint: its backbone as it is, and around it a transform codec fitted to the sample clips,
which codes at once and is what stages two and three of training start from."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from codec import registry
from codec.context import WorkContext
from codec.errors import OutputError
from codec.gop import GOP_LENGTH
from codec.media.clip import open_clip
from codec.media.colour import to_rgb
from codec.output import WholeFile, check_output
from codec.resources import MORE_WEIGHTS, sample_clips
from codec.vae.backbones import Backbone
from codec.vae.backbones.known import make_backbone
from codec.vae.initial import start_as_transform
from codec.vae.model import VaeCodec
from codec.vae.published import read_published, widened
from codec.vae.weights import save_weights

_CROPS = 12
_SIDE = 96
_READING = 0.1
"""Share of the work that reading the checkpoint is."""


def import_checkpoint(source: Path, out: Path | None, context: WorkContext, *, channels: int | None = None) -> str:
    """Write weights made of the checkpoint `source` to `out`, by default to a file of its name that is not there yet;
    `channels`: as `widened`. Returns a sentence. Raises ModelError, OutputError, OSError, Cancelled; nothing is
    written then."""
    if out is not None:
        _check(out, source)
    context.report(0.0, "reading the checkpoint")
    found = read_published(source)
    found = found if channels is None else widened(found, channels)
    if out is None:
        out = _default_output(source)
        _check(out, source)
    context.check()
    torch.manual_seed(0)
    backbone = make_backbone(found.sizes)
    backbone.load_state_dict({name: value.float() for name, value in found.tensors.items()})
    codec = VaeCodec(backbone).eval().requires_grad_(False)
    start_as_transform(codec, torch.cat(list(_latents(backbone, context))))
    with WholeFile(out, (source, *registry.all_weights())) as part:
        save_weights(codec, part, {"imported": found.name, "steps": "0"}, published=found.precision)
    count = sum(value.numel() for value in found.tensors.values()) / 1e6
    return (
        f"{out}: {found.name}, {len(found.tensors)} tensors, {count:.1f} million parameters, {backbone.channels} "
        f"channels of L; the codec around it is not trained yet"
    )


def _check(out: Path, source: Path) -> None:
    if not re.fullmatch(r"vae_.+\.safetensors", out.name):
        raise OutputError(f"{out}: weights are found by their name; call them vae_NAME.safetensors.")
    check_output(out, (source, *registry.all_weights()))


def _default_output(source: Path) -> Path:
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", source.stem).strip("_")[:60] or "checkpoint"
    folder = Path(os.environ.get(MORE_WEIGHTS) or ".")
    out = folder / f"vae_{stem}.safetensors"
    if out.exists():
        raise OutputError(f"{out}: there is such a file already; name another one with --out.")
    return out


@torch.no_grad()
def _latents(backbone: Backbone, context: WorkContext) -> Iterator[Tensor]:
    """L (1, t, c, h, w) of crops of the sample clips."""
    rng, done, clips = np.random.default_rng(1), 0, sample_clips()
    for path in clips:
        with open_clip(path, context=context) as clip:
            for first in np.linspace(0, clip.frame_count - GOP_LENGTH, _CROPS // len(clips)).astype(int):
                context.check()
                context.report(_READING + (1 - _READING) * done / _CROPS, "fitting the transform")
                done += 1
                rgb = np.stack([to_rgb(picture) for picture in clip.pictures(int(first), int(first) + GOP_LENGTH)])
                top, left = (int(rng.integers(side - _SIDE + 1)) for side in rgb.shape[1:3])
                crop = torch.from_numpy(rgb[:, top : top + _SIDE, left : left + _SIDE].copy())
                yield backbone.stored(crop[None].permute(0, 1, 4, 2, 3).float() / 127.5 - 1)
