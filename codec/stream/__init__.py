"""Bits: the `.gop` format, and the pipelines that write and read it.

Importing this package is cheap; the functions below load torch and the weights when they are first called.
"""

from typing import TYPE_CHECKING

from codec.stream.format import StreamInfo, read_info
from codec.stream.settings import LAMBDA_RANGE, DecodedGop, EncodeSettings

if TYPE_CHECKING:
    from codec.stream.decoder import decode_stream
    from codec.stream.encoder import encode_clip

__all__ = ["LAMBDA_RANGE", "DecodedGop", "EncodeSettings", "StreamInfo", "decode_stream", "encode_clip", "read_info"]


def __getattr__(name: str) -> object:
    if name == "encode_clip":
        from codec.stream.encoder import encode_clip

        return encode_clip
    if name == "decode_stream":
        from codec.stream.decoder import decode_stream

        return decode_stream
    raise AttributeError(name)
