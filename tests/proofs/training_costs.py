"""Estimate what training the `vae` codec takes on one consumer GPU: hours and memory of each configuration that ships.

    python -m tests.proofs.training_costs --measure docs/training-costs.csv
    python -m tests.proofs.training_costs --page docs/training.md

Nothing here was run on such a GPU. Of every stage a few real training steps are taken on this CPU, one crop each, on
one thread, and their processor seconds counted; so is the CPU's speed in one large product of matrices. A step of the
configuration takes as many times longer as it has more crops, and as many times shorter as the GPU multiplies faster:

    seconds a step = crops x (seconds a crop here) x (multiplications a second here / there), at least LEAST_STEP_S

that is, the GPU is taken to lose as large a share of its speed to everything else as this CPU does, and to wait for its
many small layers as long as LEAST_STEP_S says. Memory is what a step keeps for its gradients, counted in these steps
and scaled by crops, with half the bytes in bf16; what weights, their moving average, gradients and moments take; and a
gigabyte for the system. The page is made of the CSV, between two marks, by nobody's hand.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from codec.gop import GOP_LENGTH
from codec.metrics.vgg import CHANNELS, GROUPS
from codec.texts import csv_text
from codec.training.vae import settings
from codec.training.vae.run import train
from codec.training.vae.settings import RunSettings, Stage
from codec.training.vae.state import Parts, prepare
from codec.vae.backbones.known import make_backbone
from codec.vae.backbones.spatial import SpatialBackbone
from codec.vae.model import VaeCodec
from codec.vae.weights import load_pretrained, save_weights

CONFIGS = ("spatial-gpu", "lean", "dense")
GPU_NAME = "a GPU of 40 TFLOP/s in bf16"
GPU_FLOPS = 40e12
"""Dense bf16 products with sums in float32, as a middling consumer GPU of 2023 states them."""
LEAST_STEP_S = 0.1
"""Of a step on a GPU: some thousand small layers, one after another. Taken, not measured."""
MEASURED = Path(__file__).parents[2] / "docs" / "training-costs.csv"
FIELDS = ("config", "stage", "flops", "seconds", "kept_bytes", "lasting_bytes")
SIDE = 64
"""Of the crops measured; costs are taken to grow with the area."""
STEPS = 3
"""Of each stage; the second one is timed: the first makes what lasts. The last is not taken: it would save."""
GIGABYTE = 1e9
SYSTEM_BYTES = 1e9
BEGIN, END = "<!-- written by tests/proofs/training_costs.py -->", "<!-- end of what it writes -->"


@dataclass(frozen=True, slots=True)
class Cost:
    """One stage of a configuration."""

    config: str
    stage: str
    flops: float
    """Multiplications and additions a second of one thread here."""
    seconds: float
    """Processor seconds of a step of one crop of SIDE here."""
    kept_bytes: float
    """Kept for the gradients of such a step."""
    lasting_bytes: float
    """Weights, average, gradients and moments."""


def main() -> int:
    """Measure, or write the page of what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--measure", type=Path, metavar="CSV", help="measure and write this")
    parser.add_argument("--page", type=Path, help="write what was measured between the marks of a page")
    parser.add_argument("--measured", type=Path, default=MEASURED, help="what was measured")
    arguments = parser.parse_args()
    if arguments.measure is not None:
        torch.set_num_threads(1)
        arguments.measure.write_text(csv_of(matrix_flops(), CONFIGS), encoding="utf-8")
    if arguments.page is not None:
        write(arguments.page, table(costs_of(arguments.measured.read_text(encoding="utf-8"))))
    return 0


def csv_of(flops: float, names: tuple[str, ...]) -> str:
    """What is measured of configurations, as CSV."""
    rows: list[tuple[str | float, ...]] = [FIELDS]
    for name in names:
        for cost in measure(name, flops):
            rows.append(tuple(getattr(cost, field) for field in FIELDS))
            print(*rows[-1], file=sys.stderr, flush=True)
    return csv_text(rows)


def costs_of(text: str) -> list["Cost"]:
    """What `csv_of` gave."""
    return [
        Cost(row["config"], row["stage"], *(float(row[name]) for name in FIELDS[2:]))
        for row in csv.DictReader(text.splitlines())
    ]


def matrix_flops(side: int = 2048) -> float:
    """Multiplications and additions a second of one thread here, in a product of matrices."""
    a, b = torch.rand(side, side), torch.rand(side, side)
    torch.mm(a, b)
    began = time.process_time()
    for _ in range(3):
        torch.mm(a, b)
    return 3 * 2 * side**3 / (time.process_time() - began)


def measure(name: str, flops: float) -> Iterator[Cost]:
    """Every stage of a configuration that ships."""
    whole = configuration(name)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        trunk = _trunk(made)
        whole = _begun(whole, made)
        _store(made, whole)
        for stage in whole.stages:
            # Some steps are decoded by the fast pair, some by the full one.
            shares = {0.0: 1 - stage.full_share, 1.0: stage.full_share}
            found = [(part, _timed(whole, stage, full, trunk, made)) for full, part in shares.items() if part]
            seconds = sum(part * seconds for part, (seconds, _, _) in found)
            yield Cost(name, stage.name, flops, seconds, max(kept for _, (_, kept, _) in found), found[0][1][2])


def _pictures(stage: Stage) -> int:
    """Of one crop, as the run shares them out."""
    if stage.singles:
        return min(1, stage.pictures)
    crops = max(1, min(stage.batch, stage.pictures // 3))
    return -(-stage.pictures // crops) if stage.pictures else 0


def _timed(run: RunSettings, stage: Stage, full: float, trunk: Path, folder: Path) -> tuple[float, float, float]:
    """Seconds, bytes kept and bytes that last, of a step of one crop."""
    short = replace(stage, steps=STEPS, batch=1, pictures=_pictures(stage), fit=False, full_share=full)
    small = replace(run, stages=(short,), crop=SIDE, log_every=1, precision="fp32")
    out = Path(tempfile.mkdtemp(dir=folder))
    (out / f"crops-{SIDE}").symlink_to(folder / "crops")
    (out / f"pictures-{SIDE}").symlink_to(folder / "pictures")
    (parts,) = (found for found in prepare(small, (), trunk, out, torch.device("cpu")) if isinstance(found, Parts))
    marks: list[tuple[float, float]] = []
    with _counted({p.data_ptr() for p in parts.codec.parameters()}) as kept:
        for line in train(parts, None):
            if line.startswith("step "):
                marks.append((time.process_time(), sum(kept.values())))
                kept.clear()
            if len(marks) == 2:
                break
    trained = sum(p.numel() * 4 for p in parts.codec.parameters() if p.requires_grad)
    all_of_it = sum(p.numel() * 4 for p in parts.codec.parameters())
    # Weights and their average; of what is trained the gradient and two moments.
    return marks[1][0] - marks[0][0], marks[1][1], 2 * all_of_it + 3 * trained


@contextmanager
def _counted(weights: set[int]) -> Iterator[dict[int, int]]:
    """Bytes kept for gradients beside the weights, by place in memory: of every step until it is cleared."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = max(kept.get(storage.data_ptr(), 0), storage.nbytes())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept


def _begun(run: RunSettings, folder: Path) -> RunSettings:
    """With drawn weights to start from, where the configuration asks for some: as costly as published ones."""
    if run.sizes is None:
        return run
    file = folder / "vae_drawn.safetensors"
    save_weights(VaeCodec(make_backbone(run.sizes)), file)
    return replace(run, start=str(file))


def _store(folder: Path, run: RunSettings) -> None:
    """Two crops of noise: what they show does not change what a step takes."""
    backbone = make_backbone(run.sizes)
    if run.backbone in ("", "spatial"):
        assert isinstance(backbone, SpatialBackbone)
        load_pretrained(backbone.full)
    for kind in ("crops", "pictures"):
        (folder / kind).mkdir()
    pictures = torch.randint(0, 256, (2, GOP_LENGTH, 3, SIDE, SIDE), dtype=torch.uint8)
    with torch.no_grad():
        latents = backbone.stored(pictures.float() / 127.5 - 1).half().contiguous()
    for kind in ("train", "held"):
        save_file({"pictures": pictures, "latents": latents}, folder / "crops" / f"{kind}-0000.safetensors")
    alone = {"pictures": pictures[:, :1].contiguous(), "latents": latents[:, :1].contiguous()}
    save_file(alone, folder / "pictures" / "train-0000.safetensors")


def _trunk(folder: Path) -> Path:
    """A VGG16 trunk of drawn weights: as costly as the trained one, which does not ship."""
    tensors, width = {}, 3
    for group, channels in zip(GROUPS, CHANNELS, strict=True):
        for layer in group:
            tensors[f"{layer}.weight"] = torch.randn(channels, width, 3, 3) * (2 / (9 * width)) ** 0.5
            tensors[f"{layer}.bias"] = torch.zeros(channels)
            width = channels
    file = folder / "vgg.safetensors"
    save_file(tensors, file)
    return file


def configuration(name: str) -> RunSettings:
    """One that ships."""
    return settings.load(Path(settings.__file__).parent / "configs" / f"{name}.toml")


def table(costs: list[Cost]) -> list[str]:
    """The estimate as lines of Markdown."""
    lines = [
        f"Estimated, not measured on a GPU: hours and memory on {GPU_NAME}, from training steps on one thread of a CPU "
        f"that multiplies matrices at {costs[0].flops / 1e9:.0f} GFLOP/s. A step is taken to last {LEAST_STEP_S} s at "
        "least. The arithmetic stands at the head of `tests/proofs/training_costs.py`.",
        "",
        "| configuration | stage | steps | crops a step | here, s a crop of 64x64 | GPU hours | GPU memory |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name in CONFIGS:
        run, own = configuration(name), {cost.stage: cost for cost in costs if cost.config == name}
        hours, memory = [], []
        for stage in run.stages:
            cost, crops = own[stage.name], stage.batch * (run.crop / SIDE) ** 2
            step = max(LEAST_STEP_S, crops * cost.seconds * cost.flops / GPU_FLOPS)
            hours.append(stage.steps * step / 3600)
            # Counted in float32; in bf16 half of it.
            memory.append(cost.kept_bytes / 2 * crops + cost.lasting_bytes + SYSTEM_BYTES)
            lines.append(
                f"| `{name}.toml` | {stage.name} | {stage.steps:,} | {stage.batch} | {cost.seconds:.2f} | "
                f"{hours[-1]:.1f} | {memory[-1] / GIGABYTE:.1f} GB |"
            )
        lines.append(
            f"| `{name}.toml` | **all** | {run.steps:,} | | | **{sum(hours):.0f}** | "
            f"**{max(memory) / GIGABYTE:.0f} GB** |"
        )
    return lines


def write(page: Path, lines: list[str]) -> None:
    """Replace what stands between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{page}: the marks {BEGIN} and {END} are not there")
    page.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
