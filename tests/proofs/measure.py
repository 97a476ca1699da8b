"""Measure what the README states, on this machine, and print it as a Markdown table.

    python -m tests.proofs.measure [--seconds-of-video 60] [--skip-memory] [--skip-window]

Everything is measured through public doors: the engine's functions, the command line in a subprocess, the window. Runs
on an otherwise idle machine; the networks' share of the time is printed beside the whole.
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

import torch
from torch import Tensor

from codec.container.header import lambda_code
from codec.ffmpeg import ffmpeg_program
from codec.hybrid import networks
from codec.hybrid.corrections import decode_trees_between, encode_trees_between
from codec.hybrid.latents import CodedLatent
from codec.hybrid.model import store
from codec.hybrid.model.scales import LEVEL_FRACTION
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion import coding
from codec.hybrid.networks import AnchorState, CodedAnchors
from codec.hybrid.pictures import Rgb, planes_of, rgb_of
from codec.hybrid.settings import HybridSettings
from codec.hybrid.shape import GopShape
from codec.media import Picture, open_clip
from codec.resources import sample_clips
from codec.stream.decoder import decode_stream
from codec.stream.encoder import encode_clip

SIZES = {"640x360": 73, "1280x720": 60}


def make_clip(folder: Path, size: str, frames: int) -> Path:
    """A moving, textured clip (the sample, scaled and looped)."""
    sample = sample_clips()[1]
    path = folder / f"{size}_{frames}.mp4"
    command = [ffmpeg_program(), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(sample), "-frames:v", str(frames)]
    subprocess.run([*command, "-s", size, "-c:v", "libx264", "-crf", "18", "-preset", "fast", str(path)], check=True)
    return path


def measure_codec(folder: Path, precision: str) -> list[tuple[str, str]]:
    """Encode and decode speed at 640x360, everything included, and the time to the first decoded GoP."""
    path = make_clip(folder, "640x360", SIZES["640x360"])
    stream = folder / "m.gop"
    rows = []
    settings = HybridSettings(0.16, precision=precision)
    with open_clip(path) as clip:
        arguments = (clip, clip.timing, Fraction(1), stream)
        encode_clip(*arguments, settings)
        encodes, decodes, firsts = [], [], []
        for _ in range(3):
            began = time.perf_counter()
            encode_clip(*arguments, replace(settings, reconstruct=False))
            encodes.append(clip.frame_count / (time.perf_counter() - began))
            began = time.perf_counter()
            frames = sum(len(d.pictures) - (d.gop.index > 0) for d in decode_stream(stream, precision=precision))
            decodes.append(frames / (time.perf_counter() - began))
            first: list[float] = []
            began = time.perf_counter()
            encode_clip(*arguments, settings, on_gop=lambda _, into=first: into.append(time.perf_counter()))
            firsts.append(first[0] - began)
        pictures = list(clip.pictures(0, 17))
    model = store.named_model("", torch.device("cpu"), precision)
    torch.set_num_threads(os.cpu_count() or 1)
    analysis, synthesis = networks_alone(model, pictures)
    bits = str(model.number_type).removeprefix("torch.")
    rows.append((f"neural encode, 640x360, everything, {bits}", f"{statistics.median(encodes):.1f} fps"))
    rows.append((f"neural decode, 640x360, everything, {bits}", f"{statistics.median(decodes):.1f} fps"))
    rows.append(
        (f"networks, trees alone (encoder's / decoder's), {bits}", f"{8 / analysis:.1f} / {8 / synthesis:.1f} fps")
    )
    rows.append((f"first decoded GoP after encode, warm model, {bits}", f"{statistics.median(firsts):.2f} s"))
    return rows


def networks_alone(model: CodecModel, pictures: list[Picture]) -> tuple[float, float]:
    """Seconds that one chained GoP of the 17 `pictures` spends in what an encoder and what a decoder runs on tensors,
    trees included: an encoder decodes its anchors too. Motion is found before."""
    code, colour = lambda_code(0.16), pictures[0].colour
    sources = [[planes_of(picture)] for picture in (pictures[8], pictures[16])]
    shapes = [
        GopShape(9, pictures[0].width, pictures[0].height, chained=chained, entry=False) for chained in (False, True)
    ]
    rgb, motion = [rgb_of(part) for part in (pictures[:9], pictures[8:])], []
    wanted = [networks.wanted_textures(part, shape, model.device) for part, shape in zip(rgb, shapes, strict=True)]
    for shape, part in zip(shapes, (pictures[:9], pictures[8:]), strict=True):
        _, vectors = coding.encode([picture.y for picture in part], None, shape.motion, code / LEVEL_FRACTION)
        motion.append(networks.decoded_motion(vectors, shape))

    def anchors_of(k: int, before: AnchorState | None, keys: list[Rgb]) -> CodedAnchors:
        return networks.encode_anchors(
            model, rgb[k], sources[k], wanted[k], motion[k], shapes[k], code, before, keys, colour
        )

    before = anchors_of(0, None, [rgb[0][0]]).state
    planes, corrections = [planes_of(picture) for picture in pictures[9:16]], []

    def encode() -> tuple[Tensor, CodedAnchors, list[CodedLatent]]:
        anchors = anchors_of(1, before, [])
        known = networks.known_between(model, anchors.pictures[0], anchors.pictures[-1], [motion[1]])
        corrections.append(encode_trees_between(model, planes, known[0], code, colour).data)
        inner = [rgb[1][1:-1]]
        return known, anchors, networks.encode_between(model, inner, known, shapes[1], code, anchors.state.memory)

    _, coded, between = encode()

    def decode() -> None:
        memories = [each.memory for each in coded.latents]
        trees = [each.data for each in coded.trees]
        anchors = networks.decode_anchors(
            model, lambda i, *_: memories[i], trees, coded.textures, motion[1], shapes[1], code, before, [], colour
        ).pictures
        known = networks.known_between(model, anchors[0], anchors[-1], [motion[1]])
        height, width = planes[0].y.shape
        decode_trees_between(model, corrections[-1], known[0], (height, width), code, colour)
        networks.decode_between(model, [each.memory.y_hat for each in between], known, code)

    return best_of(encode), best_of(decode)


def best_of(work, runs: int = 5) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


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
        rows += measure_codec(folder, "auto") + measure_codec(folder, "full")
        if not options.skip_memory:
            rows += measure_memory(folder, options.seconds_of_video)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| what | measured |\n|---|---|")
    for what, value in rows:
        print(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
