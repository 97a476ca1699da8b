"""The one place that runs the ffmpeg program: pictures in by a pipe, progress, cancel, one sentence when it fails."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from codec.context import WorkContext
from codec.errors import RivalError
from codec.media.place import PROTOCOL, ffmpeg_name
from codec.output import WholeFile

OVERRIDE = "SEAMSCOPE_FFMPEG"
_POLL_S = 0.03
_STDERR_LINES = 40
# How encoders and ffmpeg begin a line: "Svt[error]: ", "x265 [error]: ", "[libx265 @ 0x5581] ".
_PREFIX = re.compile(r"^(?:\w*\s?\[(?:error|fatal)\]:?\s*|\[[^\]]* @ 0x[0-9a-f]+\]\s*)+", re.IGNORECASE)
_CHATTER = re.compile(r"\[(?:info|warn|warning|debug)\]", re.IGNORECASE)
_OWN = re.compile(r"\[(?:error|fatal)\]", re.IGNORECASE)


def ffmpeg_program() -> str:
    """Path of the ffmpeg program: $SEAMSCOPE_FFMPEG, else the one installed with Seamscope. Raises RivalError."""
    override = os.environ.get(OVERRIDE)
    if override:
        if not Path(override).is_file():
            raise RivalError(f"{override}: no ffmpeg program here; correct or clear {OVERRIDE}.")
        return override
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise RivalError(f"No ffmpeg program was found; reinstall Seamscope or set {OVERRIDE}.") from error


def reason_of(lines: Iterable[str]) -> str:
    """Why ffmpeg failed, out of what it wrote to its standard error: an encoder's own first error if it told one, else
    the first line that is no chatter. What follows only says which part of ffmpeg heard of it."""
    told = [line.strip() for line in lines if line.strip() and not _CHATTER.search(line)]
    first = next((line for line in told if _OWN.search(line)), told[0] if told else "no message")
    return _PREFIX.sub("", first).rstrip(".")[:300] or first[:300]


def set_display_aspect(path: Path, aspect: Fraction) -> None:
    """Rewrite a Matroska file, packets untouched, with a display aspect ratio. Raises OSError."""
    shape = f"{aspect.numerator}:{aspect.denominator}"
    # The file is its own input: it is replaced when it has been copied.
    with WholeFile(path, (), suffix=".mkv") as changed:
        command = [
            ffmpeg_program(), "-v", "error", "-y", "-protocol_whitelist", PROTOCOL, "-i", ffmpeg_name(path),
            "-c", "copy", "-aspect", shape, ffmpeg_name(changed),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            reason = reason_of(done.stderr.decode("utf-8", "replace").splitlines())
            raise OSError(f"ffmpeg stopped with exit code {done.returncode}: {reason}")


def run_with_pictures(
    command: tuple[str, ...], pictures: Iterator[bytes], count: int, context: WorkContext, label: str
) -> None:
    """Run `command`, feeding `count` raw pictures to its standard input; reports and checks `context`.

    On cancel or failure the process and its children are gone when this returns. Raises RivalError, Cancelled, and
    whatever `pictures` raises.
    """
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        raise RivalError(f"{command[0]}: ffmpeg cannot be started ({error.strerror or error}).") from error
    feeder = _Feeder(process, pictures)
    errors: deque[str] = deque(maxlen=_STDERR_LINES)
    progress = _Progress(process, errors)
    try:
        while process.poll() is None:
            context.check()
            context.report(min(0.99, progress.frames / count), f"{label}: frame {progress.frames} of {count}")
            if feeder.failure is not None:
                break
            try:
                process.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                continue
    finally:
        kill(process)
        feeder.join()
        progress.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
    if feeder.failure is not None:
        raise feeder.failure
    if process.returncode != 0:
        raise RivalError(f"{label}: ffmpeg stopped with exit code {process.returncode} ({reason_of(errors)}).")


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process started in its own session, with all its children; harmless when it has ended."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


class _Feeder(threading.Thread):
    """Writes pictures to the process; a closed pipe is ffmpeg's business, any other failure is kept."""

    def __init__(self, process: subprocess.Popen[bytes], pictures: Iterator[bytes]) -> None:
        super().__init__(name="ffmpeg-feeder", daemon=True)
        self._process, self._pictures = process, pictures
        self.failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            for picture in self._pictures:
                pipe.write(picture)
            pipe.close()
        except (BrokenPipeError, ConnectionResetError):
            return
        except ValueError:
            # The pipe was closed under us: the run was cancelled.
            return
        except BaseException as error:
            self.failure = error


class _Progress:
    """Reads `-progress pipe:1` and the last lines of stderr."""

    def __init__(self, process: subprocess.Popen[bytes], errors: deque[str]) -> None:
        self.frames = 0
        self._process, self._errors = process, errors
        self._threads = [
            threading.Thread(target=self._read_progress, name="ffmpeg-progress", daemon=True),
            threading.Thread(target=self._read_errors, name="ffmpeg-errors", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read_progress(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(b"frame=") and line[6:].strip().isdigit():
                self.frames = int(line[6:])

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line.decode("utf-8", "replace"))

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
