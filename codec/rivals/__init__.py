"""HEVC, VVC and AV1 through ffmpeg: the codecs ours is watched beside."""

from codec.rivals.encode import encode
from codec.rivals.settings import ConstantQuality, RivalCodec, RivalEncode, RivalSettings, TargetBitrate
from codec.rivals.source import RivalSource

__all__ = [
    "ConstantQuality",
    "RivalCodec",
    "RivalEncode",
    "RivalSettings",
    "RivalSource",
    "TargetBitrate",
    "encode",
]
