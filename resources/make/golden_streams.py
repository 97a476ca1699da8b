"""Make the golden streams of the tests: tables, streams of a drawn clip, and what they decode to.

    python -m resources.make.golden_streams

Run only when the stream format changes on purpose (then its version does too): the streams in tests/golden stand for
all that were ever written, and have to decode to the same symbols for good.
"""

import argparse
import hashlib
import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codec.container.stream import parse_stream
from codec.gop import Structure
from codec.hybrid import tables
from codec.hybrid.corrections import new_contexts, read_trees, read_trees_between
from codec.hybrid.decoder import GopDecoder
from codec.hybrid.kinds import Kind
from codec.hybrid.settings import HybridSettings
from codec.hybrid.shape import level_of
from codec.hybrid.trees import coding
from codec.hybrid.trees.coding import Planar
from codec.media.picture import Colour, Matrix, Picture, Timing
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

FOLDER = Path(__file__).parents[2] / "tests" / "golden"
PICTURES = "pictures.npz"
KEPT_WHOLE = 5
"""Every so many pictures one is kept sample for sample; of all of them the means of blocks are."""
BLOCK = 8
WIDTH, HEIGHT, FRAMES = 90, 58, 29
STREAMS = {
    "chained": HybridSettings(0.3, weights="codec_golden", key_interval=3),
    "keys-low-rate": HybridSettings(0.002, weights="codec_golden", key_interval=1),
    "disjoint-high-rate": HybridSettings(1.28, Structure.DISJOINT, weights="codec_golden"),
}


class DrawnClip:
    """Moving waves and a bar, from formulas alone; implements FrameSource."""

    frame_count, width, height = FRAMES, WIDTH, HEIGHT

    def picture(self, index: int) -> Picture:
        """Frame `index`."""
        row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
        luma = 120 + 60 * np.sin((column + 2 * index) / 7) * np.cos(row / 5) + 40 * (abs(column - 3 * index) < 6)
        half_row, half_column = np.mgrid[0 : (HEIGHT + 1) // 2, 0 : (WIDTH + 1) // 2]
        u, v = 128 + 50 * np.sin(half_row / 5 + index / 8), 128 + 50 * np.cos(half_column / 6)
        planes = [np.clip(plane, 16, 235).astype(np.uint8) for plane in (luma, u, v)]
        return Picture(planes[0], planes[1], planes[2], Colour(Matrix.BT709, False))

    def pictures(self, start: int, stop: int):
        """Frames [start, stop)."""
        return (self.picture(i) for i in range(start, stop))


def symbols_digest(path: Path) -> list[str]:
    """SHA-256 of each GoP's symbols, int16 little-endian: which segments it has, and of each its vectors, sides,
    textures, key pictures, and what trees make of grey: on predictions, which are of floats, other machines may differ
    by a sample."""
    stream = parse_stream(path)
    decoder, level = GopDecoder(stream), level_of(stream.header)
    starts = tables.named("codec_golden")
    grey = Planar(*(np.full((-(-HEIGHT // n), -(-WIDTH // n)), 128, np.uint8) for n in (1, 2, 2)))
    digests, contexts = [], None
    for index in sorted(stream.records):
        _, segments = decoder.link(index)
        assert segments is not None
        data = bytes(segment.shape.length for segment in segments)
        for segment in segments:
            symbols, rest = segment.symbols, iter(segment.symbols.trees)
            made = list(symbols.keys)
            for kind in segment.shape.coded:
                # They go on from anchor to anchor.
                contexts = None if kind is Kind.KEY else contexts or new_contexts(starts)
                made += [] if contexts is None else [read_trees(contexts, next(rest), grey, level)]
            for each in rest:
                made += read_trees_between(starts, each, [grey] * (segment.shape.length - 2), segment.shape, level)
            planes = [plane for picture in made for plane in (picture.y, picture.u, picture.v)]
            textures = [part for texture in symbols.textures for part in (texture.codes, texture.noisy)]
            parts = (symbols.motion.planes, symbols.motion.sides, *textures, *planes)
            data += b"".join(part.astype("<i2").tobytes() for part in parts)
        digests.append(hashlib.sha256(data).hexdigest())
    return digests


def block_means(plane: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Means of the whole BLOCK x BLOCK blocks of a plane."""
    rows, columns = (side // BLOCK for side in plane.shape)
    blocks = plane[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def pictures_of(path: Path, threads: int = 1) -> dict[str, NDArray[Any]]:
    """What a stream decodes to: "y", "u", "v" (n, H, W) uint8 of every KEPT_WHOLE-th picture, and "y means", ...
    (n, h, w) float32 of all, GoP after GoP."""
    gops = decode_stream(path, threads=threads)
    pictures = [picture for gop in gops for picture in gop.pictures]
    found: dict[str, NDArray[Any]] = {}
    for name in "yuv":
        planes = [getattr(picture, name) for picture in pictures]
        found[name] = np.stack(planes[::KEPT_WHOLE])
        found[f"{name} means"] = np.stack([block_means(plane) for plane in planes])
    return found


def write_pictures() -> None:
    """Keep what the streams of the folder decode to."""
    kept = {f"{name} {part}": array for name in STREAMS for part, array in pictures_of(FOLDER / f"{name}.gop").items()}
    np.savez_compressed(FOLDER / PICTURES, **kept)


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0]).parse_args()
    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    # Other ones than those that ship: a reader has to take those that the stream names.
    starts = coding.plain_starts() + rng.integers(-9000, 9000, coding.plain_starts().shape)
    tables.save(FOLDER / "codec_golden.safetensors", starts.astype(np.int32))
    os.environ["SEAMSCOPE_WEIGHTS"] = str(FOLDER)
    rate = Fraction(25)
    timing = Timing(tuple(range(FRAMES)), 1 / rate, rate, float(FRAMES / rate))
    expected = {}
    for name, settings in STREAMS.items():
        path = FOLDER / f"{name}.gop"
        encode_clip(DrawnClip(), timing, Fraction(1), path, settings)
        expected[name] = {"symbols": symbols_digest(path)}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    write_pictures()


if __name__ == "__main__":
    main()
