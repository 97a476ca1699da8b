"""Sources of 10 bits on a screen of 10 bits: a second display of that depth, drawn by a software driver.

Runs in a process of its own, since a program has one display. Skipped where there is no Xvfb or no driver.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_clip

_LOOK = """
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.render.choice import driver_works, shows_ten_bits
from app.state.session import Session
from app.state.settings import settings_file
from app.views.main_window import MainWindow

def on_screen(canvas):
    # Read off the display itself, as a user sees it: (H, W, 3) codes of 0 to 1023 (or multiples of 4, roughly).
    place, at = canvas.place(), canvas.mapToGlobal(QPoint(0, 0))
    left, top = (round(value) for value in place.origin)
    image = QApplication.primaryScreen().grabWindow(0).toImage()
    assert image.format() is QImage.Format.Format_RGB30, image.format()
    words = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    words = words[at.y() + top :, at.x() + left :][:256, :512]
    return np.stack([words >> 20 & 1023, words >> 10 & 1023, words & 1023], axis=-1)

if __name__ == "__main__":
    app = QApplication([])
    if not driver_works(allow_software=True):
        sys.exit(77)
    window = MainWindow(Session(settings_file()))
    window.resize(1200, 900)
    window.show()
    def until(condition):
        import time
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end
            app.processEvents()
            time.sleep(0.005)
    until(lambda: window.charts is not None)
    window.engine.open(Path(sys.argv[1]))
    until(lambda: window.shown_set is not None and window.shown_set.complete)
    window.session.view.set_zoom(1.0)
    window._refresh_all()
    (pane,) = [pane for pane in window.panes.values() if not pane.isHidden()]
    for _ in range(50):
        app.processEvents()
    np.save(sys.argv[2], on_screen(pane.canvas))
    assert shows_ten_bits()
    print(pane.label.text())
    print(window.presenter.cache.held_bytes)
    window.close()
"""


@pytest.fixture(scope="module")
def deep_display() -> Iterator[str]:
    """Name of a display of 10 bits a channel."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("no Xvfb here")
    read, write = os.pipe()
    command = [program, "-displayfd", str(write), "-screen", "0", "1280x1000x30", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    if not number:
        server.wait()
        pytest.skip("this Xvfb has no screens of 10 bits")
    yield f":{number}"
    server.terminate()
    server.wait()


def look(display: str, clip: Path, folder: Path) -> tuple[np.ndarray, str, int]:
    """What a display shows of a clip's first frame, its label, and the bytes of pictures in the cache."""
    script = folder / "look.py"
    script.write_text(_LOOK, encoding="utf-8")
    surroundings = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "SEAMSCOPE_RENDERER": "opengl"}
    surroundings["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, str(script), str(clip), str(folder / "shown.npy")]
    run = subprocess.run(command, check=False, env=surroundings, capture_output=True, text=True, timeout=150)
    if run.returncode == 77:
        pytest.skip("no OpenGL on that display")
    assert run.returncode == 0, run.stderr
    label, held = run.stdout.splitlines()
    return np.load(folder / "shown.npy"), label, int(held)


def test_a_source_of_10_bits_is_shown_in_10_bits_where_the_screen_has_them(
    deep_display: str, slow_slope: Path, tmp_path: Path
) -> None:
    shown, label, held = look(deep_display, slow_slope, tmp_path)
    assert "10-bit, shown in 10 bits" in label
    # Every column of the clip is one code of 10 bits: not dithered, none of the steps lost.
    codes = 256 + np.arange(512) // 32
    wanted = (codes - 64) / 876 * 1023
    assert np.abs(shown[:, :, 1] - wanted).max() <= 1
    assert len(np.unique(shown[128, :, 1])) == 16
    assert np.all(shown == shown[:1])
    # Planes of 8 bits and of 16.
    assert held % (512 * 256 * 3 // 2 * 3) == 0 and held > 0


def test_a_source_of_8_bits_is_the_same_there(deep_display: str, clips: Path, tmp_path: Path) -> None:
    options = ("-vf", "format=yuv420p,geq=lum='64+floor(X/32)':cb=128:cr=128", "-c:v", "ffv1")
    clip = make_clip(clips / "plain.mkv", *options, size="512x256", frames=2)
    shown, label, held = look(deep_display, clip, tmp_path)
    assert "bits" not in label and "bit," not in label
    wanted = np.floor((64 + np.arange(512) // 32 - 16) * 255 / 219 + 0.5) / 255 * 1023
    assert np.abs(shown[:, :, 1] - wanted).max() <= 1
    assert held % (512 * 256 * 3 // 2) == 0 and held > 0
