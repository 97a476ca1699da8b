"""A clip with its takes, notes and way of looking, as it stood when another clip was opened: it can come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.state.choice import Choice
from app.state.scores import Values
from app.state.takes import Take
from codec.gop import SeamMode
from codec.media.clip import Clip


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What `Session.put_away` gives and `Session.bring_back` takes."""

    clip: Clip
    takes: tuple[Take, ...]
    """The source first."""
    scores: Values
    notes: str
    choice: Choice | None
    rate_lock: bool
    seam_mode: SeamMode
    theta: float
    gop_marks: bool
    view: Mapping[str, object]
    frame: int
    in_point: int
    out_point: int
    loop: bool
    speed: float
    selected: int | None

    @property
    def files(self) -> tuple[Path, ...]:
        """What it stands on."""
        return (self.clip.path, *(path for take in self.takes for path in take.files))
