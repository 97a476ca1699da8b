"""Start-up: the window as fast as it can be, heavy imports after it is shown."""

import argparse
import sys
from pathlib import Path

from codec.terminal import say_anything

EXIT_NO_SCREEN = 2


def run(arguments: list[str]) -> int:
    """Open the window, on what is named as if it were dropped there; returns the exit code."""
    say_anything()
    parser = argparse.ArgumentParser(prog="seamscope")
    parser.add_argument(
        "files", nargs="*", type=Path, help="a project, or a video file or image sequence and takes to compare with it"
    )
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    from app.early import missing_for_a_window

    problem = missing_for_a_window()
    if problem:
        print(f"seamscope: {problem}", file=sys.stderr)
        return EXIT_NO_SCREEN
    from PySide6.QtWidgets import QApplication

    from app.ending import EndingSignals, leave
    from app.state.session import Session
    from app.state.settings import settings_file
    from app.views.main_window import MainWindow
    from app.views.theme import style, use

    application = QApplication(sys.argv[:1])
    application.setApplicationName("Seamscope")
    session = Session(settings_file())
    application.setStyleSheet(style(use(session.settings.theme)))
    window = MainWindow(session)
    signals = EndingSignals(window.end)
    window.show()
    if options.files:
        window.context.files.open_paths(options.files)
    code = application.exec()
    signals.close()
    return leave(signals.exit_code or code)
