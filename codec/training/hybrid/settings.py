"""One run, one file: every number a training run depends on, read from TOML."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from codec.errors import SettingError
from codec.hybrid.model.config import LEVELS, SIZES
from codec.training.tables import from_table


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of steps with one set of trainable parts, one crop and one loss."""

    name: str
    steps: int
    batch: int
    """GoPs a step; a step of clips with n GoPs each takes batch / n clips, at least one."""
    crop: int
    """Side of the square crop in pixels, a multiple of 16."""
    learning_rate: float
    learning_rate_end: float
    """Cosine from the first to the second."""
    train: tuple[str, ...] = ("vae", "codec")
    """"vae": E, D and their gains; "codec": transforms, hyperprior, means, scales."""
    quantise: bool = True
    """False: the VAE alone, L tolerating noise instead of being coded (stage one of the paper)."""
    level_low: float = 0.0
    level_high: float = float(LEVELS - 1)
    lpips_frames: int = 1
    """Frames of each clip that LPIPS-VGG looks at; 0 turns it off."""
    lpips_crop: int = 0
    """Side of the random window LPIPS-VGG looks through (it costs more than the codec on a CPU); 0: the whole crop."""
    temporal: float = 0.0
    """Weight of the frame-difference term."""
    texture: float = 0.0
    """Weight of the texture term: the energy of fine detail."""
    gops: tuple[int, ...] = (1,)
    """GoPs of a step's clips, step after step in turn; each but a clip's first is chained to the one before, shares a
    frame with it, and brings the seam terms."""
    links: int = 1
    """Steps that a clip is followed for, each going on from what the last one decoded."""
    abreast: int = 8
    """Clips followed in turn, where `links` is above one."""
    warmup: int = 200


@dataclass(frozen=True, slots=True)
class RunSettings:
    """A run: model size, loss weights, optimiser, stages."""

    size: str
    stages: tuple[Stage, ...]
    seed: int = 1
    alpha: float = 1e-3
    """Weight of the squared error on the 0..255 scale (α of Eq. 1; the paper does not state the scale)."""
    beta: float = 1.0
    """Weight of LPIPS (β of Eq. 1)."""
    key_share: float = 0.1
    """Share of a key picture's bits that count for a clip: it serves more GoPs in a stream than in a step. They are of
    the picture as it was coded, without a gradient: the share moves what is logged, not what is learned."""
    weight_decay: float = 1e-4
    clip_norm: float = 0.5
    ema: float = 0.999
    precision: str = "bf16"
    """"bf16" autocast for the float networks, or "fp32"; entropy terms are always fp32."""
    photo_share: float = 0.1
    """Share of samples made from a still by a synthetic camera move."""
    held_out: float = 0.05
    """Share of sources kept away from training for the log's validation rows."""
    log_every: int = 50
    save_every_s: float = 180.0
    panel_every_s: float = 600.0

    def scaled(self, factor: float) -> "RunSettings":
        """The same run with `factor` times the steps in every stage. Raises SettingError unless the factor is > 0."""
        if not factor > 0:
            raise SettingError(f"The factor on the steps must be above 0, not {factor}.")
        return replace(self, stages=tuple(replace(s, steps=max(1, round(s.steps * factor))) for s in self.stages))


def load(path: Path) -> RunSettings:
    """Read a run's TOML. Raises SettingError naming the file and the offending key."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        stages = tuple(from_table(Stage, table, path) for table in raw.pop("stage"))
        run = from_table(RunSettings, {**raw, "stages": stages}, path)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingError(f"{path}: not a usable training configuration ({error}).") from error
    if run.size not in SIZES:
        raise SettingError(f"{path}: size must be one of {', '.join(SIZES)}, not {run.size!r}.")
    for stage in stages:
        if stage.crop % 16 or stage.crop < 64:
            raise SettingError(f"{path}: stage {stage.name}: crop must be a multiple of 16 and at least 64.")
        if not stage.gops or not all(isinstance(n, int) and 1 <= n <= 8 for n in stage.gops):
            raise SettingError(f"{path}: stage {stage.name}: gops must be numbers from 1 to 8.")
    return run
