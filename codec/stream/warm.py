"""One small GoP through everything, so that kernels are chosen and the coder is compiled before they are needed."""

import numpy as np

from codec.gop import GOP_LENGTH
from codec.media.picture import Colour
from codec.model.weights import CodecModel
from codec.motion import coding
from codec.stream import latents, networks
from codec.stream.shape import GopShape
from codec.trees import coding as tree_coding
from codec.trees.coding import Planar


def warm_up(model: CodecModel) -> None:
    """Encode and decode a grey GoP of 64x64 pixels with `model`, and drop it."""
    shape = GopShape(GOP_LENGTH, 64, 64, chained=False, entry=False)
    rgb = np.full((GOP_LENGTH, 64, 64, 3), 128, np.uint8)
    vectors_bytes, vectors = coding.encode(list(rgb[..., 0]), None, shape.motion, 0.0)
    motion = networks.decoded_motion(vectors, shape)
    wanted = networks.wanted_textures(rgb, shape, model.device)
    luma, chroma = np.full((64, 64), 128, np.uint8), np.full((32, 32), 128, np.uint8)
    grey = Planar(luma, chroma, chroma)
    key = tree_coding.encode(grey, 0.0, tree_coding.new_models(model.tree_starts[0]))
    shown = [networks.rgb_of_key(key[1], Colour())]
    anchors = networks.encode_anchors(model, rgb, [grey], wanted, motion, shape, 0, None, shown, Colour())
    trees = [each.data for each in anchors.trees]
    networks.read_trees(model, trees[0], grey, 0)
    known = networks.known_between(model, anchors.pictures[0], anchors.pictures[-1], [motion])
    between = networks.encode_between(model, [rgb[1:-1]], known, shape, 0, anchors.state.memory)
    parts = [latents.symbols_of(anchors.latents, 0), latents.symbols_of(between, 0)]
    symbols, indices = latents.assembled(vectors, anchors.textures, [key[1]], trees, parts, shape, model)
    payload = latents.encode(symbols, [vectors_bytes, anchors.texture_bytes, key[0], *trees], indices, shape, model)
    latents.decode(model, payload, 0, shape, None)
    pictures = networks.decode_between(model, [each.memory.y_hat for each in between], known, 0)
    networks.pictures_of(networks.in_order(anchors.pictures, pictures[0]), 64, 64, Colour())
