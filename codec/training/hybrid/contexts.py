"""What contexts start from, measured: clips are encoded, and the coders are taken over all their GoPs without
forgetting in between.

    python -m codec.training.hybrid.contexts NAME CLIP ... --out FILE

NAME is that of installed weights (`codec_s`). The networks stay as they are; the model id changes. A start is the mean
of where its context stood at the ends of the GoPs, or key pictures, that used it.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from codec import gop
from codec.api import DecodeSettings
from codec.container.stream import parse_stream
from codec.hybrid import latents, networks
from codec.hybrid.decoder import GopDecoder
from codec.hybrid.entropy import symbols as symbol_coding
from codec.hybrid.entropy.range_coder import writer
from codec.hybrid.latents import GopSymbols, Past
from codec.hybrid.model import store
from codec.hybrid.model.config import LatentKind, lambda_of
from codec.hybrid.model.weights import CodecModel, with_context_starts
from codec.hybrid.pictures import planes_of
from codec.hybrid.settings import HybridSettings
from codec.hybrid.trees import coding as tree_coding
from codec.hybrid.trees.coding import Planar
from codec.media import open_clip
from codec.stream.encoder import encode_clip

_LEVELS = (-4.0, 0.0, 4.0, 8.0, 12.0, 16.0)


class _Means:
    """Mean probabilities of contexts over the uses that moved them."""

    def __init__(self, models: NDArray[np.int32]) -> None:
        self.models = models
        self._plain = models[:, 0].copy()
        self._total, self._count = np.zeros(len(models)), np.zeros(len(models))

    def note(self, before: NDArray[np.int32]) -> None:
        """Count where the contexts stand that are no longer at `before`."""
        used = self.models[:, 0] != before
        self._total[used] += self.models[used, 0]
        self._count[used] += 1

    def starts(self) -> NDArray[np.int32]:
        """The means; what no use has moved stays as it was."""
        mean = np.where(self._count > 0, self._total / np.maximum(self._count, 1), self._plain)
        return symbol_coding.clipped(mean / (1 << 16))


def measured_starts(weights: str, clips: Sequence[Path]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Starts (SETS, CONTEXTS) of symbols and (CONTEXTS,) of anchors' trees, for installed weights. Raises ModelError
    when there are none of the name."""
    model = store.named_model(weights, torch.device("cpu"))
    contexts = symbol_coding.new_contexts(symbol_coding.plain_starts())
    means = _Means(contexts.models)
    trees = _Means(tree_coding.new_models(model.tree_starts[1]))
    for clip in clips:
        for level in _LEVELS:
            for gop_symbols, kinds, rows, anchors in _coded(model, weights, clip, lambda_of(level)):
                z, residuals = gop_symbols.z, gop_symbols.residuals
                before = contexts.models[:, 0].copy()
                io, data = writer(symbol_coding.room_for(z.size + residuals.size))
                latents.write_symbols(io, data, contexts, z, residuals, rows, kinds)
                means.note(before)
                for source, guess in anchors:
                    before = trees.models[:, 0].copy()
                    tree_coding.encode(source, level, tree_coding.with_weights(trees.models), guess)
                    trees.note(before)
    return means.starts().reshape(symbol_coding.SETS, symbol_coding.CONTEXTS), trees.starts()


def measured_key_starts(clips: Sequence[Path]) -> NDArray[np.int32]:
    """Starts of key pictures' contexts, from the clips' first pictures. What is chosen depends on them, hence twice."""
    models = tree_coding.new_models(tree_coding.plain_starts()[0])
    means = _Means(models)
    for _ in range(2):
        means = _Means(models)
        for path in clips:
            with open_clip(path) as clip:
                picture = planes_of(clip.picture(0))
            for level in _LEVELS:
                before = models[:, 0].copy()
                tree_coding.encode(picture, level, tree_coding.with_weights(models))
                means.note(before)
    return means.starts()


_Anchors = list[tuple[Planar, Planar]]


def _coded(
    model: CodecModel, weights: str, path: Path, lmbda: float
) -> Iterator[tuple[GopSymbols, list[LatentKind], latents.Rows, _Anchors]]:
    """Symbols, kinds and table indices of each segment of a clip's stream, and its anchors that have trees, as they are
    and as they were predicted to be."""
    with tempfile.TemporaryDirectory() as folder, open_clip(path) as clip:
        output = Path(folder) / "measured.gop"
        encode_clip(clip, clip.timing, Fraction(1), output, HybridSettings(lmbda, weights=weights, reconstruct=False))
        stream = parse_stream(output)
        header = stream.header
        decoder = GopDecoder(stream, DecodeSettings(str(model.device)))
        before: Past | None = None
        for number in sorted(stream.records):
            ((_, restored),) = decoder.link([number])
            assert restored is not None
            start = gop.gop_at(number, header.frame_count, header.structure).start
            for segment in restored:
                shape, symbols = segment.shape, segment.symbols
                known = before if shape.chained else None
                rows = latents.rows_of(model, symbols, header.lambda_code, shape, known)
                kinds = zip(networks.anchor_numbers(shape), shape.pictures, strict=True)
                pictures = [clip.picture(start + i) for i, kind in kinds if kind is LatentKind.ANCHOR]
                anchors = list(zip(map(planes_of, pictures), segment.anchors.guesses, strict=True))
                yield symbols, shape.kinds, rows, anchors
                before = latents.past_of(model, symbols, shape, known)
                start += shape.length - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    starts, anchors = measured_starts(arguments.weights, arguments.clips)
    trees = np.stack([measured_key_starts(arguments.clips), anchors])
    print(with_context_starts(store.files()[arguments.weights], arguments.out, starts, trees))


if __name__ == "__main__":
    main()
