"""What a user reads when work fails, and where the rest is written down."""

import traceback
from datetime import UTC, datetime
from pathlib import Path

from codec.errors import SeamscopeError, sentence_of
from codec.folders import state_folder

LOG_LIMIT_BYTES = 2**20


def log_file() -> Path:
    """Where what users are not told of a failure is written."""
    return state_folder() / "errors.log"


def sentence_for(error: BaseException) -> str:
    """The user's sentence: the error's own when it was meant for users, else a plain one, the trace in the log."""
    sentence = sentence_of(error)
    if isinstance(error, SeamscopeError):
        return str(error)
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = "w" if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES else "a"
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"--- {datetime.now(UTC).isoformat()}\n{''.join(traceback.format_exception(error))}\n")
    except OSError:
        return sentence or f"Something unforeseen went wrong ({type(error).__name__})."
    return sentence or f"Something unforeseen went wrong ({type(error).__name__}); details are in {path}."
