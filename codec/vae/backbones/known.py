"""The backbones by name."""

from codec.vae.backbones import Backbone
from codec.vae.backbones.dense import DenseBackbone, DenseSizes
from codec.vae.backbones.lean import LeanBackbone, LeanSizes
from codec.vae.backbones.sizes import Sizes
from codec.vae.backbones.spatial import SpatialBackbone

SIZES: dict[str, type[Sizes] | None] = {"spatial": None, "lean": LeanSizes, "dense": DenseSizes}
"""Names of backbones, and the class of their sizes where they have a choice."""


def sizes_of(name: str, text: str) -> Sizes | None:
    """Of a weights file's metadata. Raises ValueError for a backbone there is not, and for sizes outside bounds."""
    if name not in SIZES:
        raise ValueError(f"there is no backbone {name[:40]!r}; there are {', '.join(SIZES)}")
    kind = SIZES[name]
    return None if kind is None else kind.of_text(text)


def make_backbone(sizes: Sizes | None) -> Backbone:
    """A backbone of these sizes, its weights drawn at random; of none: `spatial`."""
    if isinstance(sizes, LeanSizes):
        return LeanBackbone(sizes)
    if isinstance(sizes, DenseSizes):
        return DenseBackbone(sizes)
    return SpatialBackbone()
