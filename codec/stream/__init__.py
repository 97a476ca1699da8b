"""A clip into a `.gop` file and back, whichever codec it is coded with.

Importing this package is cheap; the functions below load torch and the weights when they are called.
"""

from codec.container.stream import StreamInfo, read_info
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

__all__ = ["StreamInfo", "decode_stream", "encode_clip", "read_info"]
