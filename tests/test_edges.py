"""What the system, the terminal or the input refuses at the command line's edge ends in one sentence; signals end the
work cleanly."""

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from app.exports.charts import ChartData, export_charts
from app.jobs.copying import copy_whole
from app.jobs.failures import sentence_for
from codec import cli
from codec.container.stream import read_info
from codec.context import QUIET
from codec.errors import MediaError
from codec.media import open_clip
from codec.media.picture import Colour, Picture, Timing
from codec.media.writer import LosslessWriter, write_png
from codec.output import write_text
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, encode
from tests.conftest import make_clip

GOLDEN = Path(__file__).parent / "golden" / "chained.gop"


def seamscope(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


@contextlib.contextmanager
def full_disk(size: int) -> Iterator[None]:
    """A disk that takes so many bytes of a file and no more. Not a fixture: it must end before the test does, since the
    test's result may be written to a file that is longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noise(width: int, height: int, number: int) -> Picture:
    luma = np.random.default_rng(number).integers(16, 235, (height, width), np.uint8)
    grey = np.full((height // 2, width // 2), 128, np.uint8)
    return Picture(luma, grey, grey, Colour())


def counted(count: int, rate: Fraction = Fraction(25)) -> Timing:
    return Timing(tuple(range(count)), 1 / rate, rate, float(count / rate))


def test_a_full_disk_is_one_sentence_and_leaves_nothing(small_clip: Path, tmp_path: Path) -> None:
    target, big = tmp_path / "out", tmp_path / "big"
    target.mkdir()
    big.write_bytes(bytes(100_000))
    (target / "kept.csv").write_text("before")
    picture = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    data = ChartData("t", (), (), tuple(float(i) for i in range(5000)))

    def video() -> None:
        with LosslessWriter(target / "v.mkv", 320, 240, Colour(), counted(9)) as writer:
            for number in range(9):
                writer.write(noise(320, 240, number))

    def rival() -> None:
        with open_clip(small_clip) as clip:
            encode(clip, clip.timing, RivalSettings(RivalCodec.HEVC, ConstantQuality(0)), target / "r.mkv")

    for work in (
        video,
        rival,
        lambda: write_png(target / "p.png", picture),
        lambda: export_charts(QUIET, data, target / "kept.csv"),
        lambda: write_text(target / "w.txt", "x" * 20_000),
        lambda: copy_whole(big, target / "c.gop"),
    ):
        with full_disk(9000), pytest.raises(Exception) as failed:
            work()
        sentence = sentence_for(failed.value)
        assert "unforeseen" not in sentence and "\n" not in sentence
        assert [f.name for f in target.iterdir()] == ["kept.csv"], sentence
    assert (target / "kept.csv").read_text() == "before"


def test_a_disk_that_also_refuses_to_clean_up_does_not_hide_the_first_error(
    small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise OSError(30, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    with full_disk(3000):
        with pytest.raises(MediaError, match=r"v\.mkv: the file cannot be written \(File too large\)"):  # noqa: SIM117
            with LosslessWriter(tmp_path / "v.mkv", 320, 240, Colour(), counted(9)) as writer:
                for number in range(9):
                    writer.write(noise(320, 240, number))
        with open_clip(small_clip) as clip, pytest.raises(Exception, match="ffmpeg stopped"):
            encode(clip, clip.timing, RivalSettings(RivalCodec.HEVC, ConstantQuality(0)), tmp_path / "r.mkv")


def test_folders_for_files_files_for_folders_and_places_that_refuse(
    small_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(small_clip, folder)
    common = ("--lambda", "0.2")
    for arguments, reason in (
        (("compare", small_clip, *common, "--report", file), "a folder is needed here"),
        (("compare", small_clip, *common, "--report", file / "below"), "cannot be written"),
        (("compare", small_clip, *common, "--report", "/proc/seamscope"), "cannot be written"),
        (("bench", folder, "--out", file), "a folder is needed here"),
        (("bench", file, "--out", tmp_path / "b"), "cannot be read"),
        (("overlap", small_clip, "--lambdas", "0.2", "--out", file), "a folder is needed here"),
        (("encode", small_clip, *common, "-o", folder), "this is a folder"),
        (("encode", small_clip, *common, "-o", file / "x.gop"), "cannot be written"),
        (("decode", GOLDEN, "-o", folder), "this is a folder"),
        (("info", folder), "this is a folder"),
    ):
        assert cli.main([str(a) for a in arguments]) == 1, arguments
        told = capsys.readouterr().err.strip()
        assert reason in told and "\n" not in told, told
    assert file.read_text() == "mine"


def test_memory_and_numbers_that_run_out_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, words in (
        (MemoryError(), "memory of this machine is not enough"),
        (OverflowError("int too large"), "too large"),
        (OSError(5, "Input/output error", "/x"), "/x: the system refused"),
        ("\udcff".encode, "characters that cannot be written"),
    ):

        def work(*_: object, error: object = error) -> None:
            if isinstance(error, Exception):
                raise error
            error()  # type: ignore[operator]

        monkeypatch.setattr("codec.container.stream.read_info", work)
        assert cli.main(["info", str(GOLDEN)]) == 1
        told = capsys.readouterr().err
        assert words in told and told.count("\n") == 1


def test_a_stream_of_300_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    sparse = Path(shutil.copy(GOLDEN, tmp_path / "big.gop"))
    os.truncate(sparse, 300 * 2**30)
    began = time.monotonic()
    told = seamscope("info", sparse)
    assert told.returncode == 1 and "bytes are more than 29 frames of 90x58 can take" in told.stderr
    assert time.monotonic() - began < 60
    # What a little garbage behind a stream does is not worse than it was.
    os.truncate(sparse, GOLDEN.stat().st_size + 5000)
    assert read_info(sparse).gop_bytes == read_info(GOLDEN).gop_bytes


def test_a_terminal_that_cannot_say_everything_gets_escapes(tmp_path: Path) -> None:
    told = seamscope("info", GOLDEN, PYTHONIOENCODING="latin-1")
    assert told.returncode == 0 and "\\u03bb 0.2999" in told.stdout
    told = seamscope("encode", "--help", PYTHONIOENCODING="ascii")
    assert told.returncode == 0
    odd = tmp_path / "\udcff.gop"
    shutil.copy(GOLDEN, odd)
    told = seamscope("info", odd)
    assert told.returncode == 0 and "\\xff.gop" in told.stdout


@pytest.mark.parametrize("rate", ["1000000:1", "1:1000000", "2147483647:1", "1:2147483647", "2147483647:2147483646"])
@pytest.mark.parametrize("aspect", ["1:1", "1:2147483647", "2147483647:1"])
def test_extreme_rates_and_aspects_are_written_or_refused_in_a_sentence(tmp_path: Path, rate: str, aspect: str) -> None:
    clip = tmp_path / "c.y4m"
    frame = b"FRAME\n" + bytes(range(64)) * 24
    clip.write_bytes(f"YUV4MPEG2 W32 H32 F{rate} Ip A{aspect} C420jpeg\n".encode() + 3 * frame)
    with open_clip(clip) as opened:
        info = opened.info
        for timing in (opened.timing, counted(3, Fraction(2**32 - 1)), counted(3, Fraction(1, 2**32 - 1))):
            try:
                with LosslessWriter(tmp_path / "v.mkv", 32, 32, info.colour, timing, info.sample_aspect) as writer:
                    for picture in opened.pictures(0, 3):
                        writer.write(picture)
            except MediaError as error:
                assert "cannot be written" in str(error)
    assert not list(tmp_path.glob(".*"))


def test_compare_goes_on_without_a_rival_that_refuses_and_after_an_interrupt(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # SVT-AV1 takes neither less than 64 pixels a side nor more than 240 frames a second.
    clip = make_clip(clips / "fast.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="48x48", frames=3, rate="300")
    folder = tmp_path / "report"
    command = [
        "compare",
        str(clip),
        "--lambda",
        "0.1",
        "--against",
        "av1,hevc",
        "--preset",
        "",
        "--report",
        str(folder),
    ]

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("codec.report.compare.encode_clip", interrupted)
        assert cli.main(command) == 130
    assert json.loads((folder / "summary.json").read_text())["finished"] is False
    # Killed even earlier, between making the mark and filling it.
    (folder / "summary.json").write_text("")
    capsys.readouterr()
    assert cli.main(command) == 1
    told = capsys.readouterr().err.strip()
    reason = "The maximum allowed frame rate is 240 fps"
    assert f"{folder / 'index.html'} is written" in told and reason in told and "\n" not in told
    summary = json.loads((folder / "summary.json").read_text())
    assert [take["codec"] for take in summary["takes"]] == ["hybrid", "hevc"]
    assert summary["finished"] is True and len(summary["failures"]) == 1
    page = (folder / "index.html").read_text()
    assert reason in page and "HEVC (x265)" in page
    assert not [f.name for f in folder.rglob(".*")]


GONE = ("", "Z", "X")
"""States of a process that is no more: not there, or dead and not yet asked for."""


def state_of(number: int) -> str:
    """The state of a process as the system has it; "" where there is none."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def children_of_session(leader: int) -> list[int]:
    """Processes in a session or below one of its processes."""
    parents = {}
    sessions = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)], sessions[int(entry.name)] = int(fields[1]), int(fields[3])
    found = {number for number, session in sessions.items() if session == leader}
    while more := {number for number, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


_WORK = """
import signal
import sys
from pathlib import Path
from codec import cli
from codec.errors import SettingError
from codec.media import open_clip
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, encode

def work(arguments, context):
    with open_clip(arguments.stream) as clip:
        settings = RivalSettings(RivalCodec.HEVC, ConstantQuality(10), "placebo")
        encode(clip, clip.timing, settings, Path(sys.argv[2]), context)
    return "done"

# Whoever runs the tests in the background may have had them ignored.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
cli._info = work
sys.exit(cli.main(["info", sys.argv[1]]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_encoder_and_removes_its_files(clips: Path, tmp_path: Path, number: int) -> None:
    clip = clips / "long.mkv"
    if not clip.exists():
        make_clip(clip, "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="640x360", frames=60)
    command = [sys.executable, "-c", _WORK, str(clip), str(tmp_path / "r.mkv")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, text=True)
    try:
        deadline = time.monotonic() + 60
        encoders: list[int] = []
        while not encoders and time.monotonic() < deadline:
            time.sleep(0.02)
            encoders = [child for child in children_of_session(process.pid) if child != process.pid]
        assert encoders
        # In the middle of its work, not of its start.
        time.sleep(1)
        assert list(tmp_path.glob(".*.part*"))
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert told.strip() == "seamscope: interrupted"
        assert list(tmp_path.iterdir()) == []
        # Whoever inherits a dead process may leave it lying for long: only its number is left of it then.
        while [child for child in encoders if state_of(child) not in GONE] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not [child for child in encoders if state_of(child) not in GONE]
    finally:
        # A test that fails leaves no encoder running either.
        for left in children_of_session(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        process.wait()


def test_a_window_told_to_end_keeps_what_is_open_and_leaves_nothing_else(small_clip: Path, tmp_path: Path) -> None:
    clip = shutil.copy(small_clip, tmp_path / "clip.mp4")
    place = {"relative": "", "absolute": str(clip), "content": ""}
    project = tmp_path / "p.seamscope"
    project.write_text(json.dumps({"seamscope": 1, "clip": place, "stop": 20, "notes": "flickers"}))
    process = subprocess.Popen([sys.executable, "-m", "app", str(project)], start_new_session=True)
    try:
        settings, deadline = tmp_path / "config" / "seamscope" / "settings.json", time.monotonic() + 90
        while not (settings.exists() and "p.seamscope" in settings.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list((tmp_path / "cache" / "seamscope").glob("session-*"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert not list((tmp_path / "cache" / "seamscope").glob("session-*"))
    (kept,) = (tmp_path / "state" / "seamscope" / "autosave").glob("*/autosave.seamscope")
    assert json.loads(kept.read_text())["notes"] == "flickers"
    # What ended with the window may take a moment to be gone.
    deadline = time.monotonic() + 10
    while (left := children_of_session(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    assert not list(tmp_path.rglob("*.part"))
