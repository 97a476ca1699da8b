"""Small widgets that Qt lacks, and texts for those that guess what a text is.

Qt takes a text with a tag in its first line for HTML, and loads what that names: a clip called `<img src='/dev/zero'>`
would freeze the window. So labels and message boxes are made of the classes here, which take every text as it is, and
tooltips go through `plain_tip`.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtGui import Qt as QtText
from PySide6.QtWidgets import QFrame, QLabel, QMessageBox, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from codec.texts import lines_in_html, visible, visible_lines

_SHEET_TOP = 28
"""Of a sheet over a window: the menus stay in sight."""


class _Lowest(QWidget):
    """A part that asks for no more height than it needs at least, where it would like more by its width."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(content)

    def heightForWidth(self, width: int) -> int:
        """What its lines need at a width. A scroll area asks the layout whether there is such a height, then the
        widget which it is; the layout would say all that the lines like."""
        lines = self._content.layout()
        return super().heightForWidth(width) if lines is None else lines.totalMinimumHeightForWidth(max(1, width))

    def minimumSizeHint(self) -> QSize:
        """What its lines need at this width."""
        lines = self._content.layout()
        if lines is None:
            return super().minimumSizeHint()
        return QSize(lines.minimumSize().width(), self.heightForWidth(self.width()))


def scrolled(content: QWidget) -> QScrollArea:
    """A part that can be scrolled where it is higher than its room, so that it asks for no higher window."""
    area = QScrollArea()
    area.setWidget(_Lowest(content))
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area


def single_shot(parent: QObject, interval_ms: int, slot: Callable[[], object]) -> QTimer:
    """A timer that calls `slot` once, so long after `start` was called last; at 0 ms when nothing else waits."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(slot)
    return timer


def plain_tip(text: str) -> str:
    """A text of unknown content for a tooltip, which shows it as it is, invisible characters included."""
    shown = visible_lines(text)
    if not QtText.mightBeRichText(shown):
        return shown
    return f"<p style='white-space:pre-wrap'>{lines_in_html(shown)}</p>"


def plain_title(text: str) -> str:
    """A text of unknown content as part of a window's title, where `[*]` would be the mark of what is unsaved."""
    return visible(text).replace("[*]", "[*][*]")


def plain_caption(text: str) -> str:
    """A text of unknown content on a button or in a menu, where `&` would mark the key of the next letter."""
    return visible(text).replace("&", "&&")


class Label(QLabel):
    """A label that shows any text as it is, invisible characters included."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show this text."""
        super().setText(visible_lines(text))


class Banner(Label):
    """A message over the pictures; away until there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setStyleSheet("background:#7a2e2e;color:#ffffff;padding:6px 10px")
        self.setAccessibleName("Message")
        self.hide()


class HtmlLabel(QLabel):
    """A label of HTML; what was not written by this program stands in it only through `codec.texts.in_html`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)


class MessageBox(QMessageBox):
    """A message box that shows any text as it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str) -> None:
        """Show this text."""
        super().setText(visible_lines(text))

    @staticmethod
    def question(parent: QWidget | None, title: str, text: str, *args: Any, **more: Any) -> Any:
        """Ask and wait; Qt's own box guesses as tooltips do. The rest as for Qt's own."""
        return QMessageBox.question(parent, plain_title(title), plain_tip(text), *args, **more)

    @staticmethod
    def information(parent: QWidget | None, title: str, text: str, *args: Any, **more: Any) -> Any:
        """Tell and wait. The rest as for Qt's own."""
        return QMessageBox.information(parent, plain_title(title), plain_tip(text), *args, **more)

    @staticmethod
    def warning(parent: QWidget | None, title: str, text: str, *args: Any, **more: Any) -> Any:
        """Warn and wait. The rest as for Qt's own."""
        return QMessageBox.warning(parent, plain_title(title), plain_tip(text), *args, **more)

    @staticmethod
    def critical(parent: QWidget | None, title: str, text: str, *args: Any, **more: Any) -> Any:
        """Tell of a failure and wait. The rest as for Qt's own."""
        return QMessageBox.critical(parent, plain_title(title), plain_tip(text), *args, **more)


class ElidedLabel(Label):
    """A label that says less where there is no room, instead of forcing its pane wider: the first of its texts that
    fits, else the last with its lines ending in dots."""

    def __init__(self, inset: int = 8) -> None:
        """`inset`: pixels left and right of the text that the style sheet asks for."""
        super().__init__()
        self.inset = inset
        self._shorter: tuple[str, ...] = ()
        # Qt would indent the text further by half a letter, more than `shown_text` reckons with.
        self.setIndent(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(self.fontMetrics().height() + 8)

    def set_texts(self, full: str, *shorter: str) -> None:
        """What to say, in full and (longest first) in fewer words."""
        self._shorter = tuple(visible_lines(text) for text in shorter)
        self.setText(full)
        self.update()

    @property
    def shown_text(self) -> str:
        """What can be read now."""
        room, metrics = max(0, self.width() - 2 * self.inset), self.fontMetrics()
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
        painter.drawText(self.rect().adjusted(self.inset, 0, -self.inset, 0), self.alignment(), shown)
        painter.end()


class Sheet(QScrollArea):
    """A text over a window, as large as it needs and the window allows; the rest is scrolled to."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._label = HtmlLabel()
        self._label.setStyleSheet("padding:16px;border:none")
        self.setWidget(self._label)
        self.setWidgetResizable(True)
        self.hide()

    def text(self) -> str:
        """What it says."""
        return self._label.text()

    def open(self, text: str, *narrower: str) -> None:
        """Say something, in the middle of the window: the first of these texts that is no wider, else the last."""
        parent = self._over
        self._label.setText(text)
        wanted = self._wanted()
        for other in narrower:
            if wanted.width() <= parent.width():
                break
            self._label.setText(other)
            wanted = self._wanted()
        self.resize(wanted.boundedTo(QSize(parent.width(), parent.height() - _SHEET_TOP)))
        self.move((parent.width() - self.width()) // 2, _SHEET_TOP)
        self.show()
        self.raise_()

    def _wanted(self) -> QSize:
        edge = 2 * self.frameWidth() + 2
        wanted = self._label.sizeHint() + QSize(edge, edge)
        if wanted.height() > self._over.height() - _SHEET_TOP:
            wanted += QSize(self.verticalScrollBar().sizeHint().width(), 0)
        return wanted
