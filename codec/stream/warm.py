"""One small GoP through everything, so that kernels are chosen and the coder is compiled before they are needed."""

import numpy as np

from codec.gop import GOP_LENGTH
from codec.media.picture import Colour, Picture
from codec.model.weights import CodecModel
from codec.stream import latents, networks


def warm_up(model: CodecModel) -> None:
    """Encode and decode a grey GoP of 32x32 pixels with `model`, and drop it."""
    grey = np.full((32, 32), 128, np.uint8)
    picture = Picture(grey, grey[:16, :16].copy(), grey[:16, :16].copy(), Colour())
    (y,) = networks.analyse(model, [[picture] * GOP_LENGTH], 0)
    coded, indices = latents.quantise(model, y, latents.hyper_symbols(model, y), 0, None)
    t, _, height, width = y.shape
    symbols = latents.decode(model, latents.encode(coded.symbols, indices, model), 0, (t, height, width), None)
    restored = latents.restore(model, symbols, 0, None)
    networks.synthesise(model, restored.y_hat[None], 0, GOP_LENGTH, 32, 32, Colour())
