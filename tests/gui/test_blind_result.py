"""The result page: one observer, several, and what it saves."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

from app.render.scaling import pixels_of
from app.state.blind.journal import Run, read_run
from app.state.session import Session
from app.views.blind.result_page import ResultPage
from app.views.blind.result_plot import picture
from tests.state.blind.test_journal import complete


@pytest.fixture
def runs() -> list[Run]:
    return [read_run(complete(f"observer {n}", n, 9.6 + n / 6)[0], f"{n}.jsonl") for n in range(7)]


def page(qtbot: QtBot, tmp_path: Path, runs: list[Run]) -> ResultPage:
    session = Session(tmp_path / "settings.json")
    session.blind.set(runs)
    made = ResultPage(SimpleNamespace(session=session))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.show()
    made.show_run(runs[-1])
    return made


def test_from_six_observers_on_viewers_are_spoken_of(qtbot: QtBot, tmp_path: Path, runs: list[Run]) -> None:
    made = page(qtbot, tmp_path, runs)
    text = made.text()
    assert runs[-1].sentence() in text and "Saving -" in text
    assert "Mean of 7 observers: " in text and "Satisfies 75 % of viewers: " in text
    assert made.viewers.isVisible() and made.table.rowCount() == 7
    assert "journal 6.jsonl" in text and "seamscope encode" in text and "sha256:00" in text


def test_fewer_are_a_pre_test(qtbot: QtBot, tmp_path: Path, runs: list[Run]) -> None:
    made = page(qtbot, tmp_path, runs[:5])
    assert "5 observers: an engineering pre-test" in made.text() and "viewers" not in made.text()
    assert not made.viewers.isVisible() and made.table.rowCount() == 5


def test_the_picture_that_is_saved_has_the_threshold_in_it(qtbot: QtBot, tmp_path: Path, runs: list[Run]) -> None:
    made = page(qtbot, tmp_path, runs[:1])
    saved: list[object] = []
    made.save_asked.connect(lambda image, name: saved.extend((pixels_of(image).copy(), name)))
    made.save.click()
    (pixels, name), again = saved, picture(runs[0])
    # The sentence above it has a letter of another font, whose hat Qt sets anew each time.
    assert name == "0" and (pixels[60:, :, :3] == pixels_of(again)[60:, :, :3]).all()
    # The threshold's line is of the accent's colour.
    assert (pixels[:, :, :3] == (0x57, 0xC8, 0xFF)).all(axis=2).sum() > 100
