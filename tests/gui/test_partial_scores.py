"""Scores that are still coming in: nothing the window says or writes takes them for a result."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.state.curves import statistics_of
from app.state.recipes import Recipe
from app.state.scores import FrameMeasures
from app.state.takes import Status, Take
from app.views.main_window import MainWindow
from codec.rivals.settings import RivalCodec
from tests.gui.conftest import WAIT_MS

Opener = Callable[[Path], None]


def measured(window: MainWindow, take: Take, lpips: list[float]) -> None:
    """Enter these for the take's first frames and nothing else."""
    scores = [
        FrameMeasures(i, 40.0 - v, v, None if i == 0 else v, 1.0 - v, None if i == 0 else v)
        for i, v in enumerate(lpips)
    ]
    window.session.scores.forget(take.id)
    window.session.scores.add(window.session.score_key(take), scores)


@pytest.fixture
def takes(qtbot: QtBot, window: MainWindow, shows: Opener, small_clip: Path) -> list[Take]:
    """Two rivals: the first is better over its first 8 frames, the only ones measured, the other over all 20."""
    shows(small_clip)
    made = [window.context.takes.encode(Recipe(RivalCodec.HEVC, quality=q, preset="ultrafast")) for q in (20, 45)]
    vmaf = lambda take: statistics_of(window.session, take, "vmaf")  # noqa: E731
    qtbot.waitUntil(
        lambda: all(take.status is Status.READY and (found := vmaf(take)) and found.finished for take in made),
        timeout=WAIT_MS,
    )
    measured(window, made[0], [0.054] * 8)
    measured(window, made[1], [0.110] * 8 + [0.080] * 12)
    window._refresh_all()
    return made


def idle(window: MainWindow) -> bool:
    """No export is being written."""
    return not window.export_progress.isVisible()


def written(qtbot: QtBot, window: MainWindow, folder: Path) -> dict[str, str]:
    """What the exports of curves and page hold, by suffix."""
    exports = window.context.exports
    for suffix in (".csv", ".json", ".svg"):
        exports.export_charts(folder / f"x{suffix}")
        qtbot.waitUntil(lambda: idle(window), timeout=WAIT_MS)
    exports.export_page(folder / "x.html")
    qtbot.waitUntil(lambda: idle(window), timeout=WAIT_MS)
    return {file.suffix: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def test_nothing_takes_a_mean_for_a_result_before_every_frame_is_measured(
    qtbot: QtBot, window: MainWindow, takes: list[Take], tmp_path: Path
) -> None:
    labels = [window.panes[take.id].label.toolTip() for take in takes]
    assert "LPIPS 0.05… 8/20" in labels[0] and "LPIPS 0.092" in labels[1] and "…" not in labels[1]
    charts = window.charts
    charts.pages.setCurrentWidget(charts.statistics)
    table = charts.statistics
    titles = [table.horizontalHeaderItem(c).text() for c in range(table.columnCount())]
    for title, cells in (("LPIPS", ["0.054… 8/20", "0.0920"]), ("tLP", ["0.0540… 7/19", "0.09105"])):
        column = titles.index(title)
        assert [table.item(row, column).text() for row in (0, 1)] == cells
        assert "… " in table.item(0, column + 1).text() and "…" not in table.item(1, column + 1).text()
    tip = table.item(0, titles.index("LPIPS")).toolTip()
    assert "8 of 20 frames are measured; this is no result yet." in tip
    assert f"{takes[1].name} over the same frames: 0.1100" in tip
    charts.pages.setCurrentWidget(charts.rates)
    assert list(charts.rates.points) == [takes[1].id]
    assert "1 of 2 takes have no rate or are not all measured yet" in charts.rates.note.text()
    charts.pages.setCurrentIndex(0)
    assert [line.extent for line in charts.charts["lpips"].lines] == ["8/20", ""]
    assert "(8/20)" in charts.charts["lpips"].head.text()
    window.menus.trigger("panel_worst")
    panel = window.inspector_panel.worst
    assert panel.so_far.isVisible() and f"{takes[0].name} 8/20" in panel.so_far.text()
    window.context.exports.save_worst(tmp_path)
    qtbot.waitUntil(lambda: idle(window) and any(tmp_path.glob("*.png")), timeout=WAIT_MS)
    assert all("lpips_so_far" in file.name for file in tmp_path.glob("*.png"))
    folder = tmp_path / "out"
    folder.mkdir()
    files = written(qtbot, window, folder)
    head = next(csv.reader(files[".csv"].splitlines()))
    assert f"{takes[0].name}: lpips… 8/20" in head and f"{takes[1].name}: lpips" in head
    first, second = json.loads(files[".json"])["takes"]
    assert first["unfinished"] == {"lpips": [8, 20], "tlp": [7, 19], "psnr_db": [8, 20]}
    assert second["unfinished"] == {}
    assert "not all frames measured" in files[".svg"]
    page = files[".html"]
    assert "<td>0.054… 8/20</td>" in page and "<td>0.0920</td>" in page and "<td>8 of 20 so far</td>" in page
    assert "0.0540" not in page.replace("LPIPS at this frame 0.0540", "").replace("0.0540… 7/19", "")
    measured(window, takes[0], [0.054] * 8 + [0.150] * 12)
    charts.pages.setCurrentWidget(charts.statistics)
    charts.redraw()
    window._refresh_all()
    panel.refresh()
    assert "LPIPS 0.112" in window.panes[takes[0].id].label.toolTip()
    assert table.item(0, titles.index("LPIPS")).text() == "0.1116" and not panel.so_far.isVisible()
