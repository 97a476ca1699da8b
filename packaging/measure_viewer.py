"""Measure the window with two 1920x1080 takes and print what it reaches beside the aim, as a Markdown table.

    python packaging/measure_viewer.py [--minutes 10] [--frames 48] [--size 1920x1080]

A clip and a HEVC take of it, both cached, played in a loop through the real window; then seeks, steps, flips, zooms and
drags, each timed from the key or the mouse to the picture on the screen; then scores entered with the charts open.
Without a display the window is drawn off screen, in software.
"""

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from codec.ffmpeg import ffmpeg_program

SAMPLE = Path(__file__).parents[1] / "resources" / "clips" / "big_buck_bunny.mp4"
DEADLINE_S = 300
Row = tuple[str, str, str]


def make_clip(folder: Path, size: str, frames: int) -> Path:
    """The sample, scaled and looped, at 60 frames a second, every frame a key frame."""
    path = folder / "clip.mp4"
    command = [ffmpeg_program(), "-v", "error", "-y", "-stream_loop", "-1", "-r", "60", "-i", str(SAMPLE)]
    options = ["-frames:v", str(frames), "-s", size, "-r", "60", "-c:v", "libx264", "-g", "12", "-crf", "18"]
    subprocess.run([*command, *options, str(path)], check=True)
    return path


class Driver:
    """The window and what a hand does with it."""

    def __init__(self, clip: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from app.state.session import Session
        from app.state.settings import settings_file
        from app.views.main_window import MainWindow
        from codec.rivals.settings import RivalCodec

        self.application = QApplication([])
        self.window = MainWindow(Session(settings_file()))
        self.window.resize(1600, 900)
        self.window.show()
        self.wait(lambda: self.window.charts is not None)
        self.window.engine.open(clip)
        self.wait(lambda: self.window.shown_set is not None and self.window.shown_set.complete)
        take = self.window.engine.encode_rival(RivalCodec.HEVC, 28)
        assert take is not None
        self.wait(lambda: len(self.window.shown_set.images) == 2 and self.window.shown_set.complete)
        self.wait(lambda: self.window.runner.active == 0)
        self.session = self.window.session
        self.frames = self.session.playback.frame_count

    def wait(self, condition: Callable[[], bool]) -> None:
        """Run the event loop until `condition`; stops the measurement when it never comes."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit("the window did not get there; nothing was measured")
            self.application.processEvents()
            time.sleep(0.0005)

    def run_for(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Run the event loop for a time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.application.processEvents()
            each()
            time.sleep(0.0005)

    def timed(self, act: Callable[[], None], done: Callable[[], bool]) -> float:
        """Milliseconds from `act` until `done` and painted."""
        began = time.perf_counter()
        act()
        while not done():
            self.application.processEvents()
        self.application.processEvents()
        return 1000 * (time.perf_counter() - began)

    def at(self, frame: int) -> bool:
        """True when all panes show `frame`."""
        shown = self.window.shown_set
        return shown is not None and shown.frame == frame and shown.complete


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def resident_bytes() -> int:
    """Resident memory of this process now."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024


def measure_playback(driver: Driver, minutes: float) -> list[Row]:
    """Play in a loop: frames shown a second, skipped ones, panes out of step, memory beside the cache's limit."""
    window, playback = driver.window, driver.session.playback
    window._trigger("play")
    driver.run_for(3 * driver.frames / 60)
    window._trigger("play")
    shown: list[float] = []
    peaks = [0]
    playback.frame_changed.connect(lambda _frame: shown.append(time.monotonic()))
    before = window.mismatches
    window._trigger("play")
    driver.run_for(60 * minutes, lambda: len(shown) % 60 or peaks.append(resident_bytes()))
    window._trigger("play")
    rate = (len(shown) - 1) / (shown[-1] - shown[0])
    limit = driver.session.settings.cache_limit_bytes
    return [
        (f"two cached takes, {minutes:g} minutes", f"{rate:.1f} fps shown of 60", "30 fps in software, 60 on a GPU"),
        ("panes out of step meanwhile", str(window.mismatches - before), "0"),
        (
            "resident memory, cache limit",
            f"{max(peaks) / 2**30:.2f} GiB, {limit / 2**30:.2f} GiB",
            "at most 1 GB above the limit",
        ),
    ]


def measure_answers(driver: Driver) -> list[Row]:
    """Seek, step and flip among cached frames, p95 in milliseconds."""
    window, playback = driver.window, driver.session.playback
    draw = random.Random(3)
    for frame in range(driver.frames):
        window.player.seek(frame)
        driver.wait(lambda f=frame: driver.at(f))
    seeks, steps, flips = [], [], []
    for _ in range(60):
        frame = draw.randrange(driver.frames)
        seeks.append(driver.timed(lambda f=frame: window.player.seek(f), lambda f=frame: driver.at(f)))
    window.player.seek(0)
    driver.wait(lambda: driver.at(0))
    for _ in range(driver.frames - 2):
        target = playback.frame + 1
        steps.append(driver.timed(lambda: window._trigger("step_forward"), lambda t=target: driver.at(t)))
        driver.run_for(0.05)
    takes = [take.id for take in driver.session.takes]
    for number in range(40):
        wanted = takes[number % 2]
        action = f"take_{number % 2 + 1}"

        def alone(wanted: int = wanted) -> bool:
            shown = window.shown_set
            return shown is not None and set(shown.images) == {wanted} and driver.at(playback.frame)

        flips.append(driver.timed(lambda a=action: window._trigger(a), alone))
        driver.run_for(0.05)
    window._trigger("all_panes")
    driver.wait(lambda: window.shown_set is not None and len(window.shown_set.images) == 2)
    return [
        ("cached seek, p95", f"{p95(seeks):.1f} ms", "33 ms"),
        ("cached step, p95", f"{p95(steps):.1f} ms", "16 ms"),
        ("cached flip, p95", f"{p95(flips):.1f} ms", "16 ms"),
    ]


def measure_view(driver: Driver) -> list[Row]:
    """Zoom by the wheel and pan by dragging over a pane, with everything repainted."""
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QMouseEvent, QWheelEvent

    application, window = driver.application, driver.window
    pane = next(iter(window.panes.values()))
    canvas = pane.canvas
    centre = QPointF(canvas.width() / 2, canvas.height() / 2)

    def wheel(turn: int) -> None:
        event = QWheelEvent(
            centre, canvas.mapToGlobal(centre), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        application.sendEvent(canvas, event)

    def mouse(kind: QMouseEvent.Type, place: QPointF) -> None:
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, place, canvas.mapToGlobal(place), button, button, Qt.KeyboardModifier.NoModifier)
        application.sendEvent(canvas, event)

    zooms = [driver.timed(lambda t=turn: wheel(t), lambda: True) for turn in [120] * 12 + [-120] * 6]
    mouse(QMouseEvent.Type.MouseButtonPress, centre)
    pans = []
    for number in range(40):
        place = centre + QPointF(3 * number, 2 * number)
        pans.append(driver.timed(lambda p=place: mouse(QMouseEvent.Type.MouseMove, p), lambda: True))
    mouse(QMouseEvent.Type.MouseButtonRelease, centre)
    window._trigger("zoom_fit")
    return [
        ("zoom, p95 an event", f"{p95(zooms):.1f} ms", "16 ms"),
        ("pan, p95 an event", f"{p95(pans):.1f} ms", "16 ms"),
    ]


def measure_charts(driver: Driver) -> list[Row]:
    """Entering one frame's scores with the charts open."""
    from app.state.scores import FrameMeasures

    scores = driver.session.scores
    take = list(driver.session.takes)[1]
    key = (take.id, "")
    times = []
    for index in range(driver.frames):
        measured = FrameMeasures(index, 30.0, 0.2, 0.01, 0.9, 0.5)
        began = time.perf_counter()
        scores.add(key, [measured])
        driver.application.processEvents()
        times.append(1000 * (time.perf_counter() - began))
    return [("chart append, median a frame", f"{statistics.median(times):.2f} ms", "2 ms")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--size", default="1920x1080")
    options = parser.parse_args()
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as name:
        for variable in ("CONFIG", "STATE", "CACHE"):
            os.environ[f"XDG_{variable}_HOME"] = str(Path(name) / variable.lower())
        driver = Driver(make_clip(Path(name), options.size, options.frames))
        rows = measure_answers(driver) + measure_view(driver) + measure_charts(driver)
        rows = measure_playback(driver, options.minutes) + rows
        driver.window.close()
        driver.application.processEvents()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {options.size}, "
          f"{os.environ.get('QT_QPA_PLATFORM', 'display')}\n")  # fmt: skip
    print("| what | measured | aim |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    sys.exit(main())
