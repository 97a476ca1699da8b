"""What a run is of: everything that is fixed and written down before its first trial."""

from dataclasses import dataclass

from app.state.blind.procedure import Plan
from app.state.blind.tasks import Task

LENGTH_S = (4.0, 6.0)
"""How long a segment should be."""
MIN_BOUNDARIES = 2
"""Of GoPs inside the segment: seams are a part of what is judged."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames [start, stop) of the clip's file."""

    start: int
    stop: int
    seconds: float
    boundaries: int
    """Of GoPs inside it."""

    @property
    def note(self) -> str:
        """What is unusual about its length; empty when nothing is."""
        low, high = LENGTH_S
        if low <= self.seconds <= high:
            return ""
        return f"The segment lasts {self.seconds:.2f} s; {low:g} to {high:g} s are usual."

    @property
    def text(self) -> str:
        """As shown: "frames 0 to 124 (5.00 s)"."""
        return f"frames {self.start} to {self.stop - 1} ({self.seconds:.2f} s)"


@dataclass(frozen=True, slots=True)
class Coding:
    """The neural codec whose rate is asked for."""

    codec: str
    """Its id."""
    name: str
    model: str
    """Id of its weights."""
    options: str
    """In words; empty: as the codec has them by default."""
    seams: str
    """How GoP boundaries are shown."""
    command: str
    """Makes a level, with LAMBDA in λ's place."""
    points: tuple[tuple[float, float], ...]
    """λ and measured kbps of the encodes that levels are interpolated from."""


@dataclass(frozen=True, slots=True)
class Rival:
    """What a parity run is against."""

    name: str
    """As the result names it: "x265"."""
    kbps: float
    """Measured, of the segment."""
    command: str
    basis: str
    """What was measured: an encode of the segment, or the take's frames in it."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """How it was looked at."""

    observer: str
    distance: str = ""
    light: str = ""
    note: str = ""
    screen: str = ""
    """Name, size in pixels, pixels of the device to one of the window, refresh rate."""
    zoom: float = 1.0
    """Pixels of the screen per sample."""
    crop: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Left, top, width and height in samples of what was shown."""
    flicker_hz: float = 0.0
    """So often a second the coded pictures and the source take turns; 0: they do not."""

    @property
    def zoom_text(self) -> str:
        """As the result says it: "1:1 zoom"."""
        return f"{self.zoom:g}:1 zoom" if self.zoom >= 1 else f"1:{1 / self.zoom:g} zoom"

    @property
    def shown(self) -> str:
        """Zoom, and the flicker where there is one."""
        return f"{self.zoom_text}, flicker {self.flicker_hz:.3g} Hz" if self.flicker_hz else self.zoom_text


@dataclass(frozen=True, slots=True)
class Setup:
    """The first record of a journal."""

    task: Task
    seed: int
    levels: tuple[float, ...]
    """log2 kbps as expected."""
    program: str
    """Its version."""
    began: str
    """Time of day, ISO 8601 with its zone."""
    clip: str
    """Path of the file."""
    content: str
    """Hash of the file, `algorithm:hex`."""
    segment: Segment
    coding: Coding
    viewing: Viewing
    rival: Rival | None = None
    """None for transparency."""

    @property
    def plan(self) -> Plan:
        """What the procedure needs of it."""
        return Plan(self.task, self.levels, self.seed)

    @property
    def subject(self) -> str:
        """What the result is against: "x265 1 500 kbps"; empty for transparency."""
        from app.state.blind.result import kbps_text

        return "" if self.rival is None else f"{self.rival.name} {kbps_text(self.rival.kbps)} kbps"

    @property
    def question(self) -> tuple[object, ...]:
        """Equal for runs that asked the same: only these stand in one table. Zoom and flicker change thresholds."""
        coding, viewing, segment = self.coding, self.viewing, self.segment
        of_codec = coding.codec, coding.model, coding.options, coding.seams
        of_rival = None if self.rival is None else (self.rival.name, self.rival.kbps)
        seen = viewing.zoom, viewing.crop, viewing.flicker_hz
        return (self.task, self.content, segment.start, segment.stop, of_codec, of_rival, seen)
