"""A slider that marks some of its places with lines under the groove."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider

_MARK_HEIGHT = 4


class MarkedSlider(QSlider):
    """Horizontal; `marks` are values of the slider."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.marks: tuple[int, ...] = ()

    def set_marks(self, marks: tuple[int, ...]) -> None:
        """Mark these values instead of those marked now."""
        self.marks = marks
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """With room for the marks, where there are some."""
        return super().sizeHint() + QSize(0, 2 * _MARK_HEIGHT if self.marks else 0)

    def mark_x(self, value: int) -> int:
        """Where a value's mark stands: the middle of the handle at that value."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        option.sliderPosition = option.sliderValue = value
        part = QStyle.SubControl.SC_SliderHandle
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self).center().x()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The slider, then its marks along the lower edge."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        for value in self.marks:
            x = self.mark_x(value)
            painter.drawLine(x, self.height() - _MARK_HEIGHT, x, self.height() - 1)
        painter.end()
