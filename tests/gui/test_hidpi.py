"""1:1 means one sample to one device pixel, whatever the screen's scale; each scale needs a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from app.state.session import Session
from app.render.shown import Shown
from app.views.pictures.canvas import Canvas, Content
from codec.media.clip import open_clip
from codec.media.picture import Colour, Matrix, Picture
application = QApplication([])
session = Session(Path(sys.argv[2]) / "settings.json")
clip = open_clip(Path(sys.argv[1]))
session.set_clip(clip)
canvas = Canvas(session)
canvas.resize(301, 203)
luma = np.random.default_rng(0).integers(0, 256, (64, 96), dtype=np.uint8)
grey = np.full((32, 48), 128, np.uint8)
pixels = np.repeat(luma[:, :, None], 3, axis=2)
picture = Shown(Picture(luma, grey, grey, Colour(Matrix.BT709, True)))
ratio = canvas.devicePixelRatioF()
def shown():
    canvas.show_content(Content(0, {canvas.framing(): picture.framed(canvas.framing())}, shown=picture))
    grabbed = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(grabbed.constBits(), np.uint8).reshape(grabbed.height(), -1)
    left, top = (round(value) for value in canvas.place().origin)
    return rows[:, : 3 * grabbed.width()].reshape(grabbed.height(), grabbed.width(), 3).copy(), left, top
session.view.set_zoom(1.0)
whole, left, top = shown()
assert np.array_equal(whole[top : top + 64, left : left + 96], pixels)
session.view.set_zoom(2.0)
whole, left, top = shown()
assert np.array_equal(whole[top : top + 128 : 2, left : left + 192 : 2], pixels)
session.view.set_zoom(0.5)
whole, left, top = shown()
mean = pixels.reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
assert np.abs(whole[top : top + 32, left : left + 48] - mean).max() <= 1
print("exact at", ratio)
clip.close()
"""


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_samples_are_exact_on_any_screen(small_clip: Path, tmp_path: Path, factor: str) -> None:
    environment = os.environ | {"QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", SCRIPT, str(small_clip), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"exact at {float(factor)}" in done.stdout
