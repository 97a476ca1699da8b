"""Where the files in `resources/` lie, in a checkout and in an installed package alike."""

from importlib.resources import files
from pathlib import Path


def resource_folder() -> Path:
    """The folder of shipped resources."""
    return Path(str(files("resources")))


def weights_folder() -> Path:
    """The folder of shipped weights."""
    return resource_folder() / "weights"


def sample_clips() -> tuple[Path, ...]:
    """The clips that ship, the default first."""
    folder = resource_folder() / "clips"
    return (folder / "city.mkv", folder / "big_buck_bunny.mp4")
