"""The folder in which one running Seamscope keeps decoded pictures and encodes; gone when it ends.

It lies in the user's cache folder and not in the system's temporary one, which may be memory. What a crashed run left
behind is removed by the next one.
"""

import shutil
import tempfile
from pathlib import Path

from app.jobs.ownership import OwnedFolder, is_left_behind
from codec.folders import cache_folder

_PREFIX = "session-"


class Workspace:
    """A new, empty folder of this process; in the system's temporary folder where the cache cannot be written."""

    def __init__(self) -> None:
        self._owned: OwnedFolder | None = None
        parent = cache_folder()
        try:
            parent.mkdir(parents=True, exist_ok=True)
            _remove_left_behind(parent)
            self._owned = OwnedFolder(parent, _PREFIX)
            self._root = self._owned.path
        except OSError:
            self._root = Path(tempfile.mkdtemp(prefix="seamscope-"))
        self.path = self._made("takes")
        """Apart from the owner's lock: here lie takes and nothing else."""
        self.temporary = self._made("temporary")
        """What a worker process needs for a while: killed in the middle, it cannot tidy up behind itself."""

    def close(self) -> None:
        """Remove it with all it holds."""
        shutil.rmtree(self._root, ignore_errors=True)
        if self._owned is not None:
            self._owned.release()

    def _made(self, name: str) -> Path:
        folder = self._root / name
        folder.mkdir()
        return folder


def _remove_left_behind(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        if is_left_behind(folder):
            shutil.rmtree(folder, ignore_errors=True)
