"""One run, one file: every number a training run of the `vae` codec depends on, read from TOML."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from codec.errors import SettingError
from codec.training.tables import from_table
from codec.vae.rates import QUALITY_MAX

PARTS = ("pair", "temporal", "codec")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of steps with one set of trained parts and one loss."""

    name: str
    steps: int
    batch: int
    """Crops a step."""
    learning_rate: float
    learning_rate_end: float
    """Cosine from the first to the second."""
    train: tuple[str, ...]
    """"pair": the fast picture autoencoder; "temporal": four pictures' latents to L and back; "codec": transforms,
    hyperprior, contexts, steps."""
    warmup: int = 200
    quantise: bool = True
    """False: nothing is coded (stage one of the paper): E and D alone."""
    encode: bool = False
    """Latents of the fast encoder, with a gradient, in place of the stored ones of the pretrained encoder."""
    latent: float = 0.0
    """Weight of the squared error of latents (variance about 0.7)."""
    alpha: float = 0.0
    """α of Eq. 1: weight of the squared error of pictures on the 0..255 scale."""
    alex: float = 0.0
    """Weight of LPIPS-AlexNet; with `vgg` the β of Eq. 1."""
    vgg: float = 0.0
    """Weight of LPIPS-VGG."""
    pictures: int = 6
    """Pictures decoded a step for the terms above."""
    vgg_pictures: int = 2
    """Pictures a step that LPIPS-VGG, the dearest judge, looks at."""
    vgg_window: int = 64
    """Side of the random window it looks through."""
    temporal: float = 0.0
    """Weight of the mean |difference of picture differences| on the 0..255 scale: flicker."""
    adversarial: float = 0.0
    """Weight of the projected-feature discriminator."""
    full_share: float = 0.0
    """Share of steps decoded by the pretrained decoder instead of the fast one."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """A run: data, optimiser, stages."""

    stages: tuple[Stage, ...]
    corpus: tuple[str, ...] = ()
    """Folders of videos and photos, or tar archives of them; relative to the configuration."""
    vgg_trunk: str = ""
    """VGG16 `features` as safetensors; without it LPIPS-VGG cannot be among the judges."""
    start: str = ""
    """Weights to go on from; without, a transform codec fitted to the corpus."""
    seed: int = 1
    crop: int = 128
    crops: int = 1024
    """Stored training crops."""
    held: int = 64
    """Stored held-out crops."""
    held_out: float = 0.05
    """Share of sources never trained on."""
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    ema: float = 0.999
    precision: str = "fp32"
    """"bf16": autocast of the float networks, where the device gains by it."""
    log_every: int = 20
    save_every_s: float = 300.0
    panel_every_s: float = 1200.0
    panel_crops: int = 12
    panel_qualities: tuple[int, ...] = (0, 85, 170, 255)

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> tuple[int, int]:
        """Number of the stage of a step of the run, and the step within it."""
        for number, stage in enumerate(self.stages):
            if step < stage.steps:
                return number, step
            step -= stage.steps
        return len(self.stages) - 1, self.stages[-1].steps


def load(path: Path) -> RunSettings:
    """Read a run's TOML. Raises SettingError naming the file and the key at fault."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        stages = tuple(from_table(Stage, table, path) for table in raw.pop("stage"))
        run: RunSettings = from_table(RunSettings, {**raw, "stages": stages}, path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingError(f"{path}: not a usable training configuration ({error}).") from error
    if run.crop % 64 or run.crop < 64:
        raise SettingError(f"{path}: crop must be a multiple of 64, not {run.crop}.")
    for quality in run.panel_qualities:
        if not 0 <= quality <= QUALITY_MAX:
            raise SettingError(f"{path}: panel_qualities must lie between 0 and {QUALITY_MAX}, not {quality}.")
    for stage in stages:
        for part in stage.train:
            if part not in PARTS:
                raise SettingError(f"{path}: stage {stage.name}: there is no part {part!r}; choose among {PARTS}.")
        if stage.steps < 1 or stage.batch < 1:
            raise SettingError(f"{path}: stage {stage.name}: steps and batch must be at least 1.")
    return run
