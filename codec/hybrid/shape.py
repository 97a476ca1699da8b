"""What a GoP's coded symbols look like: which latent frames and planes of vectors, of which sizes."""

from dataclasses import dataclass

from codec.container.header import Header
from codec.gop import GOP_LENGTH, Gop, Structure
from codec.hybrid.model.config import HYPER_RATIO, TRANSFORM_STRIDE, LatentKind, latent_kinds
from codec.hybrid.motion.layout import MotionShape


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
    contexts_go_on: bool = False
    """Contexts of an anchor's trees begin as those of the anchor before were left."""

    def __post_init__(self) -> None:
        if not 1 <= self.length <= GOP_LENGTH:
            raise ValueError(f"a GoP has 1 to {GOP_LENGTH} pictures, not {self.length}")
        if not 0 <= self.cut < self.length:
            raise ValueError(f"a GoP of {self.length} pictures has no cut at {self.cut}")

    @property
    def pictures(self) -> list[LatentKind]:
        """What the pictures are that are coded one by one, in coded order: key pictures and anchors."""
        return [kind for kind in self._coded if kind in (LatentKind.KEY, LatentKind.ANCHOR)]

    @property
    def kinds(self) -> list[LatentKind]:
        """Latent frames in coded order: key pictures have none."""
        return [kind for kind in self._coded if kind is not LatentKind.KEY]

    @property
    def anchors(self) -> int:
        """How many of `kinds` are single pictures; they come first."""
        return self.kinds.count(LatentKind.ANCHOR)

    @property
    def trees(self) -> int:
        """How many parts of trees there are: one for each anchor, one for all pictures between."""
        return self.anchors + (self.length > 2)

    @property
    def forgets(self) -> list[bool]:
        """For each of `kinds` whether a key picture stands right before it, after which nothing is remembered."""
        pairs = zip([None, *self._coded], self._coded, strict=False)
        return [before is LatentKind.KEY for before, kind in pairs if kind is not LatentKind.KEY]

    @property
    def _coded(self) -> list[LatentKind]:
        return latent_kinds(self.length, self.chained, self.entry, self.cut > 0)

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


def shape_of(header: Header, part: Gop, *, chained: bool, cut: int) -> GopShape:
    """What the coded symbols of a stream's GoP look like."""
    entry = chained and header.structure is Structure.DISJOINT
    # Streams of format 9 have no codec data.
    return GopShape(part.length, header.width, header.height, chained, entry, cut, bool(header.codec_data))
