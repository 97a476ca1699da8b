"""Small widgets that Qt lacks."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy


class ElidedLabel(QLabel):
    """A label that says less where there is no room, instead of forcing its pane wider: the first of its texts that
    fits, else the last with its lines ending in dots. Plain text only."""

    def __init__(self, margin: int = 8) -> None:
        """`margin`: pixels left and right of the text that the style sheet asks for."""
        super().__init__()
        self.margin = margin
        self._shorter: tuple[str, ...] = ()
        # Qt would indent the text further by half a letter, more than `shown_text` reckons with.
        self.setIndent(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(self.fontMetrics().height() + 8)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def set_texts(self, full: str, *shorter: str) -> None:
        """What to say, in full and (longest first) in fewer words."""
        self._shorter = shorter
        self.setText(full)
        self.update()

    @property
    def shown_text(self) -> str:
        """What can be read now."""
        room, metrics = max(0, self.width() - 2 * self.margin), self.fontMetrics()
        texts = (self.text(), *self._shorter)
        for text in texts:
            if all(metrics.horizontalAdvance(line) <= room for line in text.split("\n")):
                return text
        dots = Qt.TextElideMode.ElideRight
        return "\n".join(metrics.elidedText(line, dots, room) for line in texts[-1].split("\n"))

    def minimumSizeHint(self) -> QSize:
        """No width of its own."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of every line as fits."""
        shown = self.shown_text
        if shown == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().window())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect().adjusted(self.margin, 0, -self.margin, 0), self.alignment(), shown)
        painter.end()
