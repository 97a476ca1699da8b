"""The errors a user can cause or meet. One sentence each: what failed, on which file, what to do.

They are raised deep inside and caught at two edges only: the command line and the job runner.
"""


class SeamscopeError(Exception):
    """Base of every error whose message is meant for the user; never shown with a traceback."""


class MediaError(SeamscopeError):
    """A clip cannot be opened, decoded or written."""


class StreamError(SeamscopeError):
    """A `.gop` stream is foreign, newer than this program, truncated or damaged."""


class ModelError(SeamscopeError):
    """Weights are missing, damaged, or not the ones a stream asks for; or the device cannot run them."""


class RivalError(SeamscopeError):
    """ffmpeg is missing, refused its input, or stopped half-way."""


class SettingError(SeamscopeError):
    """A value the user gave is outside its range (λ, CRF, frame range, ...)."""


class OutputError(SeamscopeError):
    """An output is a file that is being read, or would become one."""


class Cancelled(Exception):
    """Raised by `WorkContext.check` when the user cancelled. Not an error: nothing is shown for it."""


def sentence_of(error: BaseException) -> str | None:
    """What a user reads about an error: its own sentence when it was meant for users, a plain one for what disks,
    memory and numbers do to any program; None for what nobody foresaw."""
    if isinstance(error, SeamscopeError):
        return str(error)
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate memory" in str(error)):
        return "The memory of this machine is not enough for this; choose smaller pictures or fewer frames."
    if isinstance(error, UnicodeError):
        return f"A name or a text holds characters that cannot be written here ({getattr(error, 'reason', error)})."
    if isinstance(error, OverflowError):
        return f"A number of the clip or the stream is too large to be worked with ({error})."
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename is not None else ""
        return f"{name}the system refused ({error.strerror or error})."
    return None
