"""Checkpoints of the published backbones, as their authors give them: which net a file is of, and whether all of it is
there.

Safetensors, and what PyTorch 1.6 or newer saves, which is read with `weights_only`: nothing in a file is run. Sizes are
those that the tensors' shapes tell; before anything is loaded, every key and shape is compared with a net of these
sizes.
"""

import argparse
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from codec.errors import ModelError
from codec.vae.backbones.dense import DenseSizes
from codec.vae.backbones.lean import LeanSizes
from codec.vae.backbones.sizes import Sizes
from codec.vae.weights import blank, difference

_MOST_BYTES = 4 * 2**30
"""Of a checkpoint: one may hold an optimiser's state, too."""
_MOST_PICKLE = 32 * 2**20
"""Of the part of a checkpoint that is no tensors' values."""
_MOST_TENSORS = 20_000
_TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_WRAPPED = ("state_dict", "model", "module", "ema")
"""Names under which checkpoints keep a net's tensors beside other things."""
_PREFIXES = ("module.", "model.", "vae3d.", "vae.")
"""Names that a net may have had within another."""
_NAMES = {DenseSizes: "CV-VAE (dense)", LeanSizes: "LeanVAE (lean)"}


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that is complete: the sizes of its net, and its tensors by the net's own keys."""

    sizes: Sizes
    tensors: dict[str, Tensor]

    @property
    def name(self) -> str:
        """Of the net, for a reader."""
        return _NAMES[type(self.sizes)]

    @property
    def precision(self) -> torch.dtype:
        """The type that keeps it as it was published."""
        half = all(value.dtype is torch.float16 for value in self.tensors.values())
        return torch.float16 if half else torch.float32


def read_published(path: Path) -> Published:
    """The net in a checkpoint. Raises ModelError, in one sentence: what the file is not, or which tensors are missing,
    too much or of another shape."""
    try:
        if not path.exists():
            raise ValueError("there is no such file")
        if not path.is_file():
            raise ValueError("it is no regular file")
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too large to be a checkpoint")
        with path.open("rb") as file:
            head = file.read(9)
        # Safetensors begin with a length, which may look like anything, and then a table.
        if head[8:] == b"{":
            return _of_safetensors(path)
        if head[:2] == b"PK":
            return _of_torch(path)
        old = head[:1] == b"\x80"
        raise ValueError(
            "it is of a PyTorch older than 1.6; save it anew with a newer one" if old else "it is no checkpoint"
        )
    except (OSError, SafetensorError, ValueError, RuntimeError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0].removesuffix(".") if str(error) else type(error).__name__
        raise ModelError(f"{path}: this checkpoint cannot be imported ({reason}).") from error


def _of_safetensors(path: Path) -> Published:
    with safe_open(path, framework="pt") as file:
        names = _unprefixed(list(file.keys()))
        # Shapes come from the file's head; a hole of a gigabyte would be found before it is read.
        with torch.device("meta"):
            shapes = {own: torch.empty(file.get_slice(name).get_shape()) for own, name in names.items()}
        sizes = _recognised(shapes)
        return _checked(Published(sizes, {own: file.get_tensor(name) for own, name in names.items()}))


def _of_torch(path: Path) -> Published:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        # PyTorch stores values as they are. What is packed could be unpacked to any size.
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("its parts are compressed, which PyTorch does not do")
        if any(member.file_size > _MOST_PICKLE for member in members if member.filename.endswith(".pkl")):
            raise ValueError("what it says about its tensors is too large")
    # Arguments of the authors' programs lie beside the tensors of some; nothing is asked of them.
    with torch.serialization.safe_globals([argparse.Namespace]):
        try:
            # Mapped, not read: a value outside the file is refused, and only what is asked for takes memory.
            found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except (pickle.UnpicklingError, AttributeError, KeyError, TypeError, IndexError, EOFError) as error:
            raise ValueError("it holds other things than tensors, or is damaged") from error
    tensors = _tensors(found)
    names = _unprefixed(list(tensors))
    net = {own: tensors[name] for own, name in names.items()}
    if sum(value.numel() * value.element_size() for value in net.values()) > path.stat().st_size:
        # A value can be claimed to stand at many places.
        raise ValueError("it claims more values than it holds")
    return _checked(Published(_recognised(net), net))


def _tensors(found: Any) -> dict[str, Tensor]:
    for name in _WRAPPED:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping) or not all(isinstance(key, str) for key in found):
        raise ValueError("it holds no table of tensors")
    if not all(isinstance(value, Tensor) for value in found.values()):
        raise ValueError("it holds other things than tensors")
    return {str(key): value for key, value in found.items()}


def _unprefixed(names: list[str]) -> dict[str, str]:
    """Keys without a prefix that all of them have, each with the key as it is."""
    if len(names) > _MOST_TENSORS:
        raise ValueError("it holds too many tensors")
    for prefix in _PREFIXES:
        if names and all(name.startswith(prefix) for name in names):
            return {name.removeprefix(prefix): name for name in names}
    return {name: name for name in names}


def _recognised(tensors: Mapping[str, Tensor]) -> Sizes:
    """The sizes of the net that the tensors are of. Raises ValueError."""
    for mark, kind, sizes_of in _MARKS:
        if mark not in tensors:
            continue
        try:
            sizes = sizes_of(tensors)
        except (KeyError, IndexError) as error:
            reason = f"{error.args[0]} is missing or of another shape"
            raise ValueError(f"it looks like {_NAMES[kind]}, but {reason}") from error
        wrong = difference(tensors, blank(sizes))
        if wrong:
            raise ValueError(f"it looks like {_NAMES[kind]}, but {wrong}")
        return sizes
    if "decoder.19.weight" in tensors and "encoder.14.weight" in tensors:
        raise ValueError("it looks like TAEF2, which ships already and is what backbone spatial works on")
    raise ValueError("its tensors are of no net that is known here: CV-VAE or LeanVAE")


def _side(tensors: Mapping[str, Tensor], name: str, dim: int) -> int:
    if name not in tensors or tensors[name].ndim <= dim:
        raise KeyError(name)
    return tensors[name].shape[dim]


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """How many numbers, from 0 on, stand at the group of a pattern."""
    numbers = {int(found[1]) for name in tensors if (found := re.match(pattern, name))}
    count = 0
    while count in numbers:
        count += 1
    return count


def _dense_sizes(tensors: Mapping[str, Tensor]) -> DenseSizes:
    width = _side(tensors, "encoder.conv_in.weight", 0)
    levels = [_side(tensors, f"encoder.down.{level}.block.0.conv1.weight", 0) for level in range(4)]
    if width < 1 or any(level % width for level in levels):
        raise ValueError("it looks like CV-VAE (dense), but its levels are no multiples of its first one")
    return DenseSizes(
        channels=_side(tensors, "encoder.conv_out.weight", 0) // 2,
        width=width,
        multipliers=tuple(level // width for level in levels),
        blocks=_count(tensors, r"encoder\.down\.0\.block\.(\d{1,3})\."),
    )


def _lean_sizes(tensors: Mapping[str, Tensor]) -> LeanSizes:
    return LeanSizes(
        channels=_side(tensors, "latent_bottleneck.phi", 0),
        low=_side(tensors, "encoder.image_low_proj.1.weight", 0),
        high=_side(tensors, "encoder.image_high_proj.1.weight", 0),
        branch_layers=_count(tensors, r"encoder\.low_layer\.dconv_layer\.(\d{1,3})\."),
        joint_layers=_count(tensors, r"encoder\.fusion_layer\.dconv_layer\.(\d{1,3})\."),
        steps=_count(tensors, r"latent_bottleneck\.forward_l\.(\d{1,3})\."),
        step_layers=_count(tensors, r"latent_bottleneck\.forward_l\.0\.dconv_layer\.(\d{1,3})\."),
    )


_Reader = Callable[[Mapping[str, Tensor]], Sizes]
_MARKS: tuple[tuple[str, type[Sizes], _Reader], ...] = (
    ("encoder.mid.attn_1.q.weight", DenseSizes, _dense_sizes),
    ("latent_bottleneck.phi", LeanSizes, _lean_sizes),
)
"""A key that tells a net, and how its sizes are read off its shapes."""


def _checked(found: Published) -> Published:
    for name, value in found.tensors.items():
        if value.dtype not in _TYPES:
            raise ValueError(f"{name} holds no floating-point numbers")
        if not bool(torch.isfinite(value.float()).all()):
            raise ValueError(f"{name} holds values that are no finite numbers")
    return found


@torch.no_grad()
def widened(found: Published, channels: int) -> Published:
    """A `dense` net with more channels of L, as the paper has 128: those it had stay, the decoder does not look at the
    new ones yet. Raises ModelError for other nets, and for fewer channels."""
    if not isinstance(found.sizes, DenseSizes):
        raise ModelError(f"The channels of {found.name} cannot be changed; those of CV-VAE can.")
    had, tensors = found.sizes.channels, dict(found.tensors)
    try:
        sizes = replace(found.sizes, channels=channels)
    except ValueError as error:
        raise ModelError(f"The net cannot be widened: {error}.") from error
    if channels < had:
        raise ModelError(f"The net has {had} channels; it can be widened, not narrowed to {channels}.")
    weight, bias = tensors["encoder.conv_out.weight"].float(), tensors["encoder.conv_out.bias"].float()
    fresh = torch.randn(channels - had, *weight.shape[1:], generator=torch.Generator().manual_seed(channels))
    mean, spread = weight.chunk(2)
    still = torch.zeros_like(fresh)
    tensors["encoder.conv_out.weight"] = torch.cat([mean, fresh * mean.std(), spread, still])
    none = torch.zeros(channels - had)
    tensors["encoder.conv_out.bias"] = torch.cat([bias[:had], none, bias[had:], none])
    taken = tensors["decoder.conv_in.weight"].float()
    unseen = torch.zeros(len(taken), channels - had, *taken.shape[2:])
    tensors["decoder.conv_in.weight"] = torch.cat([taken, unseen], dim=1)
    return Published(sizes, {name: value.to(found.precision) for name, value in tensors.items()})
