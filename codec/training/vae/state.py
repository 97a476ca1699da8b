"""What lives as long as a training run, and its state on disk."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codec.errors import ModelError, SettingError
from codec.gop import GOP_LENGTH
from codec.metrics.lpips_vgg import LpipsVgg
from codec.training import checkpoint
from codec.training.vae.judges import Discriminator, Judges
from codec.training.vae.settings import RunSettings
from codec.training.vae.sources import find_sources
from codec.training.vae.store import Store, fill
from codec.vae.backbones.known import make_backbone
from codec.vae.initial import start_as_transform
from codec.vae.model import VaeCodec
from codec.vae.weights import load_pretrained, load_weights, save_weights

FITTED_CROPS = 256
"""Crops that the starting transform is fitted to."""
_PACES = {"still": 0.2, "steps": 5.0, "tables": 10.0, "scales": 10.0}
"""Learning rates of some parameters over the stage's: transforms that are exact to begin with move slowly; log steps,
the model of z and the integers of the scale path, which count in other units, fast: a scale that lags behind costs
bits on every zero."""
_TABLES = ("latent.gaussian.", "latent.bottleneck._")
"""The coder's tables: made from the rest whenever weights are written."""
_FIXED = "backbone.full.encoder."
"""The pretrained encoder: it is what the latent space is."""
_SLOW = ("analysis.linear", "synthesis.linear", "temporal.forward_mix", "temporal.inverse_mix")


@dataclass(frozen=True, slots=True)
class Coded:
    """What a step has drawn and coded: `pictures` (B, T, 3, S, S), `decoded` what the backbone shows of them, `root`
    (B,) √λ, the terms of the loss so far, and what the log wants."""

    pictures: Tensor
    decoded: Tensor
    root: Tensor
    loss: Tensor
    measured: dict[str, float]


@dataclass(slots=True)
class Parts:
    """Everything that lives as long as a run."""

    settings: RunSettings
    out: Path
    codec: VaeCodec
    judges: Judges
    critic: Discriminator
    optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    average: dict[str, Tensor]
    """Moving average of the trained parameters and buffers: what is shown, exported and kept."""
    train: Store
    held: Store
    singles: Store | None
    """Single pictures, where a stage draws them."""
    device: torch.device
    step: int = 0
    seconds: float = 0.0
    seen: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """Decoded pictures and sources of the step that the discriminator has yet to learn from."""
    held_over: tuple[int, Coded] | None = None
    """Where a stage holds on to what it codes: the step that drew it, and it."""


def prepare(
    settings: RunSettings, places: tuple[Path, ...], trunk: Path | None, out: Path, device: torch.device
) -> Iterator[str | Parts]:
    """Yields lines while the store is filled, then the parts, at the state in `out` where there is one. Raises
    MediaError without a corpus, ModelError for weights that cannot be used."""
    codec = _begun(settings)
    store, alone = out / f"crops-{settings.crop}", out / f"pictures-{settings.crop}"
    if places:
        sources = find_sources(places)
        for folder, frames, train, held in (
            (store, GOP_LENGTH, settings.crops, settings.held),
            (alone, 1, settings.singles, 0),
        ):
            yield from fill(
                folder,
                sources,
                codec.backbone,
                side=settings.crop,
                train=train,
                held=held,
                share=settings.held_out,
                frames=frames,
            )
    gops, held_out = Store(store, "train"), Store(store, "held")
    singles = Store(alone, "train") if settings.singles else None
    if not settings.start:
        start_as_transform(codec, gops.batch(list(range(min(len(gops), FITTED_CROPS)))).latents)
    codec.requires_grad_(True).train().to(device)
    judges = Judges(LpipsVgg(trunk) if trunk else None, device).to(device)
    for net in (codec, judges):
        _channels_last(net)
    critic = Discriminator(judges).to(device)
    parts = Parts(
        settings,
        out,
        codec,
        judges,
        critic,
        torch.optim.AdamW(_groups(codec, settings.weight_decay), lr=1e-4, betas=(0.9, 0.99)),
        torch.optim.AdamW(critic.parameters(), lr=2e-4, betas=(0.0, 0.99)),
        {},
        gops,
        held_out,
        singles,
        device,
    )
    parts.average = {name: value.detach().clone() for name, value in _trained(codec).items()}
    _resume(parts)
    yield parts


def _begun(settings: RunSettings) -> VaeCodec:
    """The codec as the run begins with it, but for the transform. Raises ModelError, SettingError."""
    torch.manual_seed(settings.seed)
    if settings.start:
        codec = load_weights(Path(settings.start), estimating=True)
        if settings.backbone not in ("", codec.backbone.name):
            raise SettingError(
                f"{settings.start}: these weights are of backbone {codec.backbone.name}, not {settings.backbone}."
            )
    else:
        codec = VaeCodec(make_backbone(settings.sizes))
        if codec.spatial is None and "backbone" not in settings.stages[0].train:
            raise SettingError(
                f"Backbone {codec.backbone.name} would stay as it was drawn at random: name the weights to start from "
                "(--start, or start in the configuration)."
            )
        if codec.spatial is not None:
            load_pretrained(codec.spatial.full)
            codec.spatial.fast.start_from(codec.spatial.full)
    known = (*codec.backbone.parts, "codec", "entropy")
    for stage in settings.stages:
        if stage.seam_share and codec.spatial is None:
            raise SettingError(
                f"Stage {stage.name}: seam_share needs latents of single pictures, which {codec.backbone.name} has not."
            )
        for part in stage.train:
            if part not in known:
                name = codec.backbone.name
                raise SettingError(f"Stage {stage.name}: backbone {name} has no part {part!r}; it has {known}.")
    return codec


@torch.no_grad()
def _channels_last(net: nn.Module) -> None:
    """Keep kernels in the order in which convolutions in bf16 read them; on a CPU it saves a sixth of a step."""
    for parameter in net.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def fit(parts: Parts) -> None:
    """Fit the transform anew to the encoder as it is."""
    rows = list(range(min(len(parts.train), FITTED_CROPS)))
    backbone = parts.codec.backbone
    # One crop after the other: a GoP's activations are large.
    made = [backbone.stored(parts.train.batch([row]).pictures.to(parts.device)) for row in rows]
    start_as_transform(parts.codec, torch.cat(made))
    state = _trained(parts.codec)
    for name, value in parts.average.items():
        if not name.startswith("backbone."):
            value.copy_(state[name])


def _trained(codec: VaeCodec) -> dict[str, Tensor]:
    """Parameters and buffers but the pretrained encoder's and the coder's tables, which are made from the rest."""
    return {n: value for n, value in codec.state_dict().items() if not n.startswith((_FIXED, *_TABLES))}


def _groups(codec: VaeCodec, weight_decay: float) -> list[dict[str, Any]]:
    rows: dict[str, list[Tensor]] = {"weights": [], "rest": [], "still": [], "steps": [], "tables": [], "scales": []}
    for name, parameter in codec.named_parameters():
        if name.startswith(_FIXED):
            continue
        if any(part in name for part in _SLOW):
            rows["still"].append(parameter)
        elif name.startswith("latent.steps."):
            rows["steps"].append(parameter)
        elif name.startswith("latent.bottleneck."):
            rows["tables"].append(parameter)
        elif name.startswith("latent.scales."):
            rows["scales"].append(parameter)
        else:
            rows["weights" if parameter.dim() >= 4 else "rest"].append(parameter)
    return [
        {"params": found, "weight_decay": weight_decay if name == "weights" else 0.0, "pace": _PACES.get(name, 1.0)}
        for name, found in rows.items()
    ]


def part_of(name: str) -> str:
    """Which of settings.PARTS a parameter belongs to."""
    if name.startswith("backbone.fast."):
        return "decoder" if name.startswith("backbone.fast.decoder.") else "pair"
    if name.startswith("backbone.full."):
        return "full"
    if name.startswith("backbone.temporal."):
        return "temporal"
    if name.startswith("backbone."):
        return "backbone"
    return "entropy" if name.startswith("latent.") and not name.startswith("latent.steps.") else "codec"


def is_trained(name: str, parts: Collection[str]) -> bool:
    """Whether a stage that trains `parts` moves a parameter."""
    if name.startswith(_FIXED):
        return False
    part = part_of(name)
    whole = {"entropy": "codec", "decoder": "pair"}.get(part, part)
    return part in parts or whole in parts


@torch.no_grad()
def update_average(parts: Parts) -> None:
    """Take a step's weights into the moving average."""
    # A short memory at first, so that the average is never stuck where training began.
    keep = min(parts.settings.ema, (1 + parts.step) / (10 + parts.step))
    state = _trained(parts.codec)
    for name, value in parts.average.items():
        if value.is_floating_point():
            value.lerp_(state[name], 1 - keep)
        else:
            value.copy_(state[name])


def averaged(parts: Parts) -> VaeCodec:
    """The codec with the moving average's weights."""
    codec = VaeCodec(make_backbone(parts.codec.backbone.sizes))
    codec.load_state_dict(
        {name: value.cpu() for name, value in parts.codec.state_dict().items() if not name.startswith(_TABLES)}
        | {name: value.cpu() for name, value in parts.average.items()},
        strict=False,
    )
    return codec.eval()


def save(parts: Parts) -> None:
    """The state, and the averaged weights as they would ship."""
    tensors = {f"model.{name}": value for name, value in _trained(parts.codec).items()}
    tensors |= {f"ema.{name}": value for name, value in parts.average.items()}
    tensors |= {f"critic.{name}": value for name, value in parts.critic.state_dict().items()}
    names = {id(parameter): name for name, parameter in parts.codec.named_parameters()}
    moments = {names[id(p)]: kept for p, kept in parts.optimiser.state.items()}
    tensors |= {f"m1.{name}": kept["exp_avg"] for name, kept in moments.items()}
    tensors |= {f"m2.{name}": kept["exp_avg_sq"] for name, kept in moments.items()}
    counts = {name: float(kept["step"]) for name, kept in moments.items()}
    checkpoint.save(
        parts.out, checkpoint.State(tensors, {"step": parts.step, "seconds": parts.seconds, "counts": counts})
    )
    notes = {"steps": str(parts.step), "seconds": f"{parts.seconds:.0f}"}
    save_weights(averaged(parts), parts.out / "weights.safetensors", notes)


def _resume(parts: Parts) -> None:
    state = checkpoint.load(parts.out)
    if state is None:
        return
    try:
        parts.codec.load_state_dict(state.role("model."), strict=False)
        for name, value in state.role("ema.").items():
            parts.average[name].copy_(value)
        parts.critic.load_state_dict(state.role("critic."))
        first, second, counts = state.role("m1."), state.role("m2."), state.position["counts"]
        for name, parameter in parts.codec.named_parameters():
            if name in first:
                parts.optimiser.state[parameter] = {
                    "step": torch.tensor(counts[name]),
                    "exp_avg": first[name].to(parts.device),
                    "exp_avg_sq": second[name].to(parts.device),
                }
        parts.step, parts.seconds = int(state.position["step"]), float(state.position["seconds"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"{parts.out}: the state is of another version or configuration ({error}).") from error
