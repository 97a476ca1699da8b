"""What the window and the pages say a rate is of: of what was coded, and of no container."""

import re
from pathlib import Path

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.state.session import Session
from app.views.charts.charts import Charts
from app.views.panels.side_panel import SidePanel
from codec.bench.page import PageFacts, page

NOT_SO = re.compile(r"containers? included|finished file|file bytes|files' bytes", re.IGNORECASE)


def said(widget: QWidget) -> list[str]:
    return [each.toolTip() for each in (widget, *widget.findChildren(QWidget)) if each.toolTip()]


def test_panel_table_and_study_page_say_that_containers_are_not_counted(qtbot: QtBot, tmp_path: Path) -> None:
    session = Session(tmp_path / "settings.json")
    side, charts = SidePanel(session), Charts(session)
    for widget in (side, charts):
        qtbot.addWidget(widget)
    table = charts.statistics
    heads = [table.horizontalHeaderItem(column).toolTip() for column in range(table.columnCount())]
    study = page([], [], {}, PageFacts("T", {}, "m", (), [], [], (0.004, 0.03), 0))
    for text in (*said(side), *said(charts), *heads, study):
        assert not NOT_SO.search(text), text
    for text in (side.rival.mode.toolTip(), side.rival.kbps.toolTip(), heads[1], study):
        assert "without a container" in text
