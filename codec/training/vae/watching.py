"""A training run as somebody sees it who looks into its folder while it goes on: its newest checkpoint, and the curves
of its log. Light to import: torch is loaded by what codes.

The run replaces `weights.safetensors` whole and appends to `log.csv`, of which the last line may be half written.
"""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from codec.api import EncodedGop
from codec.errors import ModelError
from codec.gop import Gop
from codec.media.picture import FrameSource
from codec.vae.settings import VaeSettings

WEIGHTS, LOG, STATE = "weights.safetensors", "log.csv", "state.json"
HELD_OUT = "held out λ "
"""How the log's rows of held-out crops begin, in the column of stages."""
_LOG_BYTES = 64 * 2**20
_NEEDED = ("step", "stage", "bpp", "lpips")
_STEPS_NOTE = "steps"
_MOST_STEPS = 10**9


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights of a run, as they are now."""

    path: Path
    step: int
    """Of the run, as the weights say."""
    stamp: tuple[int, int, int]
    """Tells them from those that replace them."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the run measured of held-out crops."""

    step: int
    lmbda: str
    """As the log has it: "0.05"."""
    bpp: float
    lpips: float


@dataclass(frozen=True, slots=True)
class Sight:
    """A run's folder at one moment."""

    checkpoint: Checkpoint | None
    """None while there is none yet."""
    held: tuple[Held, ...]
    step: int
    """The last one in the log."""
    stage: str
    """Of that step."""


def look(folder: Path) -> Sight:
    """What a run's folder shows now. Raises ModelError, in one sentence, for a folder that is gone or holds no run, a
    log that is none and weights of another format."""
    try:
        if not folder.is_dir():
            raise ModelError(f"{folder}: the folder of the training run is not there (any more).")
        if not any((folder / name).exists() for name in (WEIGHTS, LOG, STATE)) and not any(folder.glob("crops-*")):
            raise ModelError(f"{folder}: there is no training run in this folder; seamscope train --out makes one.")
        held, step, stage = _read_log(folder / LOG)
        return Sight(_checkpoint(folder / WEIGHTS), held, step, stage)
    except OSError as error:
        raise ModelError(f"{folder}: the training run cannot be read ({error.strerror or error}).") from error


def _checkpoint(path: Path) -> Checkpoint | None:
    try:
        stamp = _stamp(path)
        if not path.is_file():
            raise ModelError(f"{path}: these are no weights of a training run (no regular file).")
        with safe_open(path, framework="np") as file:
            notes = file.metadata() or {}
    except FileNotFoundError:
        return None
    except SafetensorError as error:
        raise ModelError(f"{path}: these are no weights of a training run ({error}).") from error
    step = notes.get(_STEPS_NOTE, "")
    if not notes.get("format", "").startswith("seamscope-vae-") or not step.isdecimal() or len(step) > 12:
        raise ModelError(f"{path}: these weights are not of a training run of the vae codec.")
    return Checkpoint(path, int(step), stamp)


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read_log(path: Path) -> tuple[tuple[Held, ...], int, str]:
    try:
        with path.open("rb") as file:
            data = file.read(_LOG_BYTES + 1)
    except FileNotFoundError:
        return (), 0, ""
    if len(data) > _LOG_BYTES:
        raise ModelError(f"{path}: this log is too large to be one of a training run.")
    # A line without its end is still being written.
    whole = data[: data.rfind(b"\n") + 1]
    try:
        rows = csv.DictReader(io.StringIO(whole.decode("utf-8"), newline=""))
        if whole and any(name not in (rows.fieldnames or ()) for name in _NEEDED):
            raise ModelError(f"{path}: this is not the log of a training run of the vae codec.")
        held: list[Held] = []
        step, stage = 0, ""
        for row in rows:
            number = int(row["step"])
            if not 0 <= number <= _MOST_STEPS:
                raise ValueError(f"step {number}")
            if row["stage"].startswith(HELD_OUT):
                lmbda = row["stage"].removeprefix(HELD_OUT)[:12]
                bpp, lpips = float(row["bpp"]), float(row["lpips"])
                # A run that has come to grief goes on writing.
                if math.isfinite(bpp) and math.isfinite(lpips):
                    held.append(Held(number, lmbda, bpp, lpips))
            else:
                step, stage = number, row["stage"][:60]
    except (UnicodeDecodeError, csv.Error, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: this log of a training run is damaged ({error}).") from error
    return tuple(held), step, stage


def code(clip: FrameSource, part: Gop, checkpoint: Checkpoint, settings: VaeSettings) -> EncodedGop | None:
    """A GoP of a clip coded with a checkpoint; None where another one has replaced it meanwhile. Raises MediaError, and
    ModelError where the weights cannot be used."""
    from codec.nn.device import pick
    from codec.vae.gops import code_alone
    from codec.vae.store import model_at

    try:
        model = model_at(checkpoint.path, pick(settings.device), settings.precision)
        if _stamp(checkpoint.path) != checkpoint.stamp:
            return None
    except OSError as error:
        raise ModelError(f"{checkpoint.path}: the weights cannot be read ({error.strerror or error}).") from error
    return code_alone(model, part, list(clip.pictures(part.start, part.stop)), settings)
