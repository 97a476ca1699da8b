"""What a GoP's coded symbols look like: which latent frames and planes of vectors, of which sizes."""

from dataclasses import dataclass

from codec.gop import GOP_LENGTH
from codec.model.config import HYPER_RATIO, TRANSFORM_STRIDE, LatentKind, latent_kinds
from codec.motion.layout import MotionShape


@dataclass(frozen=True, slots=True)
class GopShape:
    """A GoP of `length` pictures of `width` x `height`; `chained` to the one before or not; with an `entry` motion
    field, that is chained to one with which it shares no picture. Raises ValueError unless the length is from 1 to
    GOP_LENGTH."""

    length: int
    width: int
    height: int
    chained: bool
    entry: bool
    cut: int = 0
    """Number of the first picture of a new scene, 1 .. length - 1; 0: the GoP shows one scene."""

    def __post_init__(self) -> None:
        if not 1 <= self.length <= GOP_LENGTH:
            raise ValueError(f"a GoP has 1 to {GOP_LENGTH} pictures, not {self.length}")
        if not 0 <= self.cut < self.length:
            raise ValueError(f"a GoP of {self.length} pictures has no cut at {self.cut}")

    @property
    def kinds(self) -> list[LatentKind]:
        """Latent frames in coded order."""
        return latent_kinds(self.length, self.chained, self.entry, self.cut > 0)

    @property
    def anchors(self) -> int:
        """How many of `kinds` are single pictures; they come first."""
        return sum(kind in (LatentKind.KEY, LatentKind.ANCHOR) for kind in self.kinds)

    @property
    def y_size(self) -> tuple[int, int]:
        """(h, w) of y."""
        return -(-self.height // TRANSFORM_STRIDE), -(-self.width // TRANSFORM_STRIDE)

    @property
    def z_size(self) -> tuple[int, int]:
        """(h, w) of z."""
        height, width = self.y_size
        return -(-height // HYPER_RATIO), -(-width // HYPER_RATIO)

    @property
    def motion(self) -> MotionShape:
        """Which planes of vectors there are."""
        return MotionShape(self.length, self.width, self.height, self.entry, self.cut)
