"""OpenCV, loaded under a lock.

While it is being imported, OpenCV puts its own folder first in the module path. A process that `multiprocessing` starts
at that moment inherits the path, takes OpenCV's `typing` for Python's and does not come up: hold LOADING when starting
one from a program that may be loading OpenCV in another thread.
"""

import threading
from types import ModuleType

LOADING = threading.Lock()


def load() -> ModuleType:
    """The module `cv2`."""
    with LOADING:
        import cv2
    return cv2
