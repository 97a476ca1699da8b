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
    """Motion-compensated prediction, quadtrees of blocks, networks for what these miss."""

    id = "hybrid"
    name = "Hybrid"
    settings = HybridSettings
    needs_weights = True

    def weights(self) -> dict[str, Path]:
        return weights_files("codec_", "codec_s")

    def weights_id(self, path: Path) -> str:
        from codec.hybrid.model.weights import read_model_id

        return read_model_id(path)

    def model_id(self, settings: CodecSettings) -> bytes:
        from codec.hybrid.model import store
        from codec.nn import device

        return store.named_model(settings.weights, device.pick(settings.device), settings.precision).model_id

    def codec_data(self, settings: CodecSettings) -> bytes:
        del settings
        from codec.hybrid.segments import CODEC_DATA

        return CODEC_DATA

    def numbers(self, device: str, precision: str) -> str:
        from codec.nn.device import numbers

        return numbers(device, precision)

    def encode(
        self, clip: FrameSource, header: Header, settings: CodecSettings, context: WorkContext
    ) -> Iterator[EncodedGop]:
        from codec.hybrid.encoder import encode

        return encode(clip, header, cast(HybridSettings, settings), context)

    def decoder(self, stream: Stream, settings: DecodeSettings, context: WorkContext) -> StreamDecoder:
        from codec.hybrid.decoder import GopDecoder

        return GopDecoder(stream, settings, context)
