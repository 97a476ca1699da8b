"""Weights on disk: the codec's own, and the pretrained picture autoencoder of backbone `spatial`, a file each.

No stream depends on either decoder of pictures, so both can get better while streams stay readable. The fast one is in
the codec's file and counts for nothing in the model id. The pretrained one, where it was taught what coded latents look
like, is kept in a file of its own beside the codec's, `full_NAME`.

Floats are kept in half precision, the scale path and the coder's tables as the integers they are used as. The metadata
says which backbone the tensors are of and, where that has a choice, its sizes; files that say nothing are of `spatial`.
It may also name ids by which streams of the same codec are known from before (`FORMERLY`).
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from codec.errors import ModelError
from codec.nn.tensors import read_tensors
from codec.resources import full_decoder_of, weights_folder
from codec.vae.backbones.known import make_backbone, sizes_of
from codec.vae.backbones.picture import FineHead, PicturePair
from codec.vae.backbones.sizes import Sizes
from codec.vae.latent import TABLE_NAMES
from codec.vae.model import VaeCodec
from codec.vae.scales import IntegerConv

FORMAT = "seamscope-vae-2"
FORMAT_FULL = "seamscope-vae-full-1"
PRETRAINED = "taef2_fp16.safetensors"
MAX_BYTES = 2**30
"""Of a weights file: the largest published net in single precision, and the codec."""
_FULL = "backbone.full."
_DECODER = "decoder."
FAST_DECODER = "backbone.fast.decoder."
"""Begins the names of the tensors that no stream depends on."""
FORMERLY = "formerly"
"""Of the metadata: further model ids (hex, between blanks) that streams of these weights may say."""
_FINER = FAST_DECODER + "9.finer."
_BACKBONE = "backbone."
_MODELS = ("latent.bottleneck", "latent.gaussian")
_MOST_NAMED = 3


def load_pretrained(pair: PicturePair, file: Path | None = None) -> None:
    """Fill a full pair with the shipped tensors, or those of `file`. Raises ModelError for any other file."""
    file = file or weights_folder() / PRETRAINED
    try:
        tensors, _ = read_tensors(file)
        pair.load_state_dict({name: value.float() for name, value in tensors.items()})
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: not the pretrained picture autoencoder ({error}).") from error


@torch.no_grad()
def save_weights(
    codec: VaeCodec, path: Path, notes: dict[str, str] | None = None, *, published: torch.dtype | None = None
) -> None:
    """Write everything but the pretrained autoencoder, whole or not at all, and before it the full decoder where that
    was taught (where it was not, none stays beside them); the backbone in its `published` type where that is given.
    Raises ValueError when the scale path's sums would not be exact."""
    codec.latent.scales.check()
    # The tables of what the file keeps: weights that are read and written on are the same model.
    for name, value in codec.state_dict().items():
        if name.startswith(_MODELS) and value.is_floating_point():
            value.copy_(value.half())
    codec.latent.freeze_tables()
    tensors = {
        name: value.to(published if published and name.startswith(_BACKBONE) else torch.float16)
        if value.is_floating_point()
        else value
        for name, value in codec.state_dict().items()
        if not name.startswith(_FULL)
    }
    for name, layer in codec.named_modules():
        if isinstance(layer, IntegerConv):
            weight, bias = layer.integer_weights()
            tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight.to(torch.int8), bias.to(torch.int32)
    full = full_decoder_of(path)
    if codec.spatial is not None and _is_taught(codec.spatial.full):
        taught = {n: v.half() for n, v in codec.spatial.full.state_dict().items() if n.startswith(_DECODER)}
        _write(full, taught, {"format": FORMAT_FULL} | (notes or {}))
    else:
        # One of the weights that these take the place of would show other latents.
        full.unlink(missing_ok=True)
    _write(path, tensors, {"format": FORMAT} | _kind(codec) | (notes or {}))


def _is_taught(full: PicturePair) -> bool:
    published = PicturePair(fast=False)
    load_pretrained(published)
    return any(
        not torch.equal(value.cpu().half(), published.get_parameter(name).half())
        for name, value in full.named_parameters()
    )


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    part = path.with_name(path.name + ".part")
    kept = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    part.touch()
    mode = part.stat().st_mode
    save_file(kept, part, metadata)
    # The library makes files that nobody else may read.
    part.chmod(mode)
    part.replace(path)


def _kind(codec: VaeCodec) -> dict[str, str]:
    sizes = codec.backbone.sizes
    return {} if sizes is None else {"backbone": codec.backbone.name, "sizes": sizes.to_text()}


def former_ids(path: Path) -> tuple[str, ...]:
    """What the metadata of weights says under FORMERLY; nothing where a file is none, or cannot be read as such."""
    try:
        _, metadata = read_tensors(path, MAX_BYTES)
    except (OSError, SafetensorError, ValueError, RuntimeError):
        return ()
    return tuple(metadata.get(FORMERLY, "").split()) if metadata.get("format") == FORMAT else ()


def load_weights(path: Path, *, estimating: bool = False) -> VaeCodec:
    """Read what `save_weights` wrote, with the shipped pretrained autoencoder where the backbone has it, its decoder as
    taught where it was; `estimating` as to be trained. Raises ModelError for anything else."""
    try:
        tensors, metadata = read_tensors(path, MAX_BYTES)
        if metadata.get("format") != FORMAT:
            raise ValueError(f"the format is not {FORMAT}")
        sizes = sizes_of(metadata.get("backbone", "spatial"), metadata.get("sizes", "{}"))
        if sizes is None and not any(name.startswith(_FINER) for name in tensors):
            # Of a fast decoder without these layers, which add nothing to begin with.
            tensors |= FineHead().finer.state_dict(prefix=_FINER)
        _check_backbone(sizes, tensors)
        codec = VaeCodec(make_backbone(sizes), estimating=estimating)
        if codec.spatial is not None:
            load_pretrained(codec.spatial.full)
            _load_full_decoder(codec.spatial.full, full_decoder_of(path))
        _load(codec, tensors)
        codec.latent.scales.check()
    except (OSError, SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: these weights cannot be used ({error}).") from error
    return codec.eval().requires_grad_(False)


def _load_full_decoder(full: PicturePair, file: Path) -> None:
    """Raises ModelError for a file that is not a taught decoder."""
    if not file.exists():
        return
    try:
        tensors, metadata = read_tensors(file, MAX_BYTES)
        if metadata.get("format") != FORMAT_FULL:
            raise ValueError(f"the format is not {FORMAT_FULL}")
        own = {name.removeprefix(_DECODER): value.float() for name, value in tensors.items()}
        full.decoder.load_state_dict(own)
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise ModelError(f"{file}: not a full decoder ({error}).") from error


def _check_backbone(sizes: Sizes | None, tensors: dict[str, Tensor]) -> None:
    """Raises ValueError where a backbone of these sizes is not what the tensors are of: before any memory is taken for
    it, since sizes may be anybody's."""
    found = {name.removeprefix(_BACKBONE): value for name, value in tensors.items() if name.startswith(_BACKBONE)}
    wanted = {name: value for name, value in blank(sizes).items() if not name.startswith(_FULL.removeprefix(_BACKBONE))}
    wrong = difference(found, wanted)
    if wrong:
        raise ValueError(wrong)


def blank(sizes: Sizes | None) -> dict[str, Tensor]:
    """Keys of a backbone with tensors that have a shape and take no memory."""
    with torch.device("meta"):
        made: nn.Module = make_backbone(sizes)
    return made.state_dict()


def difference(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """What tells tensors from those wanted, by key and shape, as part of a sentence; "" where nothing does."""
    missing = [name for name in wanted if name not in found]
    foreign = [name for name in found if name not in wanted]
    shapes = [name for name, value in wanted.items() if name in found and found[name].shape != value.shape]
    said = [f"{name} is {_shape(found[name])} in place of {_shape(wanted[name])}" for name in shapes[:_MOST_NAMED]]
    rows = [
        ("missing", missing, missing[:_MOST_NAMED]),
        ("too much", foreign, [name[:80] for name in foreign[:_MOST_NAMED]]),
        ("of another shape", shapes, said),
    ]
    return "; ".join(
        f"{len(names)} {'tensor is' if len(names) == 1 else 'tensors are'} {what} "
        f"({', '.join(shown)}{', ..' if len(names) > _MOST_NAMED else ''})"
        for what, names, shown in rows
        if names
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


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
    if codec.spatial is not None:
        tensors = tensors | {_FULL + name: value for name, value in codec.spatial.full.state_dict().items()}
    codec.load_state_dict({name: v.float() if v.is_floating_point() else v for name, v in tensors.items()})
