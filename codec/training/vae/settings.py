"""One run, one file: every number a training run of the `vae` codec depends on, read from TOML."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codec.errors import SettingError
from codec.training.tables import from_table
from codec.vae.backbones.known import SIZES
from codec.vae.backbones.picture import SPATIAL_RATIO
from codec.vae.backbones.sizes import Sizes
from codec.vae.rates import QUALITY_MAX

SMALLEST_CROP = 64
"""Side in pixels: a sample of z is as large, and in less the judges see nothing."""
PARTS = ("pair", "decoder", "full", "temporal", "backbone", "codec", "entropy")


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
    """Of backbone `spatial`, "pair": the fast picture autoencoder, "decoder": its decoder alone, "full": the
    pretrained decoder (its encoder, and with it the latent space, stays), "temporal": four pictures' latents to L and
    back; of the others "backbone": E and D. "codec": transforms, hyperprior, contexts,
    steps; "entropy": of these hyperprior, contexts and scales alone, with which no picture gets better and the rate
    finds its level."""
    warmup: int = 200
    hold: int = 1
    """Steps in a row that judge other pictures and windows of the same crops. Where decoders alone are trained, crops
    are then coded once for all of them."""
    quantise: bool = True
    """False: nothing is coded (stage one of the paper): E and D alone."""
    encode: bool = False
    """Latents of the encoder that is trained (of `spatial` the fast one), with a gradient, in place of the stored
    ones."""
    singles: bool = False
    """Single pictures, of as many clips, in place of GoPs: the fast pair learns more from them in the same time."""
    fit: bool = False
    """Begin by fitting the transform to latents of the encoder as it is by then: where it was trained before, or came
    with weights whose codec was not."""
    latent: float = 0.0
    """Weight of the squared error of latents (of `spatial`: variance about 0.7)."""
    alpha: float = 0.0
    """α of Eq. 1: weight of the squared error of pictures on the 0..255 scale."""
    tone: float = 0.0
    """Weight of the squared error of means over 16x16 pixels, on the same scale: the other judges hardly see whether an
    area has its brightness and colour, people do, most where a GoP ends."""
    alex: float = 0.0
    """Weight of LPIPS-AlexNet; with `vgg` the β of Eq. 1."""
    vgg: float = 0.0
    """Weight of LPIPS-VGG."""
    pictures: int = 6
    """Pictures decoded a step for the terms above."""
    window: int = 0
    """Side of the random window of each that is decoded and judged; 0: all of it. A quarter of a crop's area costs a
    quarter of the time, so that more of the crops are judged."""
    vgg_pictures: int = 2
    """Pictures a step that LPIPS-VGG, the dearest judge, looks at."""
    vgg_window: int = 64
    """Side of the random window it looks through."""
    temporal: float = 0.0
    """Weight of the mean |difference of picture differences| on the 0..255 scale, most where nothing moves: flicker."""
    seam: float = 0.0
    """Weight of the squared difference between latents of a GoP's last picture and of the same picture as the first of
    the next GoP, in the steps of which `seam_share` says how many there are."""
    seam_share: float = 0.0
    """Share of steps whose batch is GoPs and the same backwards, which begin where those end."""
    adversarial: float = 0.0
    """Weight of the projected-feature discriminator."""
    full_share: float = 0.0
    """Share of steps decoded by the full decoder instead of the fast one."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """A run: data, optimiser, stages."""

    stages: tuple[Stage, ...]
    corpus: tuple[str, ...] = ()
    """Folders of videos and photos, or tar archives of them; relative to the configuration."""
    vgg_trunk: str = ""
    """VGG16 `features` as safetensors; without it LPIPS-VGG cannot be among the judges."""
    backbone: str = ""
    """One of codec.vae.backbones.known.SIZES; without: that of `start`, else `spatial`."""
    sizes: Sizes | None = None
    """Of a backbone that begins at random: the table `sizes` of the file; what it does not name has its default."""
    start: str = ""
    """Weights to go on from; without, a transform codec fitted to the corpus. Relative to the configuration."""
    seed: int = 1
    crop: int = 128
    crops: int = 1024
    """Stored training crops."""
    singles: int = 0
    """Stored single pictures, for stages that ask for them."""
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
        if "sizes" in raw and raw.get("start"):
            raise ValueError("the sizes are those of the weights that it starts from")
        if "sizes" in raw or raw.get("backbone"):
            raw["sizes"] = _sizes(str(raw.get("backbone", "")), raw.pop("sizes", {}))
        run: RunSettings = from_table(RunSettings, {**raw, "stages": stages}, path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise SettingError(f"{path}: not a usable training configuration ({error}).") from error
    if run.crop % SMALLEST_CROP or run.crop < SMALLEST_CROP:
        raise SettingError(f"{path}: crop must be a multiple of {SMALLEST_CROP}, not {run.crop}.")
    for quality in run.panel_qualities:
        if not 0 <= quality <= QUALITY_MAX:
            raise SettingError(f"{path}: panel_qualities must lie between 0 and {QUALITY_MAX}, not {quality}.")
    moved = False
    for stage in stages:
        if moved and not stage.encode:
            raise SettingError(
                f"{path}: stage {stage.name}: stored latents are of an encoder that is no more; set encode = true."
            )
        moved = moved or "backbone" in stage.train
        for part in stage.train:
            if part not in PARTS:
                raise SettingError(f"{path}: stage {stage.name}: there is no part {part!r}; choose among {PARTS}.")
        if stage.singles and (stage.quantise or set(stage.train) - {"pair", "decoder"} or run.singles < 1):
            raise SettingError(
                f"{path}: stage {stage.name}: single pictures teach the fast pair alone, with quantise = false, and "
                "singles must say how many are stored."
            )
        if stage.window and (stage.window % SPATIAL_RATIO or not SMALLEST_CROP <= stage.window <= run.crop):
            raise SettingError(
                f"{path}: stage {stage.name}: window must be a multiple of {SPATIAL_RATIO}, from {SMALLEST_CROP} up to "
                f"the crop, not {stage.window}."
            )
        if stage.hold < 1 or (stage.hold > 1 and set(stage.train) - {"decoder", "full"}):
            raise SettingError(
                f"{path}: stage {stage.name}: hold must be at least 1, and more only where decoders alone are trained."
            )
        if stage.seam_share and (stage.singles or not stage.quantise or stage.batch % 2):
            raise SettingError(
                f"{path}: stage {stage.name}: seam_share is for GoPs that are coded, in batches of an even number."
            )
        if stage.steps < 1 or stage.batch < 1:
            raise SettingError(f"{path}: stage {stage.name}: steps and batch must be at least 1.")
    return run


def _sizes(backbone: str, table: dict[str, Any]) -> Sizes | None:
    if backbone not in SIZES:
        raise ValueError(f"there is no backbone {backbone!r}; choose among {', '.join(SIZES)}")
    kind = SIZES[backbone]
    if kind is None and table:
        raise ValueError(f"the backbone {backbone} has no choice of sizes")
    return None if kind is None else kind.of_table(table)
