"""What work is given to hand over values early, and the values it hands over. No Qt."""

from dataclasses import dataclass
from typing import Any, Protocol

from codec.api import GopCoding
from codec.gop import Gop, Structure


class EmittingContext(Protocol):
    """A context that can also hand over values early."""

    def report(self, fraction: float, message: str = "") -> None: ...
    def check(self) -> None: ...
    def emit(self, value: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class GopReady:
    """Event: a GoP's pictures are in the spool."""

    structure: Structure
    gop: Gop
    size_bytes: int
    coding: GopCoding
    decoder: str = ""
    """Which decoder made the pictures, of a codec that has two."""
