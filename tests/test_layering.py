import subprocess
import sys

CODEC_WITHOUT_QT = """
import importlib, pkgutil, sys, codec
for module in pkgutil.walk_packages(codec.__path__, "codec."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print([name for name in sys.modules if name.startswith(("PySide6", "shiboken", "pyqtgraph")) or name == "app"])
"""
WINDOW_WITHOUT_TORCH = """
import sys
import app.views.main_window, app.window, app.state.session
print([name for name in ("torch", "numba", "matplotlib", "pyqtgraph", "cv2") if name in sys.modules])
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_engine_imports_no_qt() -> None:
    assert run(CODEC_WITHOUT_QT) == "[]"


def test_the_window_imports_nothing_heavy() -> None:
    assert run(WINDOW_WITHOUT_TORCH) == "[]"
