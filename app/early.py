"""Before Qt is loaded: is there what a window needs? Qt itself would abort without a word a user understands."""

import ctypes
import os
import sys

_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
_XCB_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
}


def missing_for_a_window() -> str:
    """Empty, or one sentence that says what is missing and what to type."""
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    headless = platform.split(":")[0] in ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
    if not headless and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return "there is no display; use the commands encode, decode, info and compare, or set DISPLAY."
    wanted = dict(_LIBRARIES)
    if not headless and os.environ.get("DISPLAY"):
        wanted |= _XCB_LIBRARIES
    packages = [package for library, package in wanted.items() if not _loads(library)]
    if packages:
        return f"system libraries are missing; on Debian: sudo apt-get install {' '.join(packages)}"
    return ""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
