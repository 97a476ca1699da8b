"""Where the files in `resources/` lie, in a checkout and in an installed package alike."""

import os
from importlib.resources import files
from pathlib import Path

MORE_WEIGHTS = "SEAMSCOPE_WEIGHTS"
"""Environment variable: a folder with further weights files."""


def resource_folder() -> Path:
    """The folder of shipped resources."""
    return Path(str(files("resources")))


def weights_folder() -> Path:
    """The folder of shipped weights."""
    return resource_folder() / "weights"


def all_weights_files(prefix: str) -> list[Path]:
    """A codec's weights `PREFIX*.safetensors`: those that ship, then those of the user's folder."""
    folders = [weights_folder()]
    if os.environ.get(MORE_WEIGHTS):
        folders.append(Path(os.environ[MORE_WEIGHTS]))
    return [path for folder in folders for path in sorted(folder.glob(f"{prefix}*.safetensors"))]


def weights_files(prefix: str, default: str) -> dict[str, Path]:
    """The same by name, the default ones first; of two of one name the shipped one."""
    found: dict[str, Path] = {}
    for path in all_weights_files(prefix):
        found.setdefault(path.stem, path)
    return dict(sorted(found.items(), key=lambda item: item[0] != default))


def full_decoder_of(weights: Path) -> Path:
    """Where the full decoder lies that was taught beside a codec's weights, if there is one: pictures depend on it, no
    stream does."""
    return weights.with_name("full_" + weights.name)


def sample_clips() -> tuple[Path, ...]:
    """The clips that ship, the default first."""
    folder = resource_folder() / "clips"
    return (folder / "city.mkv", folder / "big_buck_bunny.mp4")
