"""One small GoP through everything, so that kernels are chosen and the coder is compiled before they are needed."""

import numpy as np

from codec.gop import GOP_LENGTH
from codec.media.picture import Colour
from codec.model.weights import CodecModel
from codec.motion import coding
from codec.stream import latents, networks
from codec.stream.shape import GopShape


def warm_up(model: CodecModel) -> None:
    """Encode and decode a grey GoP of 64x64 pixels with `model`, and drop it."""
    shape = GopShape(GOP_LENGTH, 64, 64, chained=False, entry=False)
    rgb = np.full((GOP_LENGTH, 64, 64, 3), 128, np.uint8)
    vectors_bytes, vectors = coding.encode(list(rgb[..., 0]), None, shape.motion, 0.0)
    motion = networks.decoded_motion(vectors, shape)
    coded, anchors, state = networks.encode_anchors(model, rgb, motion, shape, 0, None)
    known = networks.known_between(model, anchors[0], anchors[-1], [motion])
    between = networks.encode_between(model, [rgb[1:-1]], known, shape, 0, state.memory)
    parts = [latents.symbols_of(coded, 0), latents.symbols_of(between, 0)]
    symbols, indices = latents.assembled(vectors, parts)
    payload = latents.encode(symbols, vectors_bytes, indices, model)
    latents.decode(model, payload, 0, shape, None)
    pictures = networks.decode_between(model, [each.memory.y_hat for each in between], known, 0)
    networks.pictures_of(networks.in_order(anchors, pictures[0]), 64, 64, Colour())
