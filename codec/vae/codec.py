"""The `vae` codec as the registry has it."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

from codec.api import CodecSettings, DecodeSettings, EncodedGop, StreamDecoder
from codec.container.header import Header
from codec.container.stream import Stream
from codec.context import WorkContext
from codec.media.picture import FrameSource
from codec.resources import weights_files
from codec.vae.lambdas import quality_of
from codec.vae.settings import VaeSettings


class Vae:
    """A video autoencoder of GoPs: no motion, every GoP on its own."""

    id = "vae"
    name = "VAE"
    settings = VaeSettings
    needs_weights = True

    def weights(self) -> dict[str, Path]:
        return weights_files("vae_", "vae_spatial")

    def weights_id(self, path: Path) -> str:
        from codec.vae import store

        return store.read_model_id(path)

    def model_id(self, settings: CodecSettings) -> bytes:
        from codec.vae import store

        return store.id_of(settings.weights)

    def codec_data(self, settings: CodecSettings) -> bytes:
        """The quality."""
        return bytes([quality_of(settings.lmbda)])

    def numbers(self, device: str, precision: str) -> str:
        from codec.nn.device import numbers

        return numbers(device, precision)

    def encode(
        self, clip: FrameSource, header: Header, settings: CodecSettings, context: WorkContext
    ) -> Iterator[EncodedGop]:
        from codec.vae.gops import encode

        return encode(clip, header, cast(VaeSettings, settings), context)

    def decoder(self, stream: Stream, settings: DecodeSettings, context: WorkContext) -> StreamDecoder:
        from codec.vae.gops import GopDecoder

        return GopDecoder(stream, settings, context)
