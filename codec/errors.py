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
