"""λ on its way through widgets, takes, projects and command lines: it stays the number it was."""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.jobs.engine import Engine
from app.jobs.immediate import ImmediateRunner
from app.state.recipes import Recipe, codec_settings
from app.state.session import Session
from app.state.takes import Status
from app.views.main_window import MainWindow
from app.views.panels.neural_controls import NeuralControls
from codec import registry
from codec.cli import build_parser
from tests.gui.conftest import WAIT_MS

LOW, HIGH = registry.named(registry.DEFAULT).settings.lambda_range
LAMBDAS = (LOW, 0.00126, 0.0012500001, 0.0123456789, 0.1, 1 / 3, 1.2799999999, HIGH)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "settings.json")


@pytest.fixture
def controls(qtbot: QtBot, session: Session) -> NeuralControls:
    made = NeuralControls(session)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(Session(tmp_path / "settings.json"), ImmediateRunner())
    yield made
    made.shutdown()


@pytest.mark.parametrize("lmbda", LAMBDAS)
def test_a_lambda_is_shown_with_three_digits_and_kept_whole(
    qtbot: QtBot, session: Session, controls: NeuralControls, lmbda: float
) -> None:
    session.draft.set_lmbda(lmbda)
    assert controls.number.text() == f"{lmbda:.3g}"
    other = QWidget()
    qtbot.addWidget(other)
    controls.number.setFocus()
    qtbot.keyClick(controls.number, Qt.Key.Key_Return)
    controls.number.clearFocus()
    controls.number.interpretText()
    assert controls.number.value() == lmbda and session.draft.recipe.lmbda == lmbda
    codec_settings(session.draft.recipe, "cpu", "auto")


def test_every_place_of_the_slider_is_a_lambda_that_can_be_encoded(session: Session, controls: NeuralControls) -> None:
    found = []
    for step in range(controls.slider.maximum() + 1):
        controls.slider.setValue(step)
        codec_settings(session.draft.recipe, "cpu", "auto")
        assert controls.slider.value() == step and float(controls.number.text()) == session.draft.lmbda
        found.append(session.draft.lmbda)
    assert found == sorted(found) and (found[0], found[-1]) == (LOW, HIGH)


def test_a_lambda_is_typed_with_point_or_comma_and_stepped_by_its_second_digit(
    qtbot: QtBot, session: Session, controls: NeuralControls
) -> None:
    number, draft = controls.number, session.draft
    for text, wanted in (("0.0125", 0.0125), ("0,5", 0.5), ("9", 0.5), ("x", 0.5)):
        number.setFocus()
        number.selectAll()
        qtbot.keyClicks(number, text)
        qtbot.keyClick(number, Qt.Key.Key_Return)
        assert draft.lmbda == wanted
    qtbot.keyClick(number, Qt.Key.Key_Up)
    assert draft.lmbda == 0.51
    draft.set_lmbda(LOW)
    qtbot.keyClick(number, Qt.Key.Key_Down)
    assert draft.lmbda == LOW
    qtbot.keyClick(number, Qt.Key.Key_Up)
    assert draft.lmbda == 0.00135


@pytest.mark.parametrize("lmbda", [LOW, 0.0123456789])
def test_command_and_project_keep_a_lambda_whole(
    engine: Engine, small_clip: Path, tmp_path: Path, lmbda: float
) -> None:
    session, projects = engine.session, engine.projects
    engine.open(small_clip, 0, 2)
    take = engine.encode_neural(lmbda)
    assert take is not None and take.status is Status.READY, take
    arguments = build_parser().parse_args(shlex.split(take.command)[1:])
    assert arguments.lmbda == lmbda
    projects.save(tmp_path / "p.seamscope")
    projects.open(tmp_path / "p.seamscope")
    back = list(session.takes)[1]
    assert back is not take and back.lmbda == lmbda and back.recipe.lmbda == lmbda
    again = engine.edits.encode_again(back)
    assert again is not None and again.lmbda == lmbda


def test_a_take_is_encoded_again_with_its_own_settings_not_the_panels(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], small_clip: Path
) -> None:
    shows(small_clip)
    take = window.context.takes.encode(Recipe(None, lmbda=0.0123456789, options=(("key_interval", 3),)))
    window.session.draft.set_lmbda(0.9)
    window.side.neural.options["key_interval"].setValue(5)
    window._refresh_all()
    window.menus.trigger("encode_again")
    again = list(window.session.takes)[1]
    assert again is not take and again.recipe == take.recipe
    window._refresh_all()
    window.menus.trigger("encode_anew")
    assert list(window.session.takes)[1].recipe == Recipe(None, lmbda=0.9, options=(("key_interval", 5),))
    window.engine.cancel_all()
    qtbot.waitUntil(lambda: list(window.session.takes)[1].status is not Status.RUNNING, timeout=WAIT_MS)
