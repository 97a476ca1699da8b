"""What a GoP's coded symbols look like: which pictures and planes of vectors, of which sizes."""

from dataclasses import dataclass

from codec.container.header import LAMBDA_UNIT, Header
from codec.gop import GOP_LENGTH, Gop, Structure
from codec.hybrid.kinds import Kind, coded_kinds
from codec.hybrid.motion.layout import MotionShape, grid_size

_LEVELS = 2
"""To an octave of λ."""


def level_of(header: Header) -> float:
    """The quality index of a stream: 0 where λ's code is 0, two to an octave of λ."""
    return header.lambda_code * _LEVELS / LAMBDA_UNIT


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
    fine: bool = False
    """Whether its pictures between are coded in finer steps: nothing predicts them well."""

    def __post_init__(self) -> None:
        if not 1 <= self.length <= GOP_LENGTH:
            raise ValueError(f"a GoP has 1 to {GOP_LENGTH} pictures, not {self.length}")
        if not 0 <= self.cut < self.length:
            raise ValueError(f"a GoP of {self.length} pictures has no cut at {self.cut}")

    @property
    def coded(self) -> list[Kind]:
        """What the pictures are that are coded one by one, in coded order: key pictures and anchors."""
        return coded_kinds(self.length, chained=self.chained, entry=self.entry, cut=self.cut > 0)

    @property
    def numbers(self) -> list[int]:
        """Which pictures these are."""
        first = [] if self.chained and not self.entry else [0]
        return [*first, self.length - 1] if self.length > 1 else first

    @property
    def trees(self) -> int:
        """How many parts of trees there are: one for each anchor, one for all pictures between."""
        return self.coded.count(Kind.ANCHOR) + (self.length > 2)

    @property
    def grid(self) -> tuple[int, int]:
        """(gh, gw): cells of a picture."""
        return grid_size(self.width, self.height)

    @property
    def motion(self) -> MotionShape:
        """Which planes of vectors there are."""
        return MotionShape(self.length, self.width, self.height, self.entry, self.cut)


def shape_of(header: Header, part: Gop, *, chained: bool, cut: int) -> GopShape:
    """What the coded symbols of a stream's GoP look like."""
    entry = chained and header.structure is Structure.DISJOINT
    return GopShape(part.length, header.width, header.height, chained, entry, cut)
