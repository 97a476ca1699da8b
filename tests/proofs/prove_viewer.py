"""Slow proofs about the window: panes in step, memory within bounds. Prints a Markdown table, fails out of bounds.

    python -m tests.proofs.prove_viewer sync [--minutes 10] [--size 1920x1080] [--fps 60] [--frames 240]
    python -m tests.proofs.prove_viewer memory [--seconds 60] [--cache-mib 256]

`sync`: two takes of a clip whose pictures carry their number are played, sought, flipped, laid out anew and slowed down
at random, while AV1 encodes run beside them; at every change the number in every pane is read, and now and then the
number that was really painted. `memory`: a 1280x720 clip of so many seconds is encoded by the neural codec and by HEVC
and played, with a small picture cache; the window's resident memory is watched.

Both want a display (Xvfb will do) and an otherwise idle machine.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from codec.ffmpeg import ffmpeg_program
from codec.resources import sample_clips
from codec.rivals.settings import RivalCodec
from tests.proofs.measure_viewer import Probe

BARS = 10
ROOM_BYTES = 2**30
"""What the window may hold beside its picture cache."""
CHANGES = (
    "layout_row", "layout_split", "layout_grid", "layout_column", "take_1", "take_2", "all_panes", "blink", "swap",
    "difference", "faster", "slower", "normal_speed",
)  # fmt: skip


def ffmpeg(*options: str) -> None:
    """Run ffmpeg. Raises CalledProcessError."""
    subprocess.run([ffmpeg_program(), "-v", "error", "-y", *options], check=True)


def numbered_clip(target: Path, size: tuple[int, int], fps: int, frames: int) -> None:
    """Bars in the upper third of every picture are its number in binary, the lowest bit on the left."""
    width = size[0] // BARS
    bars = [
        f"drawbox=x={width * bit}:y=0:w={width}:h=ih/3:t=fill:color=white:enable='gt(bitand(n,{1 << bit}),0)'"
        for bit in range(BARS)
    ]
    black = "drawbox=x=0:y=0:w=iw:h=ih/3:t=fill:color=black"
    source = f"testsrc2=size={size[0]}x{size[1]}:rate={fps}"
    ffmpeg(
        *("-f", "lavfi", "-i", source, "-frames:v", str(frames), "-vf", ",".join((black, *bars))),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-g", "30", "-pix_fmt", "yuv420p", str(target)),
    )


def number_of(luma_at, width: float, height: float) -> int:
    """The number in a picture of a size whose brightness at (x, y) `luma_at` tells, 0 to 255."""
    return sum((luma_at(width * (bit + 0.5) / BARS, height / 6) > 120) << bit for bit in range(BARS))


def numbers_held(probe: Probe) -> list[int]:
    """What every pane that can be seen and shows no difference holds."""
    found = []
    for pane in probe.window.panes.values():
        content = pane.canvas.content
        shown = (content.shown, content.right_shown) if content.split else (content.shown,)
        for each in shown if not pane.isHidden() and content.scale is None else ():
            if each is not None:
                y = each.picture.y
                found.append(number_of(lambda column, row, y=y: y[int(row), int(column)], y.shape[1], y.shape[0]))
    return found


def numbers_painted(probe: Probe) -> list[int]:
    """What is read off the pixels of every such pane, unless it is split."""
    found = []
    for pane in probe.window.panes.values():
        canvas = pane.canvas
        if pane.isHidden() or canvas.content.scale is not None or canvas.content.split or canvas.content.shown is None:
            continue
        image, target = canvas.grab().toImage(), canvas.place().target
        ratio = image.devicePixelRatio()

        def luma(x: float, y: float, image=image, target=target, ratio=ratio) -> int:
            return image.pixelColor(int((target.left() + x) * ratio), int((target.top() + y) * ratio)).green()

        found.append(number_of(luma, target.width(), target.height()))
    return found


def resident_bytes(pid: int | str = "self") -> int:
    """Resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


class Resident:
    """Resident memory over time, and what the window says it holds itself."""

    def __init__(self, window, every_s: float = 15.0) -> None:
        self._window, self._every_s, self._next_s = window, every_s, time.monotonic()
        self._began_s = self._next_s
        self.peak = 0
        self._points: list[tuple[float, int, int]] = []

    def look(self) -> None:
        """Called as often as may be."""
        held = resident_bytes()
        self.peak = max(self.peak, held)
        now = time.monotonic()
        if now >= self._next_s:
            self._next_s = now + self._every_s
            presenter = self._window.presenter
            pictures = presenter.cache.held_bytes + presenter.images.held_bytes
            self._points.append((now - self._began_s, held, pictures))

    @property
    def text(self) -> str:
        """ "15 s 900 (600), ...": MiB resident, of these pictures and images."""
        return ", ".join(f"{at:.0f} s {held / 2**20:.0f} ({own / 2**20:.0f})" for at, held, own in self._points)


def sync(folder: Path, options: argparse.Namespace) -> tuple[list[tuple[str, str]], bool]:
    """Rows of the table, and whether all is well."""
    width, height = (int(side) for side in options.size.split("x"))
    clip = folder / "numbered.mp4"
    numbered_clip(clip, (width, height), options.fps, options.frames)
    probe = Probe(clip, (1920, 1000), scored=False)
    window, playback, draw = probe.window, probe.window.session.playback, random.Random(7)
    read, wrong, painted, resident = [0], [0], [0], Resident(window)

    def check() -> None:
        # A set is shown as a whole: all panes hold the same number, and it is the set's.
        numbers = numbers_held(probe)
        made = window.shown_set
        read[0] += len(numbers)
        wrong[0] += sum(made is None or number != made.frame for number in numbers)
        resident.look()

    window.stage.set_shown.connect(lambda _made: check())
    for frame in range(options.frames):
        probe.timed(lambda frame=frame: playback.seek(frame), lambda frame=frame: probe.shows(frame))
    fps, skipped = probe.playing(10.0)
    encoding = None
    end = time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        if not playback.playing:
            window.menus.trigger("play")
        if encoding is None or encoding.finished:
            take = window.engine.encode_rival(RivalCodec.AV1, draw.choice((30, 40, 50)))
            assert take is not None, "no take was begun"
            # Two takes are enough to look at: the third is hidden while it is made, and goes when it is done.
            window.session.takes.set_visible(take, False)
            encoding = _Encoding(window, take)
        window.menus.trigger(draw.choice(CHANGES))
        if draw.random() < 0.5:
            playback.seek(draw.randrange(options.frames), window.player.now_s())
        probe.wait(lambda: False, draw.choice((0.0, 0.05, 0.3, 1.0)))
        numbers, made = numbers_painted(probe), window.shown_set
        painted[0] += len(numbers)
        wrong[0] += sum(made is None or number != made.frame for number in numbers)
    if encoding is not None:
        window.engine.remove(encoding.take)
    bound = window.presenter.cache.limit_bytes + ROOM_BYTES
    rows = [
        ("drawn by", "OpenGL" if window.presenter.planes_only else "the painter"),
        (f"two cached {width}x{height} takes of a {options.fps} fps clip", f"{fps:.1f} fps shown, {skipped} skipped"),
        ("minutes of random looking", f"{options.minutes:g}"),
        ("numbers read in panes / off painted pixels", f"{read[0]} / {painted[0]}"),
        ("pictures of another frame", str(wrong[0])),
        ("panes out of step", str(window.mismatches)),
        ("largest resident memory, bound", f"{resident.peak / 2**20:.0f} of {bound / 2**20:.0f} MiB"),
        ("resident MiB over time (of these pictures and images)", resident.text),
    ]
    well = wrong[0] == 0 and window.mismatches == 0 and read[0] > 0 and painted[0] > 0 and resident.peak <= bound
    window.context.files.leaving.give_up()
    window.close()
    return rows, well


class _Encoding:
    """A take in the making, which is taken off the list when it is done."""

    def __init__(self, window, take) -> None:
        self._window, self.take = window, take

    @property
    def finished(self) -> bool:
        from app.state.takes import Status

        if self.take.status is Status.RUNNING:
            return False
        self._window.engine.remove(self.take)
        return True


def memory(folder: Path, options: argparse.Namespace) -> tuple[list[tuple[str, str]], bool]:
    """Rows of the table, and whether all is well."""
    from app.state.takes import Status

    sample = sample_clips()[1]
    clip = folder / "long.mp4"
    ffmpeg(
        *("-stream_loop", "-1", "-i", str(sample), "-t", str(options.seconds), "-an", "-vf", "scale=1280:720"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", str(clip)),
    )
    settings = folder / "seamscope" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(f'{{"cache_bytes": {options.cache_mib * 2**20}}}', encoding="utf-8")
    probe = Probe(clip, (1920, 1000), scored=False)
    window, playback = probe.window, probe.window.session.playback
    peak, workers, gap, last = [0], [0], [0.0], [time.monotonic()]

    def watch() -> None:
        now = time.monotonic()
        gap[0], last[0] = max(gap[0], now - last[0]), now
        peak[0] = max(peak[0], resident_bytes())
        workers[0] = max(workers[0], sum(resident_bytes(pid) for pid in _children()))

    began = time.monotonic()
    take = window.engine.encode_neural(0.16)
    assert take is not None, "no take was begun"
    window.menus.trigger("play")
    probe.wait(lambda: watch() or take.status is not Status.RUNNING, 3600)
    encoded_s = time.monotonic() - began
    # The whole clip goes through the cache once, in the order a user drags.
    for frame in range(0, playback.frame_count, 3):
        playback.seek(frame, window.player.now_s())
        probe.wait(lambda: watch() is not None, 0.03)
    bound = window.presenter.cache.limit_bytes + ROOM_BYTES
    rows = [
        ("clip", f"1280x720, {playback.frame_count} frames"),
        ("hybrid take", f"{take.status.name.lower()} after {encoded_s:.0f} s {take.error}"),
        ("largest resident memory of the window, bound", f"{peak[0] / 2**20:.0f} of {bound / 2**20:.0f} MiB"),
        (
            "picture cache at the end, limit",
            f"{window.presenter.cache.held_bytes / 2**20:.0f} of {options.cache_mib} MiB",
        ),
        ("largest memory of its worker processes together", f"{workers[0] / 2**20:.0f} MiB"),
        ("longest gap between events", f"{1000 * gap[0]:.0f} ms"),
    ]
    well = peak[0] <= bound and take.status is Status.READY
    window.context.files.leaving.give_up()
    window.close()
    return rows, well


def _children() -> list[int]:
    import multiprocessing

    return [child.pid for child in multiprocessing.active_children() if child.pid is not None]


def main() -> int:
    """Run a proof and print it; 1 when it fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(required=True)
    chosen = kinds.add_parser("sync")
    chosen.set_defaults(prove=sync)
    chosen.add_argument("--minutes", type=float, default=10.0)
    chosen.add_argument("--size", default="1920x1080", help="of the clip")
    chosen.add_argument("--fps", type=int, default=60)
    chosen.add_argument("--frames", type=int, default=240, help="at most 1024")
    chosen = kinds.add_parser("memory")
    chosen.set_defaults(prove=memory)
    chosen.add_argument("--seconds", type=float, default=60.0, help="of clip")
    chosen.add_argument("--cache-mib", type=int, default=256)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        rows, well = options.prove(Path(folder), options)
    print("| what | measured |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    print("\nall within bounds" if well else "\nOUT OF BOUNDS")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
