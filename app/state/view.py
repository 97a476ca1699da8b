"""How all panes look at the picture: one zoom and one centre for all of them, their layout, the aids over them."""

import math
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import TypeGuard, TypeVar

from psygnal import Signal

from app.state.components import Component
from app.state.inspection import Inspection
from app.state.layouts import BLINK_RATES_HZ, GAINS, Channels, DifferenceLook, Layout, Layouts, Sign
from app.state.scaling import Magnify, Minify
from app.state.seam_loop import SeamLoop

MAX_ZOOM = 64.0
MIN_ZOOM = 0.05
"""How far the wheel and keys go. A picture that fits its pane may be larger or smaller, and then be moved."""
ZOOM_RANGE = (1e-3, 4096.0)
"""What a zoom can be, here and in a project."""

_Choice = TypeVar("_Choice", bound=Enum)


class View:
    """Zoom in screen pixels per picture pixel (None: fit the pane) and centre as a share of the picture."""

    changed = Signal()
    """Zoom or centre changed."""

    def __init__(self) -> None:
        self.zoom: float | None = None
        self.centre = (0.5, 0.5)
        self.layouts = Layouts()
        self.inspection = Inspection()
        self.seam_loop = SeamLoop()
        self.magnify = Magnify.NEAREST
        self.minify = Minify.AREA
        self.tone_mapping = True
        """HDR pictures are brought to the range of the screen; else their codes are shown as they are."""
        self.component: Component | None = None
        """The one channel that is looked at in all panes; None: all colours."""
        self.presenting = False
        """Large labels and nothing but pictures, for showing to a room."""

    def scale(self, picture: tuple[float, float], pane: tuple[float, float]) -> float:
        """Screen pixels per picture pixel for sizes (width, height)."""
        if self.zoom is not None:
            return self.zoom
        return max(1e-6, min(pane[0] / picture[0], pane[1] / picture[1]))

    def origin(self, picture: tuple[float, float], pane: tuple[float, float]) -> tuple[float, float]:
        """Where the picture's top left corner lies in the pane."""
        scale = self.scale(picture, pane)
        x, y = (pane[i] / 2 - self.centre[i] * picture[i] * scale for i in (0, 1))
        return x, y

    def zoom_at(
        self, factor: float, cursor: tuple[float, float], picture: tuple[float, float], pane: tuple[float, float]
    ) -> None:
        """Zoom by `factor`, the picture's point under `cursor` (pane pixels) staying where it is."""
        before = self.scale(picture, pane)
        origin = self.origin(picture, pane)
        after = min(MAX_ZOOM, max(MIN_ZOOM, before * factor))
        point = [(cursor[i] - origin[i]) / before for i in (0, 1)]
        centre = [(point[i] + (pane[i] / 2 - cursor[i]) / after) / picture[i] for i in (0, 1)]
        self._set(after, (centre[0], centre[1]))

    def pan(self, delta: tuple[float, float], picture: tuple[float, float], pane: tuple[float, float]) -> None:
        """Move the picture by screen pixels."""
        scale = self.scale(picture, pane)
        x, y = (self.centre[i] - delta[i] / (picture[i] * scale) for i in (0, 1))
        self._set(scale, (x, y))

    def show_box(
        self, box: tuple[float, float, float, float], picture: tuple[float, float], pane: tuple[float, float]
    ) -> None:
        """Fill the pane with `box` (left, top, width, height in pane pixels)."""
        scale, origin = self.scale(picture, pane), self.origin(picture, pane)
        left, top, width, height = box
        if width < 4 or height < 4:
            return
        x = ((left + width / 2) - origin[0]) / scale / picture[0]
        y = ((top + height / 2) - origin[1]) / scale / picture[1]
        self._set(min(MAX_ZOOM, scale * min(pane[0] / width, pane[1] / height)), (x, y))

    def set_zoom(self, zoom: float | None) -> None:
        """A fixed zoom, within ZOOM_RANGE, or fit."""
        self.zoom = None if zoom is None else min(ZOOM_RANGE[1], max(ZOOM_RANGE[0], zoom))
        if zoom is None:
            self.centre = (0.5, 0.5)
        self.changed.emit()

    def reset(self) -> None:
        """Fit and centre."""
        self.set_zoom(None)

    def present(self, on: bool) -> None:
        """Presentation on or off: the layout that shows pictures largest, then the one that was there before."""
        self.presenting = on
        self.layouts.present(on)
        self.changed.emit()

    def look_at(self, centre: tuple[float, float], zoom: float) -> None:
        """Bring a place (a share of the picture) to the middle, magnified."""
        self._set(min(MAX_ZOOM, max(MIN_ZOOM, zoom)), centre)

    def toggle_magnify(self) -> None:
        """Samples as squares, or smooth, when magnified."""
        self.magnify = Magnify.BILINEAR if self.magnify is Magnify.NEAREST else Magnify.NEAREST
        self.changed.emit()

    def toggle_tone_mapping(self) -> None:
        """HDR pictures for the screen, or their codes."""
        self.tone_mapping = not self.tone_mapping
        self.layouts.changed.emit()

    def show_component(self, component: Component | None) -> None:
        """One channel in all panes, or all colours."""
        self.component = component
        self.layouts.changed.emit()

    def toggle_minify(self) -> None:
        """The mean of what a screen pixel covers, or Lanczos, when minified."""
        self.minify = Minify.LANCZOS if self.minify is Minify.AREA else Minify.AREA
        self.changed.emit()

    def as_values(self) -> dict[str, object]:
        """The way of looking as plain values, for a project file; takes are not named in it."""
        layouts = self.layouts
        return {
            "zoom": self.zoom,
            "centre": list(self.centre),
            "magnify": self.magnify.name,
            "minify": self.minify.name,
            "tone_mapping": self.tone_mapping,
            "layout": layouts.kept.value,
            "differing": layouts.differing,
            "channels": layouts.difference.channels.value,
            "sign": layouts.difference.sign.value,
            "gain": layouts.difference.gain,
            "split": layouts.split,
            "swapped": layouts.swapped,
            "follow_mouse": layouts.follow_mouse,
            "blink_hz": layouts.blink_hz,
        }

    def restore(self, values: Mapping[str, object]) -> None:
        """Take over what `as_values` gave; whatever is missing or out of range stays as it is."""
        layouts = self.layouts
        zoom, centre = values.get("zoom", self.zoom), values.get("centre")
        if zoom is None:
            self.zoom = None
        elif _is_within(zoom, *ZOOM_RANGE):
            self.zoom = float(zoom)
        if isinstance(centre, list | tuple) and len(centre) == 2:
            x, y = centre
            if _is_within(x, 0.0, 1.0) and _is_within(y, 0.0, 1.0):
                self.centre = (float(x), float(y))
        self.magnify = next((m for m in Magnify if m.name == values.get("magnify")), self.magnify)
        self.minify = next((m for m in Minify if m.name == values.get("minify")), self.minify)
        look = layouts.difference
        layouts.keep_layout(_member(Layout, values.get("layout"), layouts.kept))
        layouts.difference = DifferenceLook(
            _member(Channels, values.get("channels"), look.channels), _member(Sign, values.get("sign"), look.sign)
        )
        gain = values.get("gain")
        layouts.difference = replace(
            layouts.difference, gain=gain if type(gain) is int and gain in GAINS else look.gain
        )
        split, blink_hz = values.get("split"), values.get("blink_hz")
        if _is_within(split, 0.0, 1.0):
            layouts.split = float(split)
        if _is_within(blink_hz, BLINK_RATES_HZ[0], BLINK_RATES_HZ[-1]):
            layouts.blink_hz = float(blink_hz)
        if isinstance(values.get("tone_mapping"), bool):
            self.tone_mapping = bool(values["tone_mapping"])
        for name in ("differing", "swapped", "follow_mouse"):
            if isinstance(values.get(name), bool):
                setattr(layouts, name, values[name])
        self.changed.emit()
        layouts.changed.emit()

    def _set(self, zoom: float, centre: tuple[float, float]) -> None:
        self.zoom = min(ZOOM_RANGE[1], max(ZOOM_RANGE[0], zoom))
        self.centre = (min(1.0, max(0.0, centre[0])), min(1.0, max(0.0, centre[1])))
        self.changed.emit()


def _is_within(value: object, low: float, high: float) -> TypeGuard[float]:
    """True for a finite number within [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high


def _member(kind: type[_Choice], value: object, otherwise: _Choice) -> _Choice:
    """The member of an enum with a value, else `otherwise`."""
    return next((member for member in kind if member.value == value), otherwise)
