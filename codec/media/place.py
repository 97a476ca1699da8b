"""The one way from a path that a user, a project or a stream names to what opens it: libavformat, ffmpeg, or Python.

A name is never syntax. libavformat takes "take:2.mkv" for an address of the protocol "take" and a leading dash for an
option, and asked for a playlist it opens whatever the playlist names. So only regular files are opened (reading a pipe
or a device may never end), by absolute path behind "file:", with no protocol but that one and no demuxer that goes on
to other files.
"""

import os
import re
import stat
from functools import cache
from pathlib import Path

import av
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError
from av.format import ContainerFormat

from codec.errors import MediaError, SeamscopeError

PROTOCOL = "file"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_ELSEWHERE = frozenset(
    {
        "alsa", "avisynth", "bluray", "concat", "dash", "decklink", "dshow", "dvdvideo", "fbdev", "gdigrab", "hls",
        "iec61883", "imf", "image2", "image2pipe", "jack", "kmsgrab", "lavfi", "libcdio", "libdc1394", "openal", "oss",
        "pulse", "rtp", "rtsp", "sap", "sdp", "sndio", "v4l2", "vapoursynth", "vfwcap", "video4linux2", "vobsub",
        "webm_dash_manifest", "x11grab", "xcbgrab",
    }
)  # fmt: skip
"""Demuxers that open other files, addresses or devices than the file they are given, or run a script."""


def regular_file(path: Path, error: type[SeamscopeError] = MediaError, what: str = "file") -> Path:
    """`path`, when it leads to a regular file that may be read. Raises `error` in one sentence that names `what` was
    looked for."""
    mode = _mode(path, error, what)
    if not stat.S_ISREG(mode):
        raise error(f"{path}: the {what} cannot be read: this is {_kind(mode)}, and only regular files are opened.")
    if not os.access(path, os.R_OK):
        raise error(f"{path}: the file may not be read (permission denied).")
    return path


def output_file(path: Path, error: type[SeamscopeError] = MediaError, what: str = "file") -> Path:
    """`path`, when a file can be put there: its folder can be written, and nothing but a regular file stands there.
    Raises `error` in one sentence that names `what` was to be written, before any work is done for it."""

    def refused(reason: str) -> SeamscopeError:
        return error(f"{path}: the {what} cannot be written: {reason}.")

    try:
        if not path.parent.is_dir():
            raise refused("the folder does not exist")
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG
    except (OSError, ValueError) as problem:
        raise refused(_reason(problem)) from problem
    if not stat.S_ISREG(mode):
        raise refused(f"this is {_kind(mode)}")
    if not os.access(path.parent, os.W_OK):
        raise refused("its folder is read-only")
    return path


def output_folder(path: Path, error: type[SeamscopeError] = MediaError) -> Path:
    """`path`, when it is a folder or nothing yet. Raises `error` in one sentence."""
    try:
        taken = path.exists() and not path.is_dir()
    except (OSError, ValueError) as problem:
        raise error(f"{path}: the folder cannot be written: {_reason(problem)}.") from problem
    if taken:
        raise error(f"{path}: a folder is needed here, and this is a file.")
    return path


def ffmpeg_name(path: Path) -> str:
    """A file's name for libavformat or the ffmpeg program, whatever characters are in it."""
    return f"{PROTOCOL}:{path.absolute()}"


def shell_word(path: Path) -> str:
    """A path as a command line takes it: never an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def open_input(path: Path, format_name: str | None = None, options: dict[str, str] | None = None) -> InputContainer:
    """Open a regular file with libavformat, which opens nothing besides. Raises MediaError in one sentence."""
    regular_file(path)
    safe = {"protocol_whitelist": PROTOCOL, "format_whitelist": _formats(), **(options or {})}
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path}: the file is empty.")
        try:
            return av.open(ffmpeg_name(path), format=format_name, options=safe, metadata_errors="replace")
        except ArgumentError:
            return _open_image(path)
    except FileNotFoundError as error:
        raise MediaError(f"{path}: there is no such file.") from error
    except PermissionError as error:
        raise MediaError(f"{path}: the file may not be read (permission denied).") from error
    except (OSError, FFmpegError, ValueError) as error:
        raise MediaError(f"{path}: this is not a video file that can be read, or it is damaged.") from error


def _open_image(path: Path) -> InputContainer:
    """A file whose name alone makes libavformat ask for image2, which takes a name with % for other files'."""
    options = {"protocol_whitelist": PROTOCOL, "pattern_type": "none"}
    refusal = MediaError(f"{path}: this is a playlist or the like, which names other files; open these instead.")
    try:
        found = av.open(ffmpeg_name(path), format="image2", options=options, metadata_errors="replace")
    except (OSError, FFmpegError, ValueError) as error:
        raise refusal from error
    if any(stream.codec_context is not None for stream in found.streams.video):
        return found
    found.close()
    raise refusal


@cache
def _formats() -> str:
    """Every demuxer there is but those that go on to other places."""
    names: list[str] = []
    for name in sorted(av.formats_available):
        try:
            names.append(ContainerFormat(name, "r").name)
        except ValueError:
            continue
    return ",".join(name for name in dict.fromkeys(names) if _ELSEWHERE.isdisjoint(name.split(",")))


def _mode(path: Path, error: type[SeamscopeError], what: str) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as problem:
        if _ADDRESS.match(str(path)):
            raise error(f"{path}: there is no such {what}, and addresses and protocols are not opened.") from problem
        raise error(f"{path}: there is no such {what}.") from problem
    except (OSError, ValueError) as problem:
        raise error(f"{path}: the {what} cannot be read ({_reason(problem)}).") from problem


def _kind(mode: int) -> str:
    return next((name for test, name in _KINDS if test(mode)), "no file")


def _reason(problem: Exception) -> str:
    return (getattr(problem, "strerror", None) or str(problem)).lower()
