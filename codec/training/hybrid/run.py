"""A whole training run, readable from top to bottom.

    python -m codec.training CONFIG --store DIR --out DIR [--corpus TAR ...] [--minutes N] [--device auto]

Resumes where the state in --out stands. Stages follow the paper: the VAE, the codec with the VAE frozen, everything
jointly; which parts and losses is in the configuration. Writes state, log.csv, curves.png, panel-*.png, and with
--export the weights the codec loads.
"""

import argparse
import csv
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from codec.errors import ModelError, SeamscopeError
from codec.gop import GOP_LENGTH
from codec.hybrid.model.config import LEVELS, SIZES, lambda_of
from codec.hybrid.model.initial import TRANSFORM_LAYERS, start_as_transform
from codec.hybrid.model.network import CodecNetwork
from codec.hybrid.model.weights import save_weights
from codec.training import checkpoint
from codec.training.hybrid import settings
from codec.training.hybrid.calibration import fit_scales
from codec.training.hybrid.chains import Chains, Followed
from codec.training.hybrid.corpus import Corpus, build_store
from codec.training.hybrid.losses import LpipsVgg, psnr_db, squared_error, temporal_error, texture_error
from codec.training.hybrid.motion import ClipMotion
from codec.training.hybrid.settings import RunSettings, Stage
from codec.training.hybrid.trees import ClipTrees
from codec.training.pictures import draw_curves, draw_panel

VAE_PARTS = tuple(f"{owner}.{part}." for owner in ("anchor", "group", "gains") for part in ("encoder", "decoder"))
LOG_FIELDS = ("step", "stage", "seconds", "loss", "bpp", "psnr_db", "lpips_vgg", "nonzero", "learning_rate")
PACES = {"weights": 1.0, "transform": 0.05, "rest": 1.0, "gains": 2.0, "offsets": 100.0}
"""Learning rates of the parameter groups over the stage's."""
VALIDATION_LEVELS = (2.0, 6.0, 10.0, 14.0)
VALIDATION_GOPS = 2
GOP_STEP = GOP_LENGTH - 1
"""Frames from one GoP's start to the next when they share a frame."""


class Run:
    """Everything that lives as long as a run."""

    def __init__(self, config: RunSettings, corpus: Corpus, out: Path, lpips: LpipsVgg, device: torch.device) -> None:
        self.config, self.corpus, self.out, self.lpips, self.device = config, corpus, out, lpips, device
        torch.manual_seed(config.seed)
        network = CodecNetwork(SIZES[config.size])
        start_as_transform(network)
        self.network = network.to(device)
        self.ema = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.motion, self.trees = ClipMotion(torch.get_num_threads()), ClipTrees(torch.get_num_threads())
        self.chains: dict[str, Chains] = {}
        """By stage."""
        self.step = 0
        self.seconds = 0.0
        self.started = False
        """Whether the weights came from another run."""
        self.optimiser = torch.optim.AdamW(
            _parameter_groups(self.network, config.weight_decay),
            lr=1e-4,
            betas=(0.9, 0.99),
            fused=device.type == "cuda",
        )
        self._resume()

    @property
    def total_steps(self) -> int:
        return sum(stage.steps for stage in self.config.stages)

    def stage_at(self, step: int) -> tuple[Stage, int]:
        """The stage of a global step and the step within it."""
        for stage in self.config.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        return self.config.stages[-1], self.config.stages[-1].steps - 1

    def start_from(self, folder: Path) -> None:
        """Begin with the averaged weights of another run's state, at step 0. Raises ModelError when there is none."""
        state = checkpoint.load(folder)
        if state is None:
            raise ModelError(f"{folder}: no training state here.")
        weights = state.role("ema.") or state.role("model.")
        self.network.load_state_dict({k: v.to(self.device) for k, v in weights.items()})
        self.ema = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.started = True

    def _resume(self) -> None:
        state = checkpoint.load(self.out)
        if state is None:
            return
        self.network.load_state_dict({k: v.to(self.device) for k, v in state.role("model.").items()})
        self.ema = {k: v.to(self.device) for k, v in state.role("ema.").items()}
        first, second = state.role("m1."), state.role("m2.")
        self.step, self.seconds = int(state.position["step"]), float(state.position["seconds"])
        for name, parameter in self.network.named_parameters():
            if name in first:
                self.optimiser.state[parameter] = {
                    "step": torch.tensor(float(self.step)),
                    "exp_avg": first[name].float().to(self.device),
                    "exp_avg_sq": second[name].float().to(self.device),
                }

    def save(self) -> None:
        """Write the state that `_resume` reads."""
        tensors = {f"model.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"ema.{k}": v for k, v in self.ema.items()}
        moments = {n: self.optimiser.state[p] for n, p in self.network.named_parameters() if p in self.optimiser.state}
        tensors |= checkpoint.as_bf16({n: m["exp_avg"] for n, m in moments.items()}, "m1.")
        tensors |= checkpoint.as_bf16({n: m["exp_avg_sq"] for n, m in moments.items()}, "m2.")
        position = {"step": self.step, "seconds": self.seconds, "size": self.config.size}
        checkpoint.save(self.out, checkpoint.State(tensors, position))

    def export(self, path: Path) -> None:
        """Write the moving average as shippable weights."""
        network = CodecNetwork(SIZES[self.config.size])
        network.load_state_dict({k: v.cpu() for k, v in self.ema.items()})
        save_weights(network, path, {"steps": str(self.step), "seconds": f"{self.seconds:.0f}"})


def _parameter_groups(network: CodecNetwork, weight_decay: float) -> list[dict[str, Any]]:
    """Layers' weights decay; biases do not; the transform keeps its shape by moving slowly; log gains, and table
    offsets, which count in indices of 0 .. 63, would take a whole run to go anywhere at the pace of a weight."""
    groups: dict[str, list[Tensor]] = {"weights": [], "transform": [], "rest": [], "gains": [], "offsets": []}
    for name, parameter in network.named_parameters():
        if name.startswith("gains."):
            groups["gains"].append(parameter)
        elif name in ("scale_net.y_offset", "scale_net.z_index"):
            groups["offsets"].append(parameter)
        elif name.rpartition(".")[0].endswith(TRANSFORM_LAYERS):
            groups["transform"].append(parameter)
        else:
            groups["weights" if parameter.dim() == 4 else "rest"].append(parameter)
    return [
        {"params": parameters, "weight_decay": weight_decay if name == "weights" else 0.0, "pace": PACES[name]}
        for name, parameters in groups.items()
    ]


def train_step(run: Run, stage: Stage, inner: int, rng: np.random.Generator) -> dict[str, float]:
    """One optimiser step; returns what the log wants."""
    config = run.config
    gops = stage.gops[inner % len(stage.gops)]
    followed = _clip(run, stage, inner, gops, rng)
    level, start = followed.level, followed.link
    clip = followed.next_frames(gops * GOP_STEP + 1)
    for group in run.optimiser.param_groups:
        group["lr"] = _learning_rate(stage, inner) * group["pace"]
    motion, motion_bits = run.motion.of(clip, level, gops)
    key, key_bits = (None, 0.0) if start is not None else run.trees.keys(clip[:, 0], level)
    with torch.autocast(run.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        output = run.network(
            clip, motion, level, noise=not stage.quantise, start=start, key=key, corrected=run.trees.anchors
        )
    followed.link = None if output.link is None else output.link.detached()
    shown = output.pictures
    bits = output.y_bits + output.z_bits + output.tree_bits + motion_bits + config.key_share * key_bits
    bpp = bits / (gops * GOP_STEP * stage.crop**2)
    mse = squared_error(shown, clip)
    perceptual = _lpips(run, stage, rng, shown, clip)
    distortion = config.alpha * mse + config.beta * perceptual
    if stage.temporal > 0:
        distortion = distortion + config.alpha * stage.temporal * temporal_error(shown, clip)
    if stage.texture > 0:
        distortion = distortion + stage.texture * texture_error(shown, clip)
    root = torch.sqrt(torch.tensor([lambda_of(float(v)) for v in level], device=run.device))
    loss = (root * distortion + (bpp / root if stage.quantise else 0.0)).mean()
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(run.network.parameters(), config.clip_norm)
    if torch.isfinite(norm):
        run.optimiser.step()
        _update_ema(run)
    return {
        "loss": float(loss.detach()),
        "bpp": float(bpp.detach().mean()),
        "psnr_db": float(psnr_db(mse.detach()).mean()),
        "lpips_vgg": float(perceptual.detach().mean()),
        "nonzero": float(output.coded_share),
    }


def _clip(run: Run, stage: Stage, inner: int, gops: int, rng: np.random.Generator) -> Followed:
    """The clip of a step, a new one or one that is followed."""
    size = max(1, stage.batch // gops)

    def begin(frames: int) -> tuple[Tensor, Tensor]:
        clip = run.corpus.batch(rng, size, frames, stage.crop, run.config.photo_share)
        return clip, _levels(rng, stage, size).to(run.device)

    if stage.links == 1:
        return Followed(*begin(gops * GOP_STEP + 1))
    return run.chains.setdefault(stage.name, Chains(stage.links, stage.abreast)).clip(inner, begin, rng)


def _lpips(run: Run, stage: Stage, rng: np.random.Generator, shown: Tensor, clip: Tensor) -> Tensor:
    if stage.lpips_frames == 0:
        return shown.new_zeros(shown.shape[0])
    rows = torch.arange(shown.shape[0]).repeat_interleave(stage.lpips_frames)
    columns = torch.from_numpy(rng.integers(0, shown.shape[1], len(rows)))
    found, wanted = shown[rows, columns], clip[rows, columns]
    if 0 < stage.lpips_crop < stage.crop:
        top, left = (int(v) for v in rng.integers(0, stage.crop - stage.lpips_crop + 1, 2))
        window = (..., slice(top, top + stage.lpips_crop), slice(left, left + stage.lpips_crop))
        found, wanted = found[window], wanted[window]
    with torch.autocast(run.device.type, torch.bfloat16, enabled=run.config.precision == "bf16"):
        distance = run.lpips(found, wanted)
    return distance.view(-1, stage.lpips_frames).mean(dim=1)


def _levels(rng: np.random.Generator, stage: Stage, batch: int) -> Tensor:
    """Uniform over the stage's levels, the ends of the whole range drawn more often."""
    level = rng.uniform(stage.level_low, stage.level_high, batch)
    ends = rng.random(batch)
    level = np.where(ends < 0.06, stage.level_low, np.where(ends > 0.94, stage.level_high, level))
    return torch.from_numpy(np.clip(level, 0, LEVELS - 1)).float()


def _learning_rate(stage: Stage, inner: int) -> float:
    warm = min(1.0, (inner + 1) / max(1, stage.warmup))
    cosine = 0.5 * (1 + math.cos(math.pi * inner / max(1, stage.steps)))
    return warm * (stage.learning_rate_end + (stage.learning_rate - stage.learning_rate_end) * cosine)


@torch.no_grad()
def _update_ema(run: Run) -> None:
    # A short memory at the start, so that the average is never stuck at the initial weights.
    keep = min(run.config.ema, (1 + run.step) / (10 + run.step))
    state = run.network.state_dict()
    get_ema_multi_avg_fn(keep)(list(run.ema.values()), [state[name] for name in run.ema], None)


def _set_trainable(run: Run, stage: Stage) -> None:
    for name, parameter in run.network.named_parameters():
        part = "vae" if name.startswith(VAE_PARTS) else "codec"
        parameter.requires_grad_(part in stage.train)


@torch.no_grad()
def validate(run: Run, clips: Tensor) -> list[dict[str, float | str]]:
    """Rows for the log: held-out clips at three fixed levels, with the moving average's weights."""
    trained = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.network.load_state_dict(run.ema)
    rows: list[dict[str, float | str]] = []
    shown = []
    for fixed in VALIDATION_LEVELS:
        level = torch.full((len(clips),), fixed, device=run.device)
        motion, motion_bits = run.motion.of(clips, level, VALIDATION_GOPS)
        key, key_bits = run.trees.keys(clips[:, 0], level)
        output = run.network(clips, motion, level, key=key, corrected=run.trees.anchors)
        pictures = output.pictures.clamp(-1, 1)
        bits = output.y_bits + output.z_bits + output.tree_bits + motion_bits + run.config.key_share * key_bits
        bpp = bits / (VALIDATION_GOPS * GOP_STEP * clips.shape[-1] * clips.shape[-2])
        lpips = torch.stack([run.lpips(pictures[:, i], clips[:, i]) for i in (0, 4, 8, 12)]).mean()
        rows.append(
            {
                "step": run.step,
                "stage": f"held-out λ {lambda_of(fixed):.3g}",
                "seconds": run.seconds,
                "bpp": float(bpp.mean()),
                "psnr_db": float(psnr_db(squared_error(pictures, clips)).mean()),
                "lpips_vgg": float(lpips),
                "nonzero": float(output.coded_share),
            }
        )
        shown.append(pictures)
    draw_panel(run.out / f"panel-{run.step:07d}.png", clips, shown)
    run.network.load_state_dict(trained)
    return rows


def train(run: Run, minutes: float | None) -> Iterator[str]:
    """Run until the stages or the minutes end, yielding lines for the terminal."""
    config = run.config
    started = time.monotonic()
    base = run.seconds
    saved = panelled = started
    clips = run.corpus.validation(8, VALIDATION_GOPS * GOP_STEP + 1, 128).to(run.device)
    log = _Log(run.out / "log.csv")
    if run.step == 0 and not run.started:
        fit_scales(run.network, run.motion, run.trees, clips)
        run.ema = {name: value.detach().clone() for name, value in run.network.state_dict().items()}
    sums: dict[str, float] = {}
    summed = 0
    while run.step < run.total_steps and (minutes is None or time.monotonic() - started < 60 * minutes):
        stage, inner = run.stage_at(run.step)
        _set_trainable(run, stage)
        # What is drawn depends on the step alone: a resumed run goes on as if it had never stopped, but for clips that
        # were being followed.
        rng = np.random.default_rng((config.seed, run.step))
        measured = train_step(run, stage, inner, rng)
        summed += 1
        for key, value in measured.items():
            sums[key] = sums.get(key, 0.0) + value
        run.step += 1
        run.seconds = base + time.monotonic() - started
        if run.step % config.log_every == 0:
            # A resumed run's first row covers fewer steps.
            means = {key: value / summed for key, value in sums.items()}
            row = {"step": run.step, "stage": stage.name, "seconds": run.seconds, **means}
            log.write({**row, "learning_rate": _learning_rate(stage, inner)})
            yield "  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
            sums, summed = {}, 0
        now = time.monotonic()
        if now - panelled > config.panel_every_s:
            panelled = now
            for row in validate(run, clips):
                log.write(row)
            draw_curves(log.path, run.out / "curves.png")
        if now - saved > config.save_every_s:
            saved = now
            run.save()
    run.save()
    for row in validate(run, clips):
        log.write(row)
    draw_curves(log.path, run.out / "curves.png")


class _Log:
    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, LOG_FIELDS).writeheader()

    def write(self, row: dict[str, float | str | int]) -> None:
        shown = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            table: csv.DictWriter[str] = csv.DictWriter(file, LOG_FIELDS)
            table.writerow(shown)


def main(argv: list[str] | None = None) -> int:
    """The command line of training; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m codec.training", description="Train the codec; resumes where it stopped."
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--store", type=Path, required=True, help="folder of the decoded corpus")
    parser.add_argument("--corpus", type=Path, nargs="*", help="tar archives to decode into the store first")
    parser.add_argument("--limit", type=int, help="decode only so many files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: state, log, pictures")
    parser.add_argument("--start", type=Path, help="state of another run whose weights a new run begins with")
    parser.add_argument("--vgg-trunk", type=Path, required=True, help="VGG16 features, safetensors")
    parser.add_argument("--vgg-heads", type=Path, required=True, help="LPIPS-VGG heads, safetensors")
    parser.add_argument("--scale-steps", type=float, default=1.0, help="factor on every stage's steps")
    parser.add_argument("--minutes", type=float, help="stop after this time; the state resumes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for torch's own choice")
    parser.add_argument("--export", type=Path, help="write the moving average as weights when the run stops")
    arguments = parser.parse_args(argv)
    try:
        torch.set_flush_denormal(True)  # tails of the rate terms; a third of a CPU step's time otherwise
        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        if arguments.corpus:
            build_store(arguments.corpus, arguments.store, arguments.limit)
        config = settings.load(arguments.config).scaled(arguments.scale_steps)
        device = torch.device(arguments.device)
        corpus = Corpus(arguments.store, config.held_out, device)
        lpips = LpipsVgg(arguments.vgg_trunk, arguments.vgg_heads).to(device)
        run = Run(config, corpus, arguments.out, lpips, device)
        if arguments.start and run.step == 0:
            run.start_from(arguments.start)
        try:
            for line in train(run, arguments.minutes):
                print(line, flush=True)
        except KeyboardInterrupt:
            run.save()
            print(f"training: stopped at step {run.step}; {arguments.out} holds the state to go on from")
            return 130
        if arguments.export:
            run.export(arguments.export)
    except SeamscopeError as error:
        print(f"training: {error}")
        return 1
    return 0
