import pytest
import torch

from codec.vae.initial import start_as_transform
from codec.vae.model import VaeCodec
from codec.vae.weights import load_pretrained


def smooth_latents(gops: int, pictures: int, height: int, width: int, seed: int = 3) -> torch.Tensor:
    """Latents that move slowly: noise, low-passed in space, drifting in time."""
    generator = torch.Generator().manual_seed(seed)
    still = torch.randn(gops, 1, 32, height, width, generator=generator)
    drift = torch.randn(gops, pictures, 32, height, width, generator=generator).cumsum(1) * 0.1
    made = (still + drift).flatten(0, 1)
    return torch.nn.functional.avg_pool2d(made, 3, 1, 1).unflatten(0, (gops, pictures)) * 2


@pytest.fixture(scope="session")
def codec() -> VaeCodec:
    """A codec whose every branch says something: the fitted transform, and noise where training starts at zero."""
    torch.manual_seed(5)
    made = VaeCodec()
    load_pretrained(made.spatial.full)
    made.spatial.fast.start_from(made.spatial.full)
    start_as_transform(made, smooth_latents(8, 9, 16, 16))
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.startswith(("latent.heads", "latent.scales.heads", "backbone.temporal")) and parameter.dim() == 4:
                parameter.add_(torch.randn_like(parameter) * 0.02)
    made.latent.freeze_tables()
    return made.eval().requires_grad_(False)
