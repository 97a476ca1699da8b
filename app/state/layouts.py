"""Which takes stand where: panes in a grid, a split, one alone, and whether pictures or their differences are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from psygnal import Signal

GAINS = (1, 2, 4, 8, 16, 32)
"""Amplifications of a difference."""
BLINK_RATES_HZ = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Changes a second while blinking by itself."""


class Layout(Enum):
    """How panes are placed."""

    GRID = "grid"
    """As many columns as make the pictures largest."""
    ROW = "side by side"
    COLUMN = "one above the other"
    SPLIT = "split"
    """Two takes in one pane, a line between them."""


class Channels(Enum):
    """What is subtracted."""

    LUMA = "luma"
    """Y' codes of the stream."""
    RGB = "RGB"


class Sign(Enum):
    """What of a difference is shown."""

    ABSOLUTE = "absolute"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class DifferenceLook:
    """Take minus reference, multiplied by `gain`, one of GAINS; full scale of the colours is 255 / gain codes."""

    channels: Channels = Channels.LUMA
    sign: Sign = Sign.ABSOLUTE
    gain: int = 4

    @property
    def text(self) -> str:
        """As shown: "difference ×4, luma, absolute"."""
        return f"difference ×{self.gain}, {self.channels.value}, {self.sign.value}"


_DIFFERENCES = tuple((channels, sign) for channels in Channels for sign in Sign)


@dataclass(frozen=True, slots=True)
class Tile:
    """One pane: a take, or (`right` not None) two takes split by a line. Takes by id."""

    left: int
    right: int | None = None

    @property
    def takes(self) -> tuple[int, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Everything that decides which pictures are rendered and where they go."""

    tiles: tuple[Tile, ...] = ()
    columns: int | None = None
    """None: as many as make the pictures largest."""
    reference: int | None = None
    difference: DifferenceLook | None = None
    """None: pictures. Else every take but the reference is shown as its difference from the reference."""

    @property
    def takes(self) -> tuple[int, ...]:
        """Ids of the takes in it, in the order of the panes."""
        return tuple(dict.fromkeys(number for tile in self.tiles for number in tile.takes))

    def look_of(self, take: int) -> DifferenceLook | None:
        """How a take is drawn: None as its picture."""
        return None if take == self.reference else self.difference


class Layouts:
    """The user's choice of layout. Take ids may name takes that are gone: `arrange` falls back."""

    changed = Signal()
    """Another arrangement: other pictures, or other places for them."""
    moved = Signal()
    """The split moved: the same pictures, painted anew."""

    def __init__(self) -> None:
        self.layout = Layout.GRID
        """In force now."""
        self._before: Layout | None = None
        """While presenting: the layout to go back to."""
        self.differing = False
        """Differences instead of pictures."""
        self.difference = DifferenceLook()
        self.reference: int | None = None
        """Id of the take that others are compared with; None: the first (the source)."""
        self.partner: int | None = None
        """Id of the take compared in a split or by blinking; None: the last one shown."""
        self.swapped = False
        """Left and right of the split exchanged."""
        self.split = 0.5
        """Where the line lies, as a share of the pane's width."""
        self.follow_mouse = False
        """The line goes with the mouse instead of being dragged."""
        self.blink_hz: float = 2.0
        self.blinking = False
        self.blind: tuple[int, int] | None = None
        """Ids of two takes that are judged without their names, left and right; instead of what is asked for else."""

    def pair(self, ids: Sequence[int], shown: Sequence[int]) -> tuple[int, int] | None:
        """Reference and partner among the takes `ids`, those with a pane in `shown`; None with fewer than two."""
        if len(ids) < 2:
            return None
        reference = ids[0] if self.reference is None or self.reference not in ids else self.reference
        if self.partner is not None and self.partner in ids and self.partner != reference:
            return reference, self.partner
        others = [number for number in shown if number != reference] or [n for n in ids if n != reference]
        return reference, others[-1]

    def arrange(self, ids: Sequence[int], shown: Sequence[int], focus: int | None) -> Arrangement:
        """Panes for the takes `shown` (those of `ids` with a pane), or for the one in focus alone."""
        if not ids:
            return Arrangement()
        if self.blind is not None and focus != ids[0]:
            # A take alone would tell its number; the source may be looked at.
            left, right = self.blind
            split = self.layout is Layout.SPLIT
            tiles = (Tile(left, right),) if split else (Tile(left), Tile(right))
            return Arrangement(tiles, 1 if split or self.layout is Layout.COLUMN else 2)
        reference = self.reference if self.reference in ids else ids[0]
        look = self.difference if self.differing else None
        if focus is not None and focus in ids:
            return Arrangement((Tile(focus),), 1, reference, look)
        pair = self.pair(ids, shown)
        if self.layout is Layout.SPLIT and pair is not None:
            left, right = reversed(pair) if self.swapped else pair
            return Arrangement((Tile(left, right),), 1, reference, look)
        columns = {Layout.ROW: max(1, len(shown)), Layout.COLUMN: 1}.get(self.layout)
        return Arrangement(tuple(Tile(number) for number in shown), columns, reference, look)

    @property
    def kept(self) -> Layout:
        """The layout outside of presentations: what a project file remembers."""
        return self.layout if self._before is None else self._before

    def set_layout(self, layout: Layout) -> None:
        """Place panes in another way; while presenting, until the presentation ends."""
        self.layout = layout
        self.changed.emit()

    def keep_layout(self, layout: Layout) -> None:
        """Place panes as a project says; a presentation that goes on ends in it. Emits nothing."""
        if self._before is None:
            self.layout = layout
        else:
            self._before, self.layout = layout, _for_a_room(layout)

    def present(self, on: bool) -> None:
        """Place panes so that pictures are largest, or as they stood before."""
        if on and self._before is None:
            self._before, self.layout = self.layout, _for_a_room(self.layout)
            self.changed.emit()
        elif not on and self._before is not None:
            self._before, self.layout = None, self._before
            self.changed.emit()

    def toggle_difference(self) -> None:
        """Differences, or pictures again."""
        self.differing = not self.differing
        self.changed.emit()

    def cycle_difference(self) -> None:
        """Luma absolute, luma signed, RGB absolute, RGB signed."""
        place = _DIFFERENCES.index((self.difference.channels, self.difference.sign))
        channels, sign = _DIFFERENCES[(place + 1) % len(_DIFFERENCES)]
        self.difference = replace(self.difference, channels=channels, sign=sign)
        self.differing = True
        self.changed.emit()

    def step_gain(self, direction: int) -> None:
        """Twice (+1) or half (-1) the amplification, within GAINS."""
        place = GAINS.index(self.difference.gain) + direction
        self.difference = replace(self.difference, gain=GAINS[max(0, min(len(GAINS) - 1, place))])
        self.changed.emit()

    def set_reference(self, take: int | None) -> None:
        """Compare with another take; None: with the source."""
        self.reference = take
        self.changed.emit()

    def set_partner(self, take: int | None) -> None:
        """The take compared in a split; None: the last one shown."""
        self.partner = take
        self.changed.emit()

    def swap(self) -> None:
        """Exchange left and right of the split."""
        self.swapped = not self.swapped
        self.changed.emit()

    def move_split(self, share: float) -> None:
        """Put the line at a share of the pane's width, 0 to 1."""
        self.split = min(1.0, max(0.0, share))
        self.moved.emit()

    def toggle_follow(self) -> None:
        """The line follows the mouse, or is dragged."""
        self.follow_mouse = not self.follow_mouse
        self.moved.emit()

    def set_blinking(self, on: bool) -> None:
        """Blink by itself, or stop."""
        self.blinking = on
        self.moved.emit()

    def step_blink(self, direction: int) -> None:
        """Blink one notch faster (+1) or slower (-1)."""
        nearest = min(range(len(BLINK_RATES_HZ)), key=lambda i: abs(BLINK_RATES_HZ[i] - self.blink_hz))
        self.blink_hz = BLINK_RATES_HZ[max(0, min(len(BLINK_RATES_HZ) - 1, nearest + direction))]
        self.moved.emit()

    def set_blind(self, pair: tuple[int, int] | None) -> None:
        """Show two takes without their names, or all as before."""
        self.blind = pair
        self.changed.emit()

    def forget_takes(self) -> None:
        """A new clip: take ids mean nothing any more; the way of looking stays."""
        self.reference, self.partner, self.blinking = None, None, False
        self.changed.emit()


def _for_a_room(layout: Layout) -> Layout:
    """The layout that shows pictures largest: a split fills the screen already, panes go where they fit best."""
    return Layout.SPLIT if layout is Layout.SPLIT else Layout.GRID
