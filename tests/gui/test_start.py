"""The window as the command line starts it, in a process of its own."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.__main__ import main
from app.views.main_window import MainWindow
from app.views.dialogs.import_dialog import ImportDialog
run = QApplication.exec
def watched(application):
    def look():
        (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
        asked = [dialog.windowTitle() for dialog in window.findChildren(ImportDialog)]
        if asked and window.shown_set is not None and window.shown_set.complete:
            print("shown", window.session.clip.path.name, "asked", *asked)
            timer.stop()
            window.close()
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(20)
    return run()
QApplication.exec = watched
sys.exit(main(sys.argv[1:]))
"""


def test_files_named_at_the_start_are_the_clip_and_its_takes(small_clip: Path, numbered_clip: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(small_clip), str(numbered_clip)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"shown {small_clip.name} asked Import {numbered_clip.name}" in done.stdout


def test_a_word_that_is_a_command_opens_no_window() -> None:
    command = [sys.executable, "-m", "app", "weights"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0 and "(default): model" in done.stdout
