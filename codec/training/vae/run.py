"""A whole training run of the `vae` codec, readable from top to bottom.

    seamscope train CONFIG --out DIR [--corpus PLACE ...] [--minutes N] [--device auto]

Goes on where the state in DIR stands. Stages are the paper's: E and D, then the codec with both frozen (Eq. 2), then
everything; the configuration says which parts and judges each has. DIR receives log.csv, curves.png, panel-*.png,
weights.safetensors (half precision, whenever the state is saved) and the state itself.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from codec.errors import MediaError, SettingError
from codec.gop import GOP_LENGTH
from codec.training.pictures import draw_curves
from codec.training.vae.judges import flicker, fooled, hinge
from codec.training.vae.log import LOG_FIELDS, Log
from codec.training.vae.pictures import draw_panel
from codec.training.vae.settings import RunSettings, Stage
from codec.training.vae.state import Coded, Parts, averaged, fit, is_trained, prepare, save, update_average
from codec.training.vae.store import Crops, Store
from codec.vae.rates import QUALITY_MAX, lambda_of

_ENDS = 0.08
"""Share of crops at either end of the range of λ, which would otherwise be seen least."""
_REFRESH_STEPS = 200
_LEAST_ENERGY = 1e-6
_CURVES = ("loss", "bpp", "lpips", "latent")


def train(parts: Parts, minutes: float | None) -> Iterator[str]:
    """Steps until the stages or the minutes end; yields lines for the terminal."""
    settings, began, before = parts.settings, time.monotonic(), parts.seconds
    saved = panelled = began
    log = Log(parts.out / "log.csv", parts.step)
    sums: dict[str, float] = {}
    while parts.step < settings.steps and (minutes is None or time.monotonic() - began < 60 * minutes):
        number, inner = settings.stage_at(parts.step)
        stage = settings.stages[number]
        if stage.fit and inner == 0:
            yield f"{stage.name}: fitting the transform"
            fit(parts)
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
            if parts.singles is not None:
                parts.singles.refresh()
        now = time.monotonic()
        last = parts.step == settings.steps
        if last or now - panelled > settings.panel_every_s:
            panelled = now
            for row in validate(parts):
                log.write({"step": parts.step, "seconds": round(parts.seconds)} | row)
                yield f"  held out, {row['stage']}: bpp {row['bpp']:.4f} LPIPS {row['lpips']:.4f}"
            draw_curves(parts.out / "log.csv", parts.out / "curves.png", _CURVES)
        if last or now - saved > settings.save_every_s:
            saved = now
            save(parts)
    save(parts)


def _train_step(parts: Parts, stage: Stage, inner: int, rng: np.random.Generator) -> dict[str, float]:
    """One step of the optimiser; what the log wants of it."""
    for name, parameter in parts.codec.named_parameters():
        parameter.requires_grad_(is_trained(name, stage.train))
    rate = _learning_rate(stage, inner)
    for group in parts.optimiser.param_groups:
        group["lr"] = rate * group["pace"]
    coded = _held(parts, stage, inner) if stage.hold > 1 else _drawn_and_coded(parts, stage, rng)
    loss, measured = coded.loss, dict(coded.measured)
    if stage.pictures:
        with _precision(parts):
            loss = loss + _pictured(parts, stage, coded.decoded, coded.pictures, coded.root, rng, measured)
    parts.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(parts.codec.parameters(), parts.settings.clip_norm)
    if torch.isfinite(norm):
        parts.optimiser.step()
        update_average(parts)
    _teach_critic(parts)
    return measured | {"loss": float(loss.detach())}


def _held(parts: Parts, stage: Stage, inner: int) -> Coded:
    """What the first of `stage.hold` steps has drawn and coded. A run resumed between them codes it again."""
    first = parts.step - inner % stage.hold
    if parts.held_over is None or parts.held_over[0] != first:
        with torch.no_grad():
            coded = _drawn_and_coded(parts, stage, np.random.default_rng((parts.settings.seed, first)))
        parts.held_over = first, coded
    return parts.held_over[1]


def _precision(parts: Parts) -> torch.autocast:
    """What networks work in."""
    return torch.autocast(parts.device.type, torch.bfloat16, enabled=parts.settings.precision == "bf16")


def _drawn_and_coded(parts: Parts, stage: Stage, rng: np.random.Generator) -> Coded:
    store = parts.singles if stage.singles and parts.singles is not None else parts.train
    pictures, stored, quality, turned = _drawn(parts, stage, store, rng)
    with _precision(parts):
        return _coded(parts, stage, pictures, stored, quality, turned)


def _coded(parts: Parts, stage: Stage, pictures: Tensor, stored: Tensor, quality: Tensor, turned: bool) -> Coded:
    codec, measured = parts.codec, dict[str, float]()
    loss = torch.zeros((), device=parts.device)
    latents, backbone = stored, codec.backbone
    if codec.spatial is None and stage.encode:
        latents = backbone.stored(pictures)
        stored = latents.detach()
    if codec.spatial is not None and (stage.encode or "pair" in stage.train):
        sharp = codec.spatial.fast.encode(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])
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
        decoded = backbone.synthesise(backbone.analyse(latents), GOP_LENGTH) if "temporal" in stage.train else latents
    off = (decoded - stored).square().mean(dim=(1, 2, 3, 4))
    if codec.spatial is None:
        # Latents of any spread: counted in their own energy.
        off = off / stored.square().mean().clamp_min(_LEAST_ENERGY)
    measured["latent"] = float(off.detach().mean())
    if stage.latent:
        loss = loss + stage.latent * (root * off).mean() if stage.quantise else loss + stage.latent * off.mean()
    if turned:
        seam, measured["seam"] = _seam(decoded, root)
        loss = loss + stage.seam * seam
    return Coded(pictures, decoded, root if stage.quantise else torch.ones_like(root), loss, measured)


def _drawn(parts: Parts, stage: Stage, store: Store, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, bool]:
    """Pictures of a step, what is stored of them, qualities, and whether the second half is the first one backwards."""
    turned = bool(rng.random() < stage.seam_share)
    drawn = stage.batch // 2 if turned else stage.batch
    crops = store.batch([int(v) for v in rng.integers(0, len(store), drawn)])
    pictures, stored = crops.pictures.to(parts.device), crops.latents.to(parts.device)
    quality = torch.from_numpy(_qualities(drawn, rng)).to(parts.device)
    if turned:
        # Backwards, a GoP begins with the picture that ends it: two GoPs with a boundary between them.
        pictures, stored = (torch.cat([x, x.flip(1)]) for x in (pictures, stored))
        quality = quality.repeat(2)
    return pictures, stored, quality, turned


def _seam(decoded: Tensor, root: Tensor) -> tuple[Tensor, float]:
    """The squared step between GoPs and the same backwards, (2 B, T, ...) latents, weighted by √λ; and its mean."""
    before, after = decoded.chunk(2)
    step = (before[:, -1] - after[:, 0]).square().mean(dim=(1, 2, 3))
    return (root[: len(step)] * step).mean(), float(step.detach().mean())


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
    full = bool(rng.random() < stage.full_share)
    length = pictures.shape[1]
    crops = rng.permutation(len(decoded))[: stage.pictures if length == 1 else max(1, stage.pictures // 3)]
    run = min(length, -(-stage.pictures // len(crops)))
    total = torch.zeros((), device=parts.device)
    for crop in crops:
        rows = judged_run(length, run, rng)
        gop, wanted = decoded[crop], pictures[crop, rows]
        if stage.window:
            ratio, side = parts.codec.backbone.spatial_ratio, stage.window
            top, left = (int(v) * ratio for v in rng.integers(0, (wanted.shape[-1] - side) // ratio + 1, 2))
            wanted = wanted[..., top : top + side, left : left + side]
            top, left, side = (v // ratio for v in (top, left, side))
            gop = gop[..., top : top + side, left : left + side]
        shown = parts.codec.backbone.shown(gop, rows, length, full=full)
        terms = parts.judges.distortion(shown, wanted, stage, rng)
        measured["lpips"] = measured.get("lpips", 0.0) + float(terms.pop("shown").detach()) / len(crops)
        if stage.temporal:
            still = flicker(shown[None], wanted[None])
            measured["flicker"] = measured.get("flicker", 0.0) + float(still.detach()) / len(crops)
            terms["flicker"] = stage.temporal * still
        if stage.adversarial:
            terms["adversarial"] = stage.adversarial * fooled(parts.critic(shown))
            parts.seen.append((shown.detach(), wanted))
        total = total + root[crop] * torch.stack(list(terms.values())).sum() / len(crops)
    return total


def judged_run(length: int, run: int, rng: np.random.Generator) -> slice:
    """`run` pictures in a row, of `length`. At either end a run may lie beyond it in part, as long as two pictures are
    left: runs that all lay within would hold a GoP's ends a third as often as its middle, and ends are where the next
    GoP takes over."""
    run = min(run, length)
    beyond = max(0, run - 2)
    first = int(rng.integers(-beyond, length - run + beyond + 1))
    return slice(max(0, first), min(length, first + run))


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
def validate(parts: Parts) -> list[dict[str, Any]]:
    """Held-out crops at a few λ with the averaged weights: rows for the log, and a panel of pictures."""
    settings = parts.settings
    codec = averaged(parts).to(parts.device)
    count = min(settings.panel_crops, len(parts.held))
    crops: Crops = parts.held.batch([int(v) for v in np.linspace(0, len(parts.held) - 1, count)])
    pictures, latents = crops.pictures.to(parts.device), crops.latents.to(parts.device)
    if codec.spatial is None:
        # Those stored are of the encoder that the run began with.
        latents = torch.cat([codec.backbone.stored(picture[None]) for picture in pictures])
    area = pictures.shape[-1] * pictures.shape[-2] * (GOP_LENGTH - 1)
    # A run that teaches the full decoder is looked at through it.
    full = any("full" in stage.train for stage in settings.stages)
    rows, shown = [], []
    for quality in settings.panel_qualities:
        decoded, estimate = codec(latents, torch.full((count,), quality, device=parts.device))
        both = [codec.backbone.shown(gop, slice(1, 6, 4), GOP_LENGTH, full=full) for gop in decoded]
        chosen = list(torch.stack(both, dim=1))
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


def start(
    settings: RunSettings,
    base: Path,
    out: Path,
    *,
    corpus: tuple[Path, ...] = (),
    trunk: Path | None = None,
    weights: Path | None = None,
    minutes: float | None = None,
    device: torch.device,
) -> Iterator[str]:
    """A run from its configuration, whose paths are relative to `base`; `corpus`, `trunk` and `weights` (to start from)
    go before the configuration's. Yields lines for the terminal. Raises SettingError when a judge is missing, and
    MediaError, ModelError and SettingError as `prepare`."""
    places = corpus or tuple(base / place for place in settings.corpus)
    if trunk is None and settings.vgg_trunk:
        trunk = base / settings.vgg_trunk
    if trunk is None and any(stage.vgg for stage in settings.stages):
        raise SettingError(
            "LPIPS-VGG is among the judges: name its trunk (--vgg-trunk, or vgg_trunk in the configuration)."
        )
    if weights is not None or settings.start:
        settings = replace(settings, start=str(weights or base / settings.start))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{out}: the run's folder cannot be made ({error}).") from error
    for found in prepare(settings, places, trunk, out, device):
        if isinstance(found, str):
            yield found
        else:
            yield from train(found, minutes)
