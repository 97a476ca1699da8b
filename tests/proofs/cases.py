"""How every file of a folder opens, beside what the ffmpeg program makes of it:

    python -m tests.proofs.cases FOLDER

One line a file: pictures against ffmpeg's (framecrc), whether they stand in ffmpeg's order (mean luma) and come back
the same in any order of reading, size, the largest difference of colours from ffmpeg's own RGB (8-bit 4:2:0 in between,
as the viewer has it; exact rounding, full chroma), or the sentence with which the file is refused. Exit code 1 when a
file that opens differs: in count, order or size at all, in colour by more than 2 codes.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from codec.errors import SeamscopeError
from codec.ffmpeg import ffmpeg_program
from codec.media import Clip, open_clip, raw
from codec.media.colour import to_rgb
from codec.media.sequence import SUFFIXES, list_images

_FLAGS = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
_COLOUR_CODES = 2
_STILL_CODES = 4
"""JPEG decoders already differ by two codes, before 4:2:0 is made of them."""
_LUMA = np.array([0.299, 0.587, 0.114])
_NEAR = 0.6
"""Means of luma that differ by less are of one picture."""


@dataclass
class Line:
    """A row of the table."""

    name: str
    pictures: str = ""
    order: str = ""
    size: str = ""
    colour: str = ""
    good: bool = True
    text: str = ""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--notes", action="store_true", help="also print the notes of each clip")
    chosen = parser.parse_args(arguments)
    lines = []
    for path in _entries(chosen.folder):
        line = _judged(path, str(path.relative_to(chosen.folder)), notes=chosen.notes)
        lines.append(line)
        mark = "ok  " if line.good else "BAD "
        cells = f"{line.pictures:>9}  {line.order:<12} {line.size:>19}  {line.colour:>6}"
        print(f"{mark} {line.name:<44} {cells}  {line.text}", flush=True)
    bad = sum(not line.good for line in lines)
    print(f"{len(lines)} files, {bad} differ")
    return 1 if bad else 0


def _entries(folder: Path) -> Iterator[Path]:
    """Files, and folders that hold images as one clip each."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            images = any(entry.suffix.lower() in SUFFIXES for entry in path.iterdir())
            yield from (path,) if images else _entries(path)
        else:
            yield path


def _judged(path: Path, name: str, *, notes: bool) -> Line:
    line = Line(name, text="")
    try:
        with open_clip(path) as clip:
            ours = [to_rgb(clip.picture(number)) for number in range(clip.frame_count)]
            _compare(clip, ours, path, line)
            if notes:
                line.text = " ".join((line.text, *clip.info.notes))
    except SeamscopeError as error:
        line.text = f"refused: {error}"
    return line


def _compare(clip: Clip, ours: list[np.ndarray], path: Path, line: Line) -> None:
    inputs = _inputs(path)
    theirs, size = [], ""
    count = 0
    for source in inputs:
        told, size = _framecrc(source)
        count += told
        theirs += _ffmpeg_rgb(source, clip, ours[0].shape)
    line.pictures = f"{len(ours)}/{count}"
    line.size = f"{clip.width}x{clip.height}/{size}"
    faults = []
    said = next((note for note in clip.info.notes if "not supported" in note), "")
    if len(ours) != count or (len(theirs) != count and not said):
        faults.append("count")
    if size != f"{clip.width}x{clip.height}":
        faults.append("size")
    means = [[float((picture @ _LUMA).mean()) for picture in pictures] for pictures in (ours, theirs)]
    off = [number for number, (a, b) in enumerate(zip(*means, strict=False)) if abs(a - b) > _NEAR]
    # Backwards, and in strides: every frame is sought.
    again = [*range(len(ours) - 1, -1, -1), *range(0, len(ours), 3)]
    lost = [number for number in again if not np.array_equal(to_rgb(clip.picture(number)), ours[number])]
    line.order = "as ffmpeg's" if not off else f"off at {off[0]}"
    if off:
        faults.append("order")
    if lost:
        faults.append(f"seeking to {lost[0]}")
    largest = max((int(np.abs(a.astype(int) - b).max()) for a, b in zip(ours, theirs, strict=False)), default=0)
    line.colour = str(largest)
    if largest > (_STILL_CODES if path.is_dir() else _COLOUR_CODES):
        faults.append("colour")
    line.good, line.text = not faults, ", ".join(faults) or said


def _inputs(path: Path) -> list[list[str]]:
    """What ffmpeg is told to read: one input a clip, one an image of a sequence."""
    if path.is_dir():
        return [["-i", str(image)] for image in list_images(path)]
    if raw.is_raw(path):
        options = raw.layout_of(path).options
        return [
            ["-f", "rawvideo", *(word for name in options for word in (f"-{name}", options[name])), "-i", str(path)]
        ]
    return [["-i", str(path)]]


def _framecrc(source: list[str]) -> tuple[int, str]:
    """Pictures, and the size of the first, as ffmpeg tells them."""
    command = [
        ffmpeg_program(),
        "-v",
        "quiet",
        *source,
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-f",
        "framecrc",
        "-",
    ]
    text = subprocess.run(command, capture_output=True, check=False, text=True).stdout
    lines = text.splitlines()
    size = next((line.split(":")[1].strip() for line in lines if line.startswith("#dimensions")), "none")
    return sum(not line.startswith("#") for line in lines), size


def _ffmpeg_rgb(source: list[str], clip: Clip, shape: tuple[int, ...]) -> list[np.ndarray]:
    """ffmpeg's RGB of every picture, by the frames' own tags; the clip's assumption where they have none."""
    shown, path, still = clip.info.colour, clip.path, ""
    coding = f"in_color_matrix={shown.matrix.value}" if _untagged(clip) else ""
    target = f"out_color_matrix={shown.matrix.value}:out_range={'full' if shown.full_range else 'limited'}"
    if path.is_dir():
        # Stills become RGB first, of JPEG with chroma as libjpeg fills it in.
        still = "scale=flags=bilinear+accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24,"
    first = (
        still + "scale=" + ":".join(part for part in (f"{clip.width}:{clip.height}", coding, target, _FLAGS) if part)
    )
    back = target.replace("out_", "in_")
    chain = f"{first},format=yuv420p,scale={back}:out_range=full:{_FLAGS},format=rgb24"
    # In one thread: what is put in the place of damaged samples depends on who is first.
    command = [ffmpeg_program(), "-v", "quiet", "-threads", "1", *source, "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-vf", chain]
    data = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=False).stdout
    size = int(np.prod(shape))
    return [np.frombuffer(data[at : at + size], np.uint8).reshape(shape) for at in range(0, len(data) - size + 1, size)]


def _untagged(clip: Clip) -> bool:
    """True when the first frame does not name its matrix."""
    if clip.info.container == "image sequence" or raw.is_raw(clip.path):
        return False
    with av.open(str(clip.path)) as container:
        frame = next(container.decode(video=0))
        return int(frame.colorspace) == 2 and not frame.format.is_rgb


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
