"""Weights on disk: one safetensors file holds the float networks and the integer scale network as it is run.

The file's metadata names the format, the size and how it was made. The model id in every stream is a hash of the
tensors, so a stream can say which weights it needs. The metadata's copy of it is for a reader's eyes: what counts is
computed.
"""

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from codec.errors import ModelError
from codec.hybrid.entropy import symbols
from codec.hybrid.model.config import SIZES, ModelConfig
from codec.hybrid.model.network import CodecNetwork, Gains, branches
from codec.hybrid.model.priors import HyperAnalysis, MeanPrior
from codec.hybrid.model.scales import FrozenScaleNet
from codec.hybrid.trees import coding as tree_coding
from codec.nn.tensors import ID_BYTES, hash_tensors, read_tensors
from codec.nn.tensors import read_model_id as model_id_of
from codec.output import WholeFile

FORMAT = "seamscope-weights-6"
_SCALE_PREFIX = "scale_net."
_STARTS = "context_starts"
_TREE_STARTS = "tree_starts"


class CodecModel(nn.Module):
    """The shipped codec: float networks and the frozen scale network, ready for `codec.hybrid`."""

    def __init__(
        self,
        config: ModelConfig,
        scales: dict[str, Tensor],
        context_starts: NDArray[np.int32],
        tree_starts: NDArray[np.int32],
    ) -> None:
        super().__init__()
        self.config = config
        self.anchor, self.group = branches(config)
        self.gains = Gains(config)
        self.hyper_analysis = HyperAnalysis(config)
        self.mean_prior = MeanPrior(config)
        self.scale_net = FrozenScaleNet(scales)
        self.context_starts = context_starts
        self.tree_starts = tree_starts
        self.model_id = b"\0" * ID_BYTES

    def use_networks_of(self, number_type: torch.dtype) -> None:
        """Keep E, D, g_a and g_s as float16 or bfloat16: pictures differ by rounding, symbols decode the same. The
        scale path and the means stay float32."""
        for network in (self.anchor, self.group):
            network.to(number_type)

    @property
    def number_type(self) -> torch.dtype:
        """What E, D, g_a and g_s compute in."""
        return self.anchor.encoder.patch.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.anchor.encoder.patch.weight.device


def save_weights(
    network: CodecNetwork,
    path: Path,
    notes: dict[str, str] | None = None,
    context_starts: NDArray[np.int32] | None = None,
    tree_starts: NDArray[np.int32] | None = None,
) -> None:
    """Write `network` as shippable weights (float16 where a float may be, integers for the scale path), with what the
    contexts of the entropy coder (`entropy.symbols`) and of key pictures (`trees`) start from.

    Raises ValueError when the scale network's integers would not be exact.
    """
    tensors = {
        name: value.detach().to(torch.float16).cpu().contiguous()
        for name, value in network.state_dict().items()
        if not name.startswith(_SCALE_PREFIX)
    }
    tensors |= {_SCALE_PREFIX + name: value for name, value in network.scale_net.frozen_tensors().items()}
    tensors[_STARTS] = torch.from_numpy(symbols.plain_starts() if context_starts is None else context_starts)
    tensors[_TREE_STARTS] = torch.from_numpy(tree_coding.plain_starts() if tree_starts is None else tree_starts)
    metadata = {"format": FORMAT, "config": json.dumps(network.config.to_dict()), **(notes or {})}
    _write(tensors, path, metadata)


def with_context_starts(
    path: Path, output: Path, context_starts: NDArray[np.int32], tree_starts: NDArray[np.int32]
) -> str:
    """Write the weights of `path` to `output` with other starts of all contexts; returns their model id. Both may be
    one file."""
    tensors, metadata = read_tensors(path)
    tensors[_STARTS], tensors[_TREE_STARTS] = torch.from_numpy(context_starts), torch.from_numpy(tree_starts)
    return _write(tensors, output, metadata)


def _write(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> str:
    """Write a weights file, whole or not at all; returns its model id."""
    model_id = hash_tensors(tensors).hex()
    with WholeFile(path, ()) as part:
        save_file(tensors, part, metadata | {"model_id": model_id})
    return model_id


def load_weights(path: Path) -> CodecModel:
    """Read weights written by `save_weights`. Raises ModelError for anything else, naming the file and the cause."""
    try:
        tensors, metadata = read_tensors(path)
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: the codec's weights cannot be read ({error}).") from error
    if metadata.get("format") != FORMAT:
        raise ModelError(f"{path}: these are not Seamscope weights of format {FORMAT}.")
    try:
        config = ModelConfig(**json.loads(metadata["config"]))
        if config != SIZES.get(config.name):
            raise ValueError(f"unknown size {config.name!r}")
        scales = {k[len(_SCALE_PREFIX) :]: v for k, v in tensors.items() if k.startswith(_SCALE_PREFIX)}
        context_starts, tree_starts = tensors[_STARTS].numpy(), tensors[_TREE_STARTS].numpy()
        symbols.check(context_starts)
        tree_coding.check(tree_starts)
        model = CodecModel(config, scales, context_starts, tree_starts)
        others = (_STARTS, _TREE_STARTS)
        floats = {k: v.float() for k, v in tensors.items() if not k.startswith(_SCALE_PREFIX) and k not in others}
        missing, unexpected = model.load_state_dict(floats, strict=False)
        missing = [name for name in missing if not name.startswith(_SCALE_PREFIX)]
        if missing or unexpected:
            raise ValueError(f"tensors missing or unknown: {[*missing, *unexpected][:3]}")
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"{path}: the weights do not fit this version of Seamscope ({error}).") from error
    model.model_id = hash_tensors(tensors)
    return model.eval().requires_grad_(False)


def read_model_id(path: Path) -> str:
    """The model id (hex) of a weights file's tensors; "" when it cannot be read as such."""
    return model_id_of(path, FORMAT)
