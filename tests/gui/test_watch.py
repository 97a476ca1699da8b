"""A training run watched through the window: a folder in which weights are replaced."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.state.takes import Kind, Status, Take
from app.views.main_window import MainWindow
from codec.errors import ModelError
from codec.gop import SeamMode
from codec.training.vae.log import Log
from codec.training.vae.watching import look
from codec.vae.backbones.lean import LeanBackbone, LeanSizes
from codec.vae.initial import start_as_transform
from codec.vae.model import VaeCodec
from codec.vae.weights import save_weights
from tests.gui.conftest import WAIT_MS

TINY = LeanSizes(channels=4, low=8, high=8, branch_layers=1, joint_layers=1, steps=1, step_layers=1)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Weights of two steps of a run of a tiny backbone."""
    torch.manual_seed(3)
    codec = VaeCodec(LeanBackbone(TINY)).eval().requires_grad_(False)
    start_as_transform(codec, codec.backbone.stored(torch.rand(2, 9, 3, 32, 32) * 2 - 1))
    path, made = tmp_path_factory.mktemp("checkpoints") / "weights.safetensors", []
    for step in (20, 40):
        codec.backbone.decoder.video_low_proj[0].bias.fill_(step / 20)
        save_weights(codec, path, {"steps": str(step)})
        made.append(path.read_bytes())
    return made


def put(folder: Path, weights: bytes) -> None:
    """Replace a run's weights, as the run does."""
    part = folder / "weights.part"
    part.write_bytes(weights)
    part.replace(folder / "weights.safetensors")


def measured(log: Log, step: int) -> None:
    """What a run writes of a step and of held-out crops."""
    log.write({"step": step, "stage": "codec, latents", "bpp": 0.1, "lpips": 0.5})
    for lmbda, bpp, lpips in (("0.025", 0.01, 0.6), ("3.2", 0.3, 0.2)):
        log.write({"step": step, "stage": f"held out λ {lmbda}", "bpp": bpp / step, "lpips": lpips / step})


@pytest.fixture
def run(tmp_path: Path, checkpoints: list[bytes]) -> Path:
    """A run that has just saved its first checkpoint."""
    folder = tmp_path / "run"
    folder.mkdir()
    measured(Log(folder / "log.csv", 0), 20)
    put(folder, checkpoints[0])
    return folder


@pytest.fixture
def watched(
    qtbot: QtBot, window: MainWindow, shows, numbered_clip: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Take]:
    """The numbered clip, and the run chosen in the dialog; yields the take of its first checkpoint."""
    shows(numbered_clip)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(run))
    window.menus.trigger("watch")
    qtbot.waitUntil(lambda: taken(window) is not None, timeout=WAIT_MS)
    take = taken(window)
    assert take is not None
    yield take


def taken(window: MainWindow) -> Take | None:
    return next((take for take in window.session.takes if take.kind is Kind.NEURAL), None)


def said(window: MainWindow) -> str:
    return window.inspector_panel.watch.state.text()


def test_each_checkpoint_codes_the_gop_on_the_screen(
    qtbot: QtBot, window: MainWindow, watched: Take, run: Path, checkpoints: list[bytes]
) -> None:
    panel = window.inspector_panel.watch
    assert panel.isVisible() and window.menus.actions["panel_watch"].isChecked()
    assert watched.status is Status.READY and "step 20" in watched.name and "bpp in GoP 0" in watched.label
    qtbot.waitUntil(lambda: watched.id in window.shown_set.images and window.shown_set.complete, timeout=WAIT_MS)
    assert [watched.ready(i, SeamMode.BLENDED) for i in (0, 8, 9)] == [True, True, False]
    first = watched.picture(4, SeamMode.BLENDED).y.copy()
    assert "codec, latents" in said(window) and "checkpoint of step 20" in said(window)
    # The next GoP is coded when it is looked at.
    window.player.seek(12)
    qtbot.waitUntil(lambda: watched.ready(12, SeamMode.BLENDED), timeout=WAIT_MS)
    # Another checkpoint: another take in its place, another picture.
    measured(Log(run / "log.csv", 20), 40)
    put(run, checkpoints[1])
    qtbot.waitUntil(lambda: (t := taken(window)) is not None and "step 40" in t.name, timeout=WAIT_MS)
    window.player.seek(4)
    (take,) = (take for take in window.session.takes if take.kind is Kind.NEURAL)
    qtbot.waitUntil(lambda: take.ready(4, SeamMode.BLENDED), timeout=WAIT_MS)
    assert abs(take.picture(4, SeamMode.BLENDED).y.astype(int) - first).mean() > 1
    lines = {name: plot.getPlotItem().listDataItems() for name, plot in panel.plots.items()}
    assert set(lines) == {"bpp", "lpips"}
    qtbot.waitUntil(lambda: len(panel.plots["bpp"].getPlotItem().listDataItems()[0].getData()[0]) == 2, timeout=WAIT_MS)
    assert "0.025" in panel.legend.text() and "3.2" in panel.legend.text()
    # No project keeps what passes.
    draft = window.context.files.projects.draft()
    assert draft is not None and draft.project.takes == ()


def test_a_renamed_take_stays_and_stopping_leaves_the_last_one(
    qtbot: QtBot, window: MainWindow, watched: Take, run: Path, checkpoints: list[bytes]
) -> None:
    window.session.takes.rename(watched, "as it began")
    put(run, checkpoints[1])
    qtbot.waitUntil(lambda: len(window.session.takes) == 3, timeout=WAIT_MS)
    assert [take.name.split(",")[0] for take in window.session.takes][1:] == ["as it began", "VAE step 40"]
    window.menus.trigger("stop_watching")
    assert window.engine.watching.folder is None and "No training run is watched" in said(window)
    put(run, checkpoints[0])
    qtbot.wait(1500)
    assert len(window.session.takes) == 3


def test_what_goes_wrong_is_one_sentence_and_watching_goes_on(
    qtbot: QtBot, window: MainWindow, watched: Take, run: Path, checkpoints: list[bytes]
) -> None:
    away = run.with_name("away")
    run.rename(away)
    qtbot.waitUntil(lambda: "is not there (any more)" in said(window), timeout=WAIT_MS)
    assert "is not there (any more)" in window.banner.text() and "\n" not in window.banner.text()
    away.rename(run)
    qtbot.waitUntil(lambda: "is not there" not in said(window), timeout=WAIT_MS)
    put(run, b"nothing")
    qtbot.waitUntil(lambda: "no weights of a training run" in said(window), timeout=WAIT_MS)
    put(run, checkpoints[1])
    qtbot.waitUntil(lambda: (t := taken(window)) is not None and "step 40" in t.name, timeout=WAIT_MS)
    assert watched not in list(window.session.takes)


def test_a_log_being_written_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.csv", 0)
    measured(log, 20)
    whole = look(tmp_path)
    assert (whole.step, whole.stage, whole.checkpoint) == (20, "codec, latents", None)
    assert [(each.step, each.lmbda) for each in whole.held] == [(20, "0.025"), (20, "3.2")]
    with (tmp_path / "log.csv").open("a", encoding="utf-8") as file:
        file.write("40,held out λ 0.0")
    assert look(tmp_path) == whole
    with (tmp_path / "log.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(ModelError, match="damaged"):
        look(tmp_path)
    with (tmp_path / "log.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["name", "value"], ["a", "1"]])
    with pytest.raises(ModelError, match="not the log of a training run"):
        look(tmp_path)
    (tmp_path / "log.csv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(ModelError, match=r"damaged|not the log"):
        look(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match="no training run in this folder"):
        look(empty)
