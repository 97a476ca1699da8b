"""The hybrid codec as the registry has it."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from codec.api import CodecSettings, DecodeSettings, EncodedGop, StreamDecoder
from codec.container.header import Header
from codec.container.stream import Stream
from codec.context import WorkContext
from codec.hybrid.settings import HybridSettings
from codec.media.picture import FrameSource
from codec.resources import weights_files


class Hybrid:
    """Motion-compensated prediction, corrected by quadtrees of blocks. No networks: what other codecs have as weights
    are tables here."""

    id = "hybrid"
    name = "Hybrid"
    settings = HybridSettings
    needs_weights = True

    def weights(self) -> dict[str, Path]:
        return weights_files("codec_", "codec_s")

    def weights_id(self, path: Path) -> str:
        from codec.hybrid.tables import read_model_id

        return read_model_id(path)

    def model_id(self, settings: CodecSettings) -> bytes:
        from codec.hybrid import tables

        return tables.named(settings.weights).model_id

    def codec_data(self, settings: CodecSettings) -> bytes:
        del settings
        return b""

    def numbers(self, device: str, precision: str) -> str:
        del device, precision
        return "cpu, float32"

    def encode(
        self, clip: FrameSource, header: Header, settings: CodecSettings, context: WorkContext
    ) -> Iterator[EncodedGop]:
        from codec.hybrid.encoder import encode

        return encode(clip, header, cast(HybridSettings, settings), context)

    def decoder(self, stream: Stream, settings: DecodeSettings, context: WorkContext) -> StreamDecoder:
        from codec.hybrid.decoder import GopDecoder

        return GopDecoder(stream, settings, context)
