"""A whole training run of the `vae` codec, readable from top to bottom.

    seamscope train CONFIG --out DIR [--corpus PLACE ...] [--minutes N] [--device auto]

Goes on where the state in DIR stands. Stages are the paper's: E and D, then the codec with both frozen (Eq. 2), then
everything; the configuration says which parts and judges each has. DIR receives log.csv, curves.png, panel-*.png,
weights.safetensors (half precision, whenever the state is saved) and the state itself.
"""

import csv
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from codec.errors import MediaError, ModelError, SettingError
from codec.gop import GOP_LENGTH
from codec.metrics.lpips_vgg import LpipsVgg
from codec.training import checkpoint
from codec.training.vae.judges import Discriminator, Judges, flicker, fooled, hinge
from codec.training.vae.pictures import draw_curves, draw_panel
from codec.training.vae.settings import RunSettings, Stage
from codec.training.vae.sources import find_sources
from codec.training.vae.store import Crops, Store, fill
from codec.vae.initial import start_as_transform
from codec.vae.model import VaeCodec
from codec.vae.rates import QUALITY_MAX, lambda_of
from codec.vae.weights import load_pretrained, load_weights, save_weights

LOG_FIELDS = ("step", "stage", "seconds", "loss", "bpp", "z_bpp", "latent", "lpips", "pair", "nonzero", "learning_rate")
FITTED_CROPS = 256
"""Crops that the starting transform is fitted to."""
_PACES = {"still": 0.05, "steps": 3.0, "tables": 5.0}
"""Learning rates of some parameters over the stage's: transforms that are exact to begin with move slowly; log steps
and the model of z, which count in other units, fast."""
_SLOW = ("analysis.linear", "synthesis.linear", "temporal.forward_mix", "temporal.inverse_mix")
_ENDS = 0.08
"""Share of crops at either end of the range of λ, which would otherwise be seen least."""
_REFRESH_STEPS = 200


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
    device: torch.device
    step: int = 0
    seconds: float = 0.0
    seen: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """Decoded pictures and sources of the step that the discriminator has yet to learn from."""


def prepare(
    settings: RunSettings, places: tuple[Path, ...], trunk: Path | None, out: Path, device: torch.device
) -> Iterator[str | Parts]:
    """Yields lines while the store is filled, then the parts, at the state in `out` where there is one. Raises
    MediaError without a corpus, ModelError for weights that cannot be used."""
    torch.manual_seed(settings.seed)
    codec = VaeCodec()
    load_pretrained(codec.backbone.full)
    store = out / f"crops-{settings.crop}"
    if places:
        yield from fill(
            store,
            find_sources(places),
            codec.backbone.full,
            side=settings.crop,
            train=settings.crops,
            held=settings.held,
            share=settings.held_out,
        )
    train, held = Store(store, "train"), Store(store, "held")
    if settings.start:
        codec = load_weights(Path(settings.start)).requires_grad_(True)
    else:
        codec.backbone.fast.start_from(codec.backbone.full)
        start_as_transform(codec, train.batch(list(range(min(len(train), FITTED_CROPS)))).latents)
    codec.backbone.full.requires_grad_(False)
    codec.train().to(device)
    judges = Judges(LpipsVgg(trunk) if trunk else None, device).to(device)
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
        train,
        held,
        device,
    )
    parts.average = {name: value.detach().clone() for name, value in _trained(codec).items()}
    _resume(parts)
    yield parts


def _trained(codec: VaeCodec) -> dict[str, Tensor]:
    """Parameters and buffers but the pretrained autoencoder's and the coder's tables, which are made from the rest."""
    left_out = ("backbone.full.", "latent.gaussian.", "latent.bottleneck._")
    return {name: value for name, value in codec.state_dict().items() if not name.startswith(left_out)}


def _groups(codec: VaeCodec, weight_decay: float) -> list[dict[str, Any]]:
    rows: dict[str, list[Tensor]] = {"weights": [], "rest": [], "still": [], "steps": [], "tables": []}
    for name, parameter in codec.named_parameters():
        if name.startswith("backbone.full."):
            continue
        if any(part in name for part in _SLOW):
            rows["still"].append(parameter)
        elif name.startswith("latent.steps."):
            rows["steps"].append(parameter)
        elif name.startswith("latent.bottleneck."):
            rows["tables"].append(parameter)
        else:
            rows["weights" if parameter.dim() == 4 else "rest"].append(parameter)
    return [
        {"params": found, "weight_decay": weight_decay if name == "weights" else 0.0, "pace": _PACES.get(name, 1.0)}
        for name, found in rows.items()
    ]


def _part_of(name: str) -> str:
    if name.startswith("backbone.fast."):
        return "pair"
    return "temporal" if name.startswith("backbone.temporal.") else "codec"


def train(parts: Parts, minutes: float | None) -> Iterator[str]:
    """Steps until the stages or the minutes end; yields lines for the terminal."""
    settings, began, before = parts.settings, time.monotonic(), parts.seconds
    saved = panelled = began
    log = _Log(parts.out / "log.csv", parts.step)
    sums: dict[str, float] = {}
    while parts.step < settings.steps and (minutes is None or time.monotonic() - began < 60 * minutes):
        number, inner = settings.stage_at(parts.step)
        stage = settings.stages[number]
        # What is drawn depends on the step alone: a resumed run goes on as if it had never stopped.
        rng = np.random.default_rng((settings.seed, parts.step))
        for key, value in _train_step(parts, stage, inner, rng).items():
            sums[key] = sums.get(key, 0.0) + value
            sums[key + " n"] = sums.get(key + " n", 0) + 1
        parts.step += 1
        parts.seconds = before + time.monotonic() - began
        if parts.step % settings.log_every == 0:
            means = {key: sums[key] / sums[key + " n"] for key in LOG_FIELDS if key in sums}
            rate = parts.optimiser.param_groups[0]["lr"]
            log.write(
                {"step": parts.step, "stage": stage.name, "seconds": round(parts.seconds), "learning_rate": rate}
                | means
            )
            yield f"step {parts.step}/{settings.steps} {stage.name}: " + " ".join(
                f"{k} {v:.4g}" for k, v in means.items()
            )
            sums = {}
        if parts.step % _REFRESH_STEPS == 0:
            parts.train.refresh()
        now = time.monotonic()
        last = parts.step == settings.steps
        if last or now - panelled > settings.panel_every_s:
            panelled = now
            for row in validate(parts):
                log.write({"step": parts.step, "seconds": round(parts.seconds)} | row)
                yield f"  held out, {row['stage']}: bpp {row['bpp']:.4f} LPIPS {row['lpips']:.4f}"
            draw_curves(parts.out / "log.csv", parts.out / "curves.png")
        if last or now - saved > settings.save_every_s:
            saved = now
            save(parts)
    save(parts)


def _train_step(parts: Parts, stage: Stage, inner: int, rng: np.random.Generator) -> dict[str, float]:
    """One step of the optimiser; what the log wants of it."""
    for name, parameter in parts.codec.named_parameters():
        parameter.requires_grad_(not name.startswith("backbone.full.") and _part_of(name) in stage.train)
    rate = _learning_rate(stage, inner)
    for group in parts.optimiser.param_groups:
        group["lr"] = rate * group["pace"]
    crops = parts.train.batch([int(v) for v in rng.integers(0, len(parts.train), stage.batch)])
    pictures, stored = crops.pictures.to(parts.device), crops.latents.to(parts.device)
    quality = torch.from_numpy(_qualities(stage.batch, rng)).to(parts.device)
    codec, measured = parts.codec, {}
    loss = torch.zeros((), device=parts.device)
    with torch.autocast(parts.device.type, torch.bfloat16, enabled=parts.settings.precision == "bf16"):
        latents = stored
        if stage.encode or "pair" in stage.train:
            sharp = codec.backbone.fast.encode(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])
            # The fast encoder is taught the pretrained one's latents, whatever else it is asked.
            apart = (sharp - stored).square().mean()
            loss, measured["pair"] = loss + 2 * apart, float(apart.detach())
            latents = sharp if stage.encode else stored
        root = lambda_of(quality.float()).sqrt()
        if stage.quantise:
            decoded, estimate = codec(latents, quality)
            area = pictures.shape[-1] * pictures.shape[-2] * (GOP_LENGTH - 1)
            y_bpp, z_bpp = estimate.y_bits / area, estimate.z_bits / area
            # Eq. 2 over sqrt(λ): gradients at both ends of the range are of one size.
            loss = loss + ((y_bpp + z_bpp) / root).mean()
            measured |= {
                "bpp": float((y_bpp + z_bpp).detach().mean()),
                "z_bpp": float(z_bpp.detach().mean()),
                "nonzero": estimate.nonzero,
            }
        else:
            temporal = codec.backbone.temporal
            decoded = (
                temporal.synthesise(temporal.analyse(latents), GOP_LENGTH) if "temporal" in stage.train else latents
            )
        off = (decoded - stored).square().mean(dim=(1, 2, 3, 4))
        measured["latent"] = float(off.detach().mean())
        if stage.latent:
            loss = loss + stage.latent * (root * off).mean() if stage.quantise else loss + stage.latent * off.mean()
        if stage.pictures:
            loss = loss + _pictured(
                parts, stage, decoded, pictures, root if stage.quantise else torch.ones_like(root), rng, measured
            )
    parts.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(parts.codec.parameters(), parts.settings.clip_norm)
    if torch.isfinite(norm):
        parts.optimiser.step()
        _update_average(parts)
    _teach_critic(parts)
    return measured | {"loss": float(loss.detach())}


def _pictured(
    parts: Parts,
    stage: Stage,
    decoded: Tensor,
    pictures: Tensor,
    root: Tensor,
    rng: np.random.Generator,
    measured: dict[str, float],
) -> Tensor:
    """Distortions of some decoded pictures of one crop after the other, weighted by √λ."""
    pair = parts.codec.backbone.full if rng.random() < stage.full_share else parts.codec.backbone.fast
    crops = rng.permutation(len(decoded))[: max(1, stage.pictures // 3)]
    run = -(-stage.pictures // len(crops))
    total = torch.zeros((), device=parts.device)
    for crop in crops:
        first = int(rng.integers(0, GOP_LENGTH - run + 1))
        rows = slice(first, first + run)
        shown, wanted = pair.decode(decoded[crop, rows]), pictures[crop, rows]
        terms = parts.judges.distortion(shown, wanted, stage, rng)
        measured["lpips"] = measured.get("lpips", 0.0) + float(terms.pop("shown").detach()) / len(crops)
        if stage.temporal:
            terms["flicker"] = stage.temporal * flicker(shown[None], wanted[None])
        if stage.adversarial:
            terms["adversarial"] = stage.adversarial * fooled(parts.critic(shown))
            parts.seen.append((shown.detach(), wanted))
        total = total + root[crop] * torch.stack(list(terms.values())).sum() / len(crops)
    return total


def _teach_critic(parts: Parts) -> None:
    """One step of the discriminator on what this step has shown, after the codec's own."""
    if not parts.seen:
        return
    made, real = (torch.cat(side) for side in zip(*parts.seen, strict=True))
    parts.seen.clear()
    loss = hinge(parts.critic(real), parts.critic(made))
    gradients = torch.autograd.grad(loss, list(parts.critic.parameters()))
    for parameter, gradient in zip(parts.critic.parameters(), gradients, strict=True):
        parameter.grad = gradient
    parts.critic_optimiser.step()
    parts.critic_optimiser.zero_grad(set_to_none=True)


def _qualities(count: int, rng: np.random.Generator) -> np.ndarray:
    drawn, ends = rng.integers(0, QUALITY_MAX + 1, count), rng.random(count)
    return np.where(ends < _ENDS, 0, np.where(ends > 1 - _ENDS, QUALITY_MAX, drawn))


def _learning_rate(stage: Stage, inner: int) -> float:
    warm = min(1.0, (inner + 1) / max(1, stage.warmup))
    cosine = 0.5 * (1 + math.cos(math.pi * inner / stage.steps))
    return warm * (stage.learning_rate_end + (stage.learning_rate - stage.learning_rate_end) * cosine)


@torch.no_grad()
def _update_average(parts: Parts) -> None:
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
    codec = VaeCodec()
    codec.load_state_dict(
        {
            name: value.cpu()
            for name, value in parts.codec.state_dict().items()
            if not name.startswith("latent.gaussian.")
        }
        | {name: value.cpu() for name, value in parts.average.items()},
        strict=False,
    )
    return codec.eval()


@torch.no_grad()
def validate(parts: Parts) -> list[dict[str, Any]]:
    """Held-out crops at a few λ with the averaged weights: rows for the log, and a panel of pictures."""
    settings = parts.settings
    codec = averaged(parts).to(parts.device)
    count = min(settings.panel_crops, len(parts.held))
    crops: Crops = parts.held.batch([int(v) for v in np.linspace(0, len(parts.held) - 1, count)])
    pictures, latents = crops.pictures.to(parts.device), crops.latents.to(parts.device)
    area = pictures.shape[-1] * pictures.shape[-2] * (GOP_LENGTH - 1)
    rows, shown = [], []
    for quality in settings.panel_qualities:
        decoded, estimate = codec(latents, torch.full((count,), quality, device=parts.device))
        chosen = [codec.backbone.fast.decode(decoded[:, i]) for i in (1, 5)]
        lpips = torch.stack([parts.judges.alex(made, pictures[:, i]) for made, i in zip(chosen, (1, 5), strict=True)])
        rows.append(
            {
                "stage": f"held out λ {float(lambda_of(torch.tensor(float(quality)))):.3g}",
                "bpp": float(((estimate.y_bits + estimate.z_bits) / area).mean()),
                "z_bpp": float((estimate.z_bits / area).mean()),
                "lpips": float(lpips.mean()),
                "latent": float((decoded - latents).square().mean()),
                "nonzero": estimate.nonzero,
            }
        )
        shown.append(chosen[1])
    draw_panel(parts.out / f"panel-{parts.step:07d}.png", pictures[:, 5], shown)
    return rows


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


class _Log:
    """The CSV, appended row by row; rows past the step that a run goes on from are dropped."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        rows = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_FIELDS)
            writer.writeheader()
            writer.writerows(rows)

    def write(self, row: dict[str, Any]) -> None:
        kept = {
            key: f"{value:.6g}" if isinstance(value, float) else value
            for key, value in row.items()
            if key in LOG_FIELDS
        }
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, LOG_FIELDS).writerow(kept)


def start(
    settings: RunSettings,
    base: Path,
    out: Path,
    *,
    corpus: tuple[Path, ...] = (),
    trunk: Path | None = None,
    minutes: float | None = None,
    device: torch.device,
) -> Iterator[str]:
    """A run from its configuration, whose paths are relative to `base`; `corpus` and `trunk` go before the
    configuration's. Yields lines for the terminal. Raises SettingError when a judge is missing, MediaError and
    ModelError as `prepare`."""
    places = corpus or tuple(base / place for place in settings.corpus)
    if trunk is None and settings.vgg_trunk:
        trunk = base / settings.vgg_trunk
    if trunk is None and any(stage.vgg for stage in settings.stages):
        raise SettingError(
            "LPIPS-VGG is among the judges: name its trunk (--vgg-trunk, or vgg_trunk in the configuration)."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{out}: the run's folder cannot be made ({error}).") from error
    for found in prepare(settings, places, trunk, out, device):
        if isinstance(found, str):
            yield found
        else:
            yield from train(found, minutes)
