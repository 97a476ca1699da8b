"""What the contexts of the `hybrid` codec's quadtrees start from, measured: clips are encoded, and the coders are taken
over all their pictures without forgetting in between.

    python -m codec.training.contexts NAME CLIP ... --out FILE

NAME is that of installed tables (`codec_s`) that the clips are encoded with. A start is the mean of where its context
stood at the ends of the pictures that used it. Install FILE as `codec_NAME.safetensors`; its model id is a new one.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codec import gop
from codec.container.header import lambda_of_code
from codec.container.stream import parse_stream
from codec.hybrid import tables
from codec.hybrid.decoder import GopDecoder
from codec.hybrid.entropy.mixing import LEAST
from codec.hybrid.kinds import Kind
from codec.hybrid.pictures import planes_of
from codec.hybrid.settings import HybridSettings
from codec.hybrid.trees import coding
from codec.hybrid.trees.coding import Planar
from codec.media import open_clip
from codec.stream.encoder import encode_clip

_LEVELS = (-4.0, 0.0, 4.0, 8.0, 12.0, 16.0)
_CODES = 256
"""Of λ, to a level."""


class _Means:
    """Mean probabilities of contexts over the uses that moved them."""

    def __init__(self, models: NDArray[np.int32]) -> None:
        self.models = models
        self._plain = models[:, 0].copy()
        self._total, self._count = np.zeros(len(models)), np.zeros(len(models))

    def code(self, source: Planar, level: float, guess: Planar | None) -> None:
        """Code a picture, and count where the contexts stand that are no longer where they were."""
        before = self.models[:, 0].copy()
        coding.encode(source, level, coding.with_weights(self.models), guess)
        used = self.models[:, 0] != before
        self._total[used] += self.models[used, 0]
        self._count[used] += 1

    def starts(self) -> NDArray[np.int32]:
        """The means; what no use has moved stays as it was."""
        mean = np.where(self._count > 0, self._total / np.maximum(self._count, 1), self._plain)
        return np.clip(np.round(mean), LEAST, (1 << 16) - LEAST).astype(np.int32)


def measured_starts(name: str, clips: Sequence[Path]) -> NDArray[np.int32]:
    """Starts (CONTEXTS,) of the trees of pictures that are predicted from others. Raises ModelError when there are no
    tables of the name."""
    means = _Means(coding.new_models(tables.named(name).starts[Kind.ANCHOR]))
    for clip in clips:
        for level in _LEVELS:
            for source, guess in _anchors(name, clip, level):
                means.code(source, level, guess)
    return means.starts()


def measured_key_starts(clips: Sequence[Path]) -> NDArray[np.int32]:
    """Starts of key pictures' contexts, from the clips' first pictures. What is chosen depends on them, hence twice."""
    models = coding.new_models(coding.plain_starts()[Kind.KEY])
    means = _Means(models)
    for _ in range(2):
        means = _Means(models)
        for path in clips:
            with open_clip(path) as clip:
                picture = planes_of(clip.picture(0))
            for level in _LEVELS:
                means.code(picture, level, None)
    return means.starts()


def _anchors(name: str, path: Path, level: float) -> Iterator[tuple[Planar, Planar]]:
    """The pictures of a clip that have trees of their own, as they are and as they were predicted to be."""
    with tempfile.TemporaryDirectory() as folder, open_clip(path) as clip:
        output = Path(folder) / "measured.gop"
        settings = HybridSettings(lambda_of_code(round(level * _CODES)), weights=name, reconstruct=False)
        encode_clip(clip, clip.timing, Fraction(1), output, settings)
        stream = parse_stream(output)
        header = stream.header
        decoder = GopDecoder(stream)
        for number in sorted(stream.records):
            _, restored = decoder.link(number)
            assert restored is not None
            start = gop.gop_at(number, header.frame_count, header.structure).start
            for segment in restored:
                shape = segment.shape
                kinds = zip(shape.numbers, shape.coded, strict=True)
                pictures = [clip.picture(start + i) for i, kind in kinds if kind is Kind.ANCHOR]
                yield from zip(map(planes_of, pictures), segment.anchors.guesses, strict=True)
                start += shape.length - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    starts = np.stack([measured_key_starts(arguments.clips), measured_starts(arguments.name, arguments.clips)])
    print(tables.save(arguments.out, starts))


if __name__ == "__main__":
    main()
