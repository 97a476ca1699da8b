"""Measure what the README states, on this machine, and print it as a Markdown table.

    python -m tests.proofs.measure [--seconds-of-video 60] [--skip-memory] [--skip-window]

Everything is measured through public doors: the engine's functions, the command line in a subprocess, the window. Runs
on an otherwise idle machine.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from codec import registry
from codec.api import CodecSettings
from codec.ffmpeg import ffmpeg_program
from codec.hybrid.settings import HybridSettings
from codec.media import open_clip
from codec.resources import sample_clips
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip
from codec.vae.settings import VaeSettings

SIZES = {"640x360": 73, "1280x720": 60}


def make_clip(folder: Path, size: str, frames: int) -> Path:
    """A moving, textured clip (the sample, scaled and looped)."""
    sample = sample_clips()[1]
    path = folder / f"{size}_{frames}.mp4"
    command = [ffmpeg_program(), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(sample), "-frames:v", str(frames)]
    subprocess.run([*command, "-s", size, "-c:v", "libx264", "-crf", "18", "-preset", "fast", str(path)], check=True)
    return path


def measure_codec(folder: Path, settings: CodecSettings) -> list[tuple[str, str]]:
    """Encode and decode speed at 640x360, everything included, and the time to the first decoded GoP."""
    path = make_clip(folder, "640x360", SIZES["640x360"])
    stream = folder / "m.gop"
    name = registry.codec_of(settings).id
    with open_clip(path) as clip:
        arguments = (clip, clip.timing, Fraction(1), stream)
        encode_clip(*arguments, settings)
        encodes, decodes, firsts = [], [], []
        for _ in range(3):
            began = time.perf_counter()
            encode_clip(*arguments, replace(settings, reconstruct=False))
            encodes.append(clip.frame_count / (time.perf_counter() - began))
            began = time.perf_counter()
            frames = sum(len(d.pictures) - (d.gop.index > 0) for d in decode_stream(stream))
            decodes.append(frames / (time.perf_counter() - began))
            first: list[float] = []
            began = time.perf_counter()
            encode_clip(*arguments, settings, on_gop=lambda _, into=first: into.append(time.perf_counter()))
            firsts.append(first[0] - began)
    return [
        (f"{name} encode, 640x360, everything", f"{statistics.median(encodes):.1f} fps"),
        (f"{name} decode, 640x360, everything", f"{statistics.median(decodes):.1f} fps"),
        (f"first decoded GoP of {name} after encode, warm", f"{statistics.median(firsts):.2f} s"),
    ]


WINDOW = """
import sys, time
began = float(sys.argv[1])
from pathlib import Path
from PySide6.QtWidgets import QApplication
from app.state.session import Session
from app.state.settings import settings_file
from app.views.main_window import MainWindow
application = QApplication([])
window = MainWindow(Session(settings_file()))
window.show()
application.processEvents()
print("window", time.time() - began, "torch" in sys.modules)
opened = time.time()
window.engine.open(Path(sys.argv[2]))
while window.shown_set is None or not window.shown_set.complete:
    application.processEvents()
print("frame", time.time() - opened)
def wait(condition, seconds):
    end, longest, last = time.time() + seconds, 0.0, time.time()
    while time.time() < end and not condition():
        application.processEvents()
        longest, last = max(longest, time.time() - last), time.time()
        time.sleep(0.001)
    return longest
from codec.rivals.settings import RivalCodec
from app.state.takes import Status
take = window.engine.encode_rival(RivalCodec.HEVC, 30)
wait(lambda: take.status is not Status.RUNNING, 120)
wait(lambda: window.runner.active == 0, 120)
window._refresh_all()
window.menus.trigger("play"); wait(lambda: False, 4); window.menus.trigger("play")
shown = []
window.session.playback.frame_changed.connect(lambda frame: shown.append(time.time()))
window.menus.trigger("play"); longest = wait(lambda: False, 6); window.menus.trigger("play")
print("play", (len(shown) - 1) / (shown[-1] - shown[0]), window.session.playback.skipped, window.mismatches, longest)
window.engine.encode_neural(0.16)
print("gap", wait(lambda: False, 5))
window.context.files.leaving.give_up()
window.close()
"""


def measure_window(folder: Path) -> list[tuple[str, str]]:
    """Start-up, first frame, paired playback, the longest event-loop gap while encoding."""
    clip = make_clip(folder, "1280x720", SIZES["1280x720"])
    thirty = folder / "thirty.mp4"
    command = [ffmpeg_program(), "-v", "error", "-y", "-r", "30", "-i", str(clip), "-c:v", "libx264", "-crf", "18"]
    subprocess.run([*command, "-r", "30", str(thirty)], check=True)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config")}
    if not environment.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-c", WINDOW, str(time.time()), str(thirty)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    found = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    if "gap" not in found:
        raise SystemExit(done.stderr)
    play = found["play"]
    return [
        ("window up after start", f"{float(found['window'][0]):.2f} s (torch imported: {found['window'][1]})"),
        ("first frame after opening, 1280x720", f"{float(found['frame'][0]):.2f} s"),
        (
            "two cached 1280x720 panes of a 30 fps clip",
            f"{float(play[0]):.1f} fps shown, {play[1]} skipped, {play[2]} pairs out of step",
        ),
        ("longest event-loop gap, playing / encoding", f"{float(play[3]):.3f} / {float(found['gap'][0]):.3f} s"),
    ]


def measure_memory(folder: Path, seconds: int) -> list[tuple[str, str]]:
    """Peak resident memory of encoding a long 1280x720 clip from the command line."""
    clip = make_clip(folder, "1280x720", 25 * seconds)
    command = [sys.executable, "-m", "codec.cli", "encode", str(clip), "-o", str(folder / "l.gop"), "--lambda", "0.16"]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    spent = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return [(f"peak memory, {seconds} s of 1280x720", f"{peak:.2f} GiB ({25 * seconds / spent:.1f} fps encode)")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds-of-video", type=int, default=60)
    parser.add_argument("--skip-memory", action="store_true")
    parser.add_argument("--skip-window", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [] if options.skip_window else measure_window(folder)
        rows += measure_codec(folder, HybridSettings(0.16))
        rows += measure_codec(folder, VaeSettings(0.1, device="cpu"))
        if not options.skip_memory:
            rows += measure_memory(folder, options.seconds_of_video)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| what | measured |\n|---|---|")
    for what, value in rows:
        print(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
