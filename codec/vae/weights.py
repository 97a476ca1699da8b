"""Weights on disk: the codec's own, and the pretrained picture autoencoder it works on, a file each.

Floats are kept in half precision, the scale path and the coder's tables as the integers they are used as.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from codec.errors import ModelError
from codec.nn.tensors import read_tensors
from codec.resources import weights_folder
from codec.vae.backbones.picture import PicturePair
from codec.vae.latent import TABLE_NAMES
from codec.vae.model import VaeCodec
from codec.vae.scales import IntegerConv

FORMAT = "seamscope-vae-1"
PRETRAINED = "taef2_fp16.safetensors"
_FULL = "backbone.full."
_MODELS = ("latent.bottleneck", "latent.gaussian")


def load_pretrained(pair: PicturePair, file: Path | None = None) -> None:
    """Fill a full pair with the shipped tensors, or those of `file`. Raises ModelError for any other file."""
    file = file or weights_folder() / PRETRAINED
    try:
        tensors, _ = read_tensors(file)
        pair.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: not the pretrained picture autoencoder ({error}).") from error


@torch.no_grad()
def save_weights(codec: VaeCodec, path: Path, notes: dict[str, str] | None = None) -> None:
    """Write everything but the pretrained autoencoder, whole or not at all. Raises ValueError when the scale path's
    sums would not be exact."""
    codec.latent.scales.check()
    codec.latent.freeze_tables()
    tensors = {
        name: value.half() if value.is_floating_point() else value
        for name, value in codec.state_dict().items()
        if not name.startswith(_FULL)
    }
    for name, layer in codec.named_modules():
        if isinstance(layer, IntegerConv):
            weight, bias = layer.integer_weights()
            tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight.to(torch.int8), bias.to(torch.int32)
    part = path.with_name(path.name + ".part")
    kept = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    save_file(kept, part, {"format": FORMAT} | (notes or {}))
    part.replace(path)


def load_weights(path: Path, *, estimating: bool = False) -> VaeCodec:
    """Read what `save_weights` wrote, with the shipped pretrained autoencoder; `estimating` as to be trained. Raises
    ModelError for anything else."""
    codec = VaeCodec(estimating=estimating)
    load_pretrained(codec.backbone.full)
    try:
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise ValueError(f"the format is not {FORMAT}")
        _load(codec, tensors)
        codec.latent.scales.check()
    except (OSError, SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: these weights cannot be used ({error}).") from error
    return codec.eval().requires_grad_(False)


def _load(codec: VaeCodec, tensors: dict[str, Tensor]) -> None:
    for owner in _MODELS:
        model = codec.get_submodule(owner)
        for name in TABLE_NAMES:
            table = tensors[f"{owner}.{name}"]
            setattr(model, name, torch.empty_like(table))
    for name, layer in codec.named_modules():
        if isinstance(layer, IntegerConv):
            # Whole numbers over powers of two: float32 holds them exactly.
            weight, bias = layer.units()
            tensors[f"{name}.weight"] = tensors[f"{name}.weight"].float() / weight
            tensors[f"{name}.bias"] = tensors[f"{name}.bias"].float() / bias
    if not codec.is_estimating:
        tables = tuple(f"{owner}.{name}" for owner in _MODELS for name in TABLE_NAMES)
        tensors = {n: v for n, v in tensors.items() if n in tables or not n.startswith(_MODELS)}
    full = {_FULL + name: value for name, value in codec.backbone.full.state_dict().items()}
    codec.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in tensors.items()} | full)
