"""Every codec of the registry in the window: its picker, its fields, its names, its projects."""

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox
from pytestqt.qtbot import QtBot

from app.jobs import tasks
from app.jobs.events import EmittingContext
from app.state.session import Session
from app.state.takes import Status
from app.views.main_window import MainWindow
from app.views.panels.neural_controls import NeuralControls
from codec import registry
from tests.gui.conftest import WAIT_MS


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    # As if the weights of all codecs were there.
    monkeypatch.setattr(registry, "usable", registry.codecs)
    return Session(tmp_path / "settings.json")


@pytest.fixture
def controls(qtbot: QtBot, session: Session) -> NeuralControls:
    made = NeuralControls(session)
    qtbot.addWidget(made)
    made.show()
    return made


def labels(controls: NeuralControls) -> list[str]:
    form = controls.layout()
    assert isinstance(form, QFormLayout)
    found = [
        form.itemAt(row, QFormLayout.ItemRole.LabelRole) for row in range(form.rowCount()) if form.isRowVisible(row)
    ]
    return [item.widget().text() for item in found if item is not None and isinstance(item.widget(), QLabel)]


def test_a_codec_is_only_asked_for_where_there_are_several(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = {"hybrid": registry.named("hybrid")}
    monkeypatch.setattr(registry, "usable", lambda: only)
    controls = NeuralControls(Session(tmp_path / "settings.json"))
    qtbot.addWidget(controls)
    controls.show()
    assert not controls.codec.isVisible() and "Codec" not in labels(controls)


def test_the_fields_are_those_of_the_codec_chosen_and_each_keeps_its_own(
    qtbot: QtBot, session: Session, controls: NeuralControls
) -> None:
    assert controls.codec.isVisible() and labels(controls) == ["Codec", "λ", "Key interval"]
    assert controls.slider.marks == () and "the paper's λ" not in controls.slider.toolTip()
    interval = controls.options["key_interval"]
    assert isinstance(interval, QSpinBox) and interval.accessibleName() == "Key interval in GoPs"
    interval.setValue(1)
    assert interval.text() == "1: all are key GoPs"
    session.draft.set_lmbda(0.0125)
    controls.codec.setFocus()
    qtbot.keyClick(controls.codec, Qt.Key.Key_Down)
    assert session.draft.codec == "vae"
    qtbot.waitUntil(lambda: labels(controls) == ["Codec", "λ", "Autoencoder", "Device"])
    assert (controls.number.minimum(), controls.number.maximum()) == (0.003125, 3.2)
    assert controls.number.text() == "0.2" and session.draft.lmbda == 0.2
    assert len(controls.slider.marks) == 3 and controls.slider.marks[2] == controls.slider.value()
    assert controls.slider.toolTip().endswith("the marks are the paper's λ: 0.05, 0.1, 0.2")
    kind = controls.options["autoencoder"]
    assert isinstance(kind, QComboBox) and "slow on a CPU" in kind.toolTip()
    qtbot.keyClick(kind, Qt.Key.Key_Down)
    assert session.draft.recipe.neural == "vae" and session.draft.recipe.options == (("autoencoder", "fast"),)
    qtbot.keyClick(controls.codec, Qt.Key.Key_Up)
    assert session.draft.lmbda == 0.0125 and session.draft.recipe.options == (("key_interval", 1),)
    assert controls.number.text() == "0.0125" and controls.options["key_interval"].text() == "1: all are key GoPs"
    qtbot.keyClick(controls.codec, Qt.Key.Key_Down)
    assert session.draft.recipe.options == (("autoencoder", "fast"),)


def test_marks_stand_under_their_place(controls: NeuralControls, session: Session) -> None:
    session.draft.choose_codec("vae")
    controls.grab()
    slider, ink = controls.slider, controls.slider.palette().windowText().color()
    image = slider.grab().toImage()
    ratio = image.devicePixelRatio()
    lowest = round((slider.height() - 1) * ratio)
    inked = [x for x in range(image.width()) if image.pixelColor(x, lowest) == ink]
    assert inked == [round(slider.mark_x(value) * ratio) for value in slider.marks]


def compile_for_ever(context: EmittingContext, device: str, precision: str) -> str:
    """A worker's part: what getting `hybrid` ready is like at the first start, on a slow machine."""
    while True:
        context.check()
        time.sleep(0.01)


@pytest.fixture
def first_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "warm_up", compile_for_ever)


def test_a_codec_without_loops_does_not_wait_until_those_of_another_are_compiled(
    first_start: None, qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], small_clip: Path
) -> None:
    shows(small_clip)
    window.session.draft.choose_codec("vae")
    window.session.draft.set_option("autoencoder", "fast")
    panel = window.findChild(NeuralControls)
    assert panel is not None
    qtbot.mouseClick(panel.encode, Qt.MouseButton.LeftButton)
    take = list(window.session.takes)[1]
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    # It goes on afterwards.
    assert window.engine.device == ""


def test_a_take_of_another_codec_names_it_in_name_command_and_project(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], small_clip: Path, tmp_path: Path
) -> None:
    shows(small_clip)
    window.session.draft.choose_codec("vae")
    window.session.draft.set_option("autoencoder", "fast")
    window.menus.trigger("encode")
    take = list(window.session.takes)[1]
    assert take.name == "VAE λ 0.2, autoencoder fast" and take.label.startswith(take.name)
    words = shlex.split(take.command)
    assert words[words.index("--codec") + 1] == "vae" and words[words.index("--autoencoder") + 1] == "fast"
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    assert window.session.settings.codec == "vae"
    # The same streams by the other decoder, by key; undone in one step.
    qtbot.waitUntil(lambda: take.other_decoder == "full", timeout=WAIT_MS)
    window.session.select(take)
    window._refresh_all()
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: len(window.session.takes) == 3, timeout=WAIT_MS)
    full = list(window.session.takes)[2]
    qtbot.waitUntil(lambda: full.other_decoder == "fast", timeout=WAIT_MS)
    assert full.label.endswith(" · full") and full.name == f"{take.name}, shown by full"
    window.menus.trigger("undo")
    assert len(window.session.takes) == 2
    projects = window.context.files.projects
    projects.save(tmp_path / "kept")
    qtbot.waitUntil(lambda: projects.path is not None, timeout=WAIT_MS)
    text = (tmp_path / "kept.seamscope").read_text()
    (tmp_path / "other.seamscope").write_text(text.replace('"neural": "vae"', '"neural": "gone"'))
    assert json.loads(text)["takes"][0]["options"] == {"autoencoder": "fast"}
    projects.open(tmp_path / "other.seamscope")
    qtbot.waitUntil(lambda: list(window.session.takes)[1] is not take, timeout=WAIT_MS)
    lost = list(window.session.takes)[1]
    assert lost.name.startswith("gone λ 0.2") and "Encode it again" not in lost.error
    told: list[str] = []
    window.session.message.connect(told.append)
    window._refresh_all()
    window.menus.trigger("encode_again")
    assert told == ["There is no codec 'gone'; there are hybrid, vae."] and list(window.session.takes)[1] is lost
    projects.save(tmp_path / "again")
    qtbot.waitUntil(lambda: projects.path == tmp_path / "again.seamscope", timeout=WAIT_MS)
    kept = json.loads((tmp_path / "again.seamscope").read_text())["takes"][0]
    assert kept["neural"] == "gone" and kept["options"] == {"autoencoder": "fast"} and kept["recipe"]
