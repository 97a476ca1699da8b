"""Where the pictures of a trial lie, and the keys under them."""

from PySide6.QtCore import QPointF, QRectF, QSizeF

from app.state.blind.tasks import Task

GAP = 16.0
"""Between tiles, and around them."""
CAPTION = 64.0
"""Height of the line of keys."""


def tile_areas(task: Task, width: float, height: float) -> list[QRectF]:
    """The tiles by place, in widget coordinates."""
    rows = 1 if task is Task.PARITY else 2
    across, down = (width - 3 * GAP) / 2, (height - CAPTION - (rows + 1) * GAP) / rows
    return [
        QRectF(GAP + column * (across + GAP), GAP + row * (down + GAP), max(1.0, across), max(1.0, down))
        for row in range(rows)
        for column in range(2)
    ]


def tile_room(task: Task, width: float, height: float, ratio: float) -> tuple[int, int]:
    """What a tile holds, in pixels of the screen."""
    area = tile_areas(task, width, height)[0]
    return int(area.width() * ratio), int(area.height() * ratio)


def placed(area: QRectF, size: tuple[int, int], scale: float) -> QRectF:
    """An image of `size`, `scale` units of the widget to its pixel, in the middle of a tile and on whole pixels."""
    wanted = QSizeF(size[0] * scale, size[1] * scale)
    left, top = area.center().x() - wanted.width() / 2, area.center().y() - wanted.height() / 2
    return QRectF(QPointF(round(left), round(top)), wanted)
