"""One small GoP through everything, so that kernels are chosen and the coder is compiled before they are needed."""

import numpy as np

from codec.gop import GOP_LENGTH
from codec.intra import coding as intra
from codec.intra.coding import KeyPicture
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
    wanted = networks.wanted_textures(rgb, shape, model.device)
    luma, chroma = np.full((64, 64), 128, np.uint8), np.full((32, 32), 128, np.uint8)
    key = intra.encode(KeyPicture(luma, chroma, chroma), 0.0, intra.new_models(model.key_starts))
    anchors = networks.encode_anchors(
        model, rgb, wanted, motion, shape, 0, None, [networks.rgb_of_key(key[1], Colour())]
    )
    known = networks.known_between(model, anchors.pictures[0], anchors.pictures[-1], [motion])
    between = networks.encode_between(model, [rgb[1:-1]], known, shape, 0, anchors.state.memory)
    parts = [latents.symbols_of(anchors.latents, 0), latents.symbols_of(between, 0)]
    symbols, indices = latents.assembled(vectors, anchors.textures, [key[1]], parts, shape, model)
    payload = latents.encode(symbols, [vectors_bytes, anchors.texture_bytes, key[0]], indices, shape, model)
    latents.decode(model, payload, 0, shape, None)
    pictures = networks.decode_between(model, [each.memory.y_hat for each in between], known, 0)
    networks.pictures_of(networks.in_order(anchors.pictures, pictures[0]), 64, 64, Colour())
