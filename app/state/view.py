"""How all panes look at the picture: one zoom and one centre for all of them."""

from psygnal import Signal

MAX_ZOOM = 64.0
MIN_ZOOM = 0.05


class View:
    """Zoom in screen pixels per picture pixel (None: fit the pane) and centre as a share of the picture."""

    changed = Signal()

    def __init__(self) -> None:
        self.zoom: float | None = None
        self.centre = (0.5, 0.5)

    def scale(self, picture: tuple[float, float], pane: tuple[float, float]) -> float:
        """Screen pixels per picture pixel for sizes (width, height)."""
        if self.zoom is not None:
            return self.zoom
        return max(1e-6, min(pane[0] / picture[0], pane[1] / picture[1]))

    def origin(self, picture: tuple[float, float], pane: tuple[float, float]) -> tuple[float, float]:
        """Where the picture's top left corner lies in the pane."""
        scale = self.scale(picture, pane)
        return tuple(pane[i] / 2 - self.centre[i] * picture[i] * scale for i in (0, 1))  # pyright: ignore[reportReturnType]

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
        """A fixed zoom, or fit."""
        self.zoom = zoom
        if zoom is None:
            self.centre = (0.5, 0.5)
        self.changed.emit()

    def reset(self) -> None:
        """Fit and centre."""
        self.set_zoom(None)

    def _set(self, zoom: float, centre: tuple[float, float]) -> None:
        self.zoom = zoom
        self.centre = (min(1.0, max(0.0, centre[0])), min(1.0, max(0.0, centre[1])))
        self.changed.emit()
