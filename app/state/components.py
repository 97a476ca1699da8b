"""Single channels that can be looked at instead of the whole picture."""

from enum import Enum


class Component(Enum):
    """One channel, shown in grey. Luma as the screen shows it; chroma by its codes, 128 the middle; RGB as shown."""

    LUMA = "luma"
    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    CB = "Cb"
    CR = "Cr"

    @property
    def following(self) -> "Component | None":
        """The next one; after the last None, all colours."""
        members = list(Component)
        place = members.index(self) + 1
        return members[place] if place < len(members) else None
