"""Damage streams in thousands of ways and see that nothing but errors and undamaged GoPs comes out.

    python -m tests.proofs.fuzz_streams [--codec hybrid] [--streams 10000] [--seed 1]

Bit flips, truncations, splices of two streams, insertions, and hostile headers and GoPs with a right checksum. Exit
code 1 when a stream crashed the decoder, took over 20 s, decoded to something else than the original, or asked for
memory out of proportion.
"""

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from codec import registry
from codec.api import DecodedGop, options_of
from codec.container.header import parse_header
from codec.container.stream import Stream, parse_stream, write_record
from codec.errors import SeamscopeError
from codec.ffmpeg import ffmpeg_program
from codec.media import open_clip
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

LIMIT_S = 20.0
LIMIT_GIB = 4.0
_OPTIONS: dict[str, Any] = {"key_interval": 2}


def digest(decoded: DecodedGop) -> str:
    """A hash of a GoP's pictures."""
    data = b"".join(plane.tobytes() for p in decoded.pictures for plane in (p.y, p.u, p.v))
    return hashlib.sha256(data).hexdigest()


def make_streams(folder: Path, codec: str) -> list[Path]:
    """Two small streams of one clip by a codec; where GoPs can be chained, some are. It turns at first: `hybrid` finds
    nothing to predict that from, and its GoPs there have all that a payload can have."""
    clip_path = folder / "clip.mkv"
    shown = "testsrc2=size=96x64:rate=25,rotate=3*min(t\\,0.7)"
    source = ["-f", "lavfi", "-i", shown, "-frames:v", "40", "-c:v", "ffv1"]
    subprocess.run([ffmpeg_program(), "-v", "error", *source, "-pix_fmt", "yuv420p", str(clip_path)], check=True)
    streams = []
    with open_clip(clip_path) as clip:
        for lmbda in (0.1, 1.0):
            streams.append(folder / f"{lmbda}.gop")
            kind = registry.named(codec).settings
            own = {name: value for name, value in _OPTIONS.items() if name in {o.name for o in options_of(kind)}}
            settings = kind(lmbda, reconstruct=False, **own)
            encode_clip(clip, clip.timing, clip.info.sample_aspect, streams[-1], settings)
    return streams


def hostile_header(rng: np.random.Generator, data: bytes, header_end: int) -> bytes:
    """Change header bytes and make the checksum right again."""
    head = bytearray(data[: header_end - 4])
    for _ in range(int(rng.integers(1, 4))):
        head[int(rng.integers(10, len(head)))] = int(rng.integers(256))
    return bytes(head) + zlib.crc32(bytes(head)).to_bytes(4, "little") + data[header_end:]


def hostile_gop(rng: np.random.Generator, data: bytes, stream: Stream) -> bytes:
    """Change a GoP's bytes and make the checksum right again: only the decoders of symbols and motion stand guard."""
    _, start, checksum = parse_header(data, stream.path)
    wrong = int(rng.choice(list(stream.records)))
    out = bytearray(data[:start])
    for index, record in stream.records.items():
        payload = bytearray(record.payload)
        if index == wrong:
            for _ in range(int(rng.integers(1, 12))):
                payload[int(rng.integers(len(payload)))] = int(rng.integers(256))
            if rng.random() < 0.3:
                del payload[int(rng.integers(len(payload))) :]
        out += write_record(index, bytes(payload), checksum, chained=record.chained, cut=record.cut)
    return bytes(out)


def damage(rng: np.random.Generator, kind: int, data: bytes, other: bytes, header_end: int) -> bytes:
    """One damaged version of `data`."""
    out = bytearray(data)
    place = int(rng.integers(len(out)))
    if kind == 0:
        for _ in range(int(rng.integers(1, 9))):
            out[int(rng.integers(len(out)))] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del out[place:]
    elif kind == 2:
        start = int(rng.integers(len(other)))
        out[place:place] = other[start : start + int(rng.integers(1, 400))]
    elif kind == 3:
        del out[place : place + int(rng.integers(1, 200))]
    else:
        return hostile_header(rng, data, header_end)
    return bytes(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--codec", choices=tuple(registry.usable()), default=registry.DEFAULT)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    outcomes = {"error": 0, "some GoPs": 0, "all GoPs": 0}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, other = (path.read_bytes() for path in make_streams(folder, options.codec))
        parsed = parse_stream(folder / "0.1.gop")
        good = {d.gop.index: digest(d) for d in decode_stream(folder / "0.1.gop")}
        header_end = len(whole) - sum(r.size_bytes for r in parsed.records.values())
        target = folder / "damaged.gop"
        for number in range(options.streams):
            kind = int(rng.integers(6))
            data = hostile_gop(rng, whole, parsed) if kind == 5 else damage(rng, kind, whole, other, header_end)
            target.write_bytes(data)
            hostile = kind == 5 or data[:header_end] != whole[:header_end]
            began = time.monotonic()
            kept = 0
            try:
                for decoded in decode_stream(target, "cpu", threads=1, skip_damaged=True):
                    kept += 1
                    if not hostile and digest(decoded) != good[decoded.gop.index]:
                        print(f"stream {number}: GoP {decoded.gop.index} decoded to other pictures")
                        return 1
            except SeamscopeError:
                outcomes["error"] += 1
            else:
                outcomes["all GoPs" if kept == len(good) else "some GoPs"] += 1
            if time.monotonic() - began > LIMIT_S:
                print(f"stream {number}: took {time.monotonic() - began:.1f} s")
                return 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{options.streams} streams of {options.codec}: {outcomes}; peak memory {peak:.2f} GiB")
    return int(peak > LIMIT_GIB)


if __name__ == "__main__":
    sys.exit(main())
