"""Votes in the real window: pairs without names, keys that vote, scores over the clips of a folder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.jobs.blind.votes import votes_file
from app.state.takes import Status, Take
from app.views.main_window import MainWindow
from codec.rivals.settings import RivalCodec
from tests.gui.conftest import WAIT_MS

LEFT, RIGHT, NONE = Qt.Key.Key_Less, Qt.Key.Key_Greater, Qt.Key.Key_Slash
COARSE = RivalCodec.HEVC.quality_range[1]


@pytest.fixture
def three(qtbot: QtBot, window: MainWindow, two_takes: tuple[Take, Take]) -> tuple[Take, Take]:
    """A good and a bad take beside the source."""
    bad = window.engine.encode_rival(RivalCodec.HEVC, COARSE)
    assert bad is not None
    qtbot.waitUntil(lambda: bad.status is Status.READY, timeout=WAIT_MS)
    return two_takes[1], bad


def pair_shown(window: MainWindow) -> tuple[int, ...]:
    shown = window.shown_set
    return () if shown is None else shown.arrangement.takes


def test_votes_are_cast_without_names_and_scored(
    qtbot: QtBot, window: MainWindow, three: tuple[Take, Take], numbered_clip: Path
) -> None:
    good, bad = three
    session = window.session
    QTest.keyClick(window, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: session.voting.active, timeout=WAIT_MS)
    sides = set()
    for number in range(8):
        pair = session.voting.pair
        assert pair is not None and set(pair) == {good.id, bad.id}
        qtbot.waitUntil(lambda pair=pair: pair_shown(window) == pair, timeout=WAIT_MS)
        window._refresh_all()
        sides.add(pair)
        names = " ".join(text(part) for part in window.findChildren(QWidget) if part.isVisible())
        assert "HEVC" not in names and "CRF" not in names and "kbps" not in names
        assert not window.side.isVisible() and window.charts is not None and not window.charts.isVisible()
        if number == 0:
            # What would tell is not to be had; a take alone neither.
            for name in ("values", "charts", "take_2", "undo", "present", "difference"):
                assert not window.menus.actions[name].isEnabled(), name
            QTest.keyClick(window, Qt.Key.Key_2)
            assert session.focus is None
        key = NONE if number == 7 else LEFT if pair[0] == good.id else RIGHT
        QTest.keyClick(window, key)
    assert len(sides) == 2
    qtbot.waitUntil(lambda: len(session.voting.votes) == 8, timeout=WAIT_MS)
    lines = [json.loads(line) for line in votes_file().read_text().splitlines()]
    assert len(lines) == 8 and {line["clip"] for line in lines} == {numbered_clip.name}
    QTest.keyClick(window, Qt.Key.Key_F8)
    sheet = window.blind.scores
    qtbot.waitUntil(sheet.isVisible, timeout=WAIT_MS)
    best, worst = session.voting.scores
    assert (best.item, worst.item) == (good.name, bad.name) and best.score.low > 0 > worst.score.high
    assert good.name in sheet.text() and "engineering pre-test" in sheet.text()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible() and window.side.isVisible() and window.charts.isVisible()
    qtbot.waitUntil(lambda: "HEVC" in window.panes[good.id].label.text(), timeout=WAIT_MS)


def text(part: QWidget) -> str:
    said = [part.accessibleName(), part.accessibleDescription(), part.toolTip(), part.windowTitle()]
    return " ".join([*said, part.text() if isinstance(part, QLabel) else ""])


def test_without_two_takes_there_is_no_vote(
    window: MainWindow, shows: Callable[[Path], None], numbered_clip: Path
) -> None:
    shows(numbered_clip)
    QTest.keyClick(window, Qt.Key.Key_F8)
    assert not window.session.voting.active and "two finished takes" in window.banner.text()
    assert window.side.isVisible()
