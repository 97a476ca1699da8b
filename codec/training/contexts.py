"""What the entropy coder's contexts start from, measured: clips are encoded, and the coder is taken over all their GoPs
without forgetting in between.

    python -m codec.training.contexts NAME CLIP ... --out FILE

NAME is that of installed weights (`codec_s`). The networks stay as they are; the model id changes. A start is the mean
of where its context stood at the ends of the GoPs that used it.
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
from codec.entropy import symbols as symbol_coding
from codec.entropy.range_coder import writer
from codec.media import open_clip
from codec.model import store
from codec.model.config import LatentKind, lambda_of
from codec.model.weights import CodecModel, with_context_starts
from codec.stream import latents
from codec.stream.encoder import encode_clip
from codec.stream.format import parse_stream
from codec.stream.latents import GopSymbols, Past
from codec.stream.settings import EncodeSettings

_LEVELS = (-4.0, 0.0, 4.0, 8.0, 12.0, 16.0)


def measured_starts(weights: str, clips: Sequence[Path]) -> NDArray[np.int32]:
    """Starts (SETS, CONTEXTS) for installed weights. Raises ModelError when there are none of the name."""
    model = store.named_model(weights, torch.device("cpu"))
    contexts = symbol_coding.new_contexts(symbol_coding.plain_starts())
    models = contexts.models
    total, count = np.zeros(len(models)), np.zeros(len(models))
    for clip in clips:
        for level in _LEVELS:
            for z, residuals, kinds, rows in _coded(model, weights, clip, lambda_of(level)):
                before = models[:, 0].copy()
                io, data = writer(symbol_coding.room_for(z.size + residuals.size))
                latents.write_symbols(io, data, contexts, z, residuals, rows, kinds)
                used = models[:, 0] != before
                total[used] += models[used, 0]
                count[used] += 1
    starts = np.where(count > 0, total / np.maximum(count, 1), symbol_coding.plain_starts().reshape(-1))
    shaped = starts.reshape(symbol_coding.SETS, symbol_coding.CONTEXTS)
    return symbol_coding.clipped(shaped / (1 << 16))


def _coded(
    model: CodecModel, weights: str, path: Path, lmbda: float
) -> Iterator[tuple[symbol_coding.Symbols, symbol_coding.Symbols, list[LatentKind], latents.Rows]]:
    """z, residuals, kinds and table indices of each GoP of a clip's stream."""
    with tempfile.TemporaryDirectory() as folder, open_clip(path) as clip:
        output = Path(folder) / "measured.gop"
        encode_clip(clip, clip.timing, Fraction(1), output, EncodeSettings(lmbda, weights=weights, reconstruct=False))
        stream = parse_stream(output)
    header, before = stream.header, None
    for number, record in sorted(stream.records.items()):
        part = gop.gop_at(number, header.frame_count, header.structure)
        shape = header.shape(part, chained=record.chained, cut=record.cut)
        known = before if record.chained else None
        found: GopSymbols = latents.decode(model, record.payload, header.level_code, shape, known)
        yield found.z, found.residuals, shape.kinds, latents.rows_of(model, found, header.level_code, shape, known)
        last = torch.from_numpy(found.residuals[shape.anchors - 1 : shape.anchors]).float()
        before = Past(last.abs_().clamp_(max=latents.MAGNITUDE_LIMIT), found.textures[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    starts = measured_starts(arguments.weights, arguments.clips)
    print(with_context_starts(store.files()[arguments.weights], arguments.out, starts))


if __name__ == "__main__":
    main()
