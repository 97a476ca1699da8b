"""Names, notes, commands and messages that others wrote are shown as they are: no text becomes HTML, no character of it
hides, wherever a window or a dialog shows one."""

import ast
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import Qt as QtText
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QGraphicsTextItem,
    QGraphicsView,
    QLabel,
    QListWidget,
    QMenu,
    QMessageBox,
    QStatusBar,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.state.imports import Difference, FileFacts, ImportQuestion, Mismatch
from app.state.scores import FrameMeasures
from app.state.takes import Encoded, Rate, Status
from app.views.dialogs.import_dialog import ImportDialog
from app.views.main_window import MainWindow
from codec.texts import visible_lines
from tests.conftest import make_clip
from tests.gui.conftest import WAIT_MS

# What Qt would load, were it HTML; a formula; marks of menus and titles; what cannot be seen; no UTF-8.
HOSTILE = "<img src='/dev/null'> $x$ [*] &k \x1b[1m \u202eevil\udcff"
SHOWN = "<img src='/dev/null'> $x$ [*] &k \\x1b[1m \\u202eevil\\xff"
FILE_NAME = os.fsencode("<img src='evil'>\n$x$ [*] &k\u202e.mkv") + b"\xe9"
VIEWS = Path(__file__).parents[2] / "app" / "views"


class Tags(HTMLParser):
    """The tags of a text that Qt takes for HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def read(text: str, html: bool) -> str:
    """What a person reads of it. Fails where HTML has other tags than this program's own."""
    if not html:
        return text
    tags = Tags(text).found
    assert tags <= {"p", "b", "br", "code", "span", "table", "tr", "td"}, f"{tags} in {text!r}"
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    """(where, what is read) of all that a widget shows."""
    guessed = QtText.mightBeRichText
    name = type(widget).__name__
    yield f"{name} tooltip", read(widget.toolTip(), guessed(widget.toolTip()))
    if widget.isWindow():
        yield f"{name} title", widget.windowTitle()
    if isinstance(widget, QLabel):
        form, text = widget.textFormat(), widget.text()
        rich = form is Qt.TextFormat.RichText or (form is Qt.TextFormat.AutoText and guessed(text))
        yield name, read(text, rich)
    if isinstance(widget, QAbstractButton):
        yield "button", widget.text()
    if isinstance(widget, QStatusBar):
        yield "status bar", widget.currentMessage()
    if isinstance(widget, QComboBox):
        for row in range(widget.count()):
            yield "choice", widget.itemText(row)
    if isinstance(widget, QListWidget):
        items = [widget.item(row) for row in range(widget.count())]
    elif isinstance(widget, QTableWidget):
        cells = (widget.item(row, column) for row in range(widget.rowCount()) for column in range(widget.columnCount()))
        items = [item for item in cells if item is not None]
    else:
        items = []
    for item in items:
        yield name, item.text()
        yield f"{name} tooltip", read(item.toolTip(), guessed(item.toolTip()))
    if isinstance(widget, QMenu):
        for action in widget.actions():
            yield "menu", action.text()
            yield "menu tooltip", read(action.toolTip(), guessed(action.toolTip()))
    if isinstance(widget, QGraphicsView) and widget.scene() is not None:
        for item in widget.scene().items():
            yield "chart tooltip", read(item.toolTip(), guessed(item.toolTip()))
            if isinstance(item, QGraphicsTextItem):
                assert "<img" not in item.toHtml()
                yield "chart", item.toPlainText()


def walk() -> dict[str, set[str]]:
    """Hostile texts found, by where they are. Fails where one is no plain text or hides a character."""
    found: dict[str, set[str]] = defaultdict(set)
    for widget in QApplication.allWidgets():
        for where, text in texts_of(widget):
            assert visible_lines(text) == text, f"{where}: {text!r}"
            if "<img" in text:
                found[where].add(text)
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose clip, takes and notes have hostile names. The clip is too small to be scored."""
    plain = make_clip(tmp_path / "plain.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="48x32", frames=12)
    clip = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + FILE_NAME))
    plain.rename(clip)
    record = {"relative": clip.name, "absolute": str(clip), "content": ""}
    gone = {"relative": "", "absolute": f"/absent/{HOSTILE}", "content": ""}
    common = {"kind": "IMPORTED", "name": HOSTILE, "note": HOSTILE, "command": HOSTILE, "asked": HOSTILE}
    takes = [{**common, "file": record, "stated_kbps": 100.0}, {**common, "file": gone}, {**common, "kind": "NEURAL"}]
    saved = {"seamscope": 1, "clip": record, "start": 0, "stop": 12, "out_point": 11, "takes": takes, "notes": HOSTILE}
    path = clip.with_name("<img src=x>[*].seamscope")
    path.write_text(json.dumps(saved))
    return path


@pytest.fixture
def hostile(qtbot: QtBot, window: MainWindow, project: Path) -> MainWindow:
    """The project in the window, its first take with scores and a rate."""
    session = window.session
    window.context.files.open_paths([project])
    qtbot.waitUntil(lambda: len(session.takes) == 4, timeout=WAIT_MS)
    _, first, gone, stream = session.takes
    qtbot.waitUntil(lambda: first.status is Status.READY and gone.status is Status.FAILED, timeout=WAIT_MS)
    for take, score in ((first, 0.2), (stream, 0.1)):
        rate = Rate(1000, 10.0 / score, 0.01 / score)
        session.takes.update(take, encoded=Encoded(take.file, rate, HOSTILE), message=HOSTILE, error=HOSTILE)
        measures = [FrameMeasures(i, 30.0, score, 0.01, 0.9, 0.1) for i in range(12)]
        session.scores.add(session.score_key(take), measures)
    for name in ("info", "panel_worst", "keys", "second_window"):
        window.menus.trigger(name)
    qtbot.waitUntil(lambda: window.shown_set is not None, timeout=WAIT_MS)
    window._refresh_all()
    return window


def test_a_project_of_hostile_names_is_shown_as_it_is_in_the_window(qtbot: QtBot, hostile: MainWindow) -> None:
    charts, found = hostile.charts, walk()
    assert charts is not None
    for number in range(charts.pages.count()):
        charts.pages.setCurrentIndex(number)
        charts.redraw()
        QApplication.processEvents()
        for where, texts in walk().items():
            found[where] |= texts
    viewport, box = charts.rates.plot.viewport(), charts.rates.item.getViewBox()
    (take, *_) = charts.rates.points
    place: QPoint = charts.rates.plot.mapFromScene(box.mapViewToScene(charts.rates.place_of(take)))
    for step in range(3):
        qtbot.mouseMove(viewport, place + QPoint(step, 0))
        QApplication.processEvents()
    found["chart tooltip"] |= walk()["chart tooltip"]
    hostile.session.message.emit(HOSTILE)
    for where, texts in walk().items():
        found[where] |= texts
    everywhere = {
        "LinedLabel", "LinedLabel tooltip", "HtmlLabel", "QListWidget", "StatisticsTable", "choice",
        "StatisticsTable tooltip", "chart", "chart tooltip", "menu", "button", "MainWindow title", "Banner",
        "QPushButton tooltip", "menu tooltip",
    }  # fmt: skip
    assert everywhere <= set(found), everywhere - set(found)
    assert hostile.banner.text() == SHOWN
    # What is shown says all of it, whatever the place makes of such marks.
    assert any(SHOWN in text for text in found["HtmlLabel"]) and any(SHOWN in text for text in found["LinedLabel"])
    assert "[*][*]" in hostile.windowTitle() and "\\xe9" in hostile.windowTitle()
    assert any("&&k" in text for text in found["menu"])


def test_dialogs_show_hostile_names_as_they_are(qtbot: QtBot, hostile: MainWindow) -> None:
    clip = hostile.session.clip
    assert clip is not None
    path = clip.path
    facts = FileFacts(path, 48, 32, 12, Fraction(25), 0.48, 1000, f"ffv1{HOSTILE}")
    question = ImportQuestion(facts, (Mismatch(Difference.SIZE, HOSTILE),))
    dialogs: list[Callable[[], object]] = [
        ImportDialog(question, clip.timing, hostile).open,
        hostile.context.screen.show_settings,
        hostile.context.screen.show_palette,
        hostile.context.exports.ask_video,
    ]
    found: set[str] = set()
    for show in dialogs:
        show()
        found |= set(walk())
        for dialog in hostile.findChildren(QDialog):
            dialog.reject()
    assert "ImportDialog title" in found
    hostile.session.set_notes("changed")
    assert not hostile.context.files.allows_close(hostile.close)
    box = hostile.context.files.leaving.box
    assert box is not None and box.textFormat() is Qt.TextFormat.PlainText
    assert "<img src=x>[*].seamscope" in box.text()
    box.button(QMessageBox.StandardButton.Cancel).click()


def calls(source: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def is_plain(text: ast.expr) -> bool:
    """A constant of the program, or a text that went through `plain_tip`."""
    if isinstance(text, ast.Constant):
        return True
    if isinstance(text, ast.Name):
        return text.id.isupper()
    if isinstance(text, ast.IfExp):
        return is_plain(text.body) and is_plain(text.orelse)
    return isinstance(text, ast.Call) and getattr(text.func, "id", "") == "plain_tip"


def test_no_tooltip_is_set_but_through_the_one_way() -> None:
    """The walk sees what its project reaches; this sees all of the program."""
    places = {"setToolTip": 0, "setWhatsThis": 0, "setStatusTip": 0, "showText": 1, "setHtml": 0}
    seen = 0
    for source in VIEWS.rglob("*.py"):
        for call in calls(source):
            name = getattr(call.func, "attr", "")
            if name in places:
                seen += 1
                assert is_plain(call.args[places[name]]), f"{source.name}:{call.lineno}: wrap it in plain_tip"
    assert seen > 20
