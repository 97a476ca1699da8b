"""Clips in and out: probing, decoding, colour, caches, writers."""

from codec.media.clip import Clip, open_clip
from codec.media.picture import Colour, FrameSource, Matrix, Picture, Timing
from codec.media.probe import ClipInfo

__all__ = ["Clip", "ClipInfo", "Colour", "FrameSource", "Matrix", "Picture", "Timing", "open_clip"]
