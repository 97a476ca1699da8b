"""Measure how the window keeps up: playing, stepping, seeking, flipping, zooming, charts. Prints a Markdown table.

    python packaging/measure_viewer.py [CLIP] [--seconds 10] [--size 1920x1000]

Two takes side by side (the clip and a HEVC encode of it), all pictures cached first. A step, seek or flip is timed
from the call until the set is on the screen; a zoom or pan until it is painted; a chart append from one frame's scores
being entered until all charts are redrawn. Run it on an otherwise idle machine, with a display;
SEAMSCOPE_RENDERER=opengl or software chooses who draws.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

RUNS = 60


class Probe:
    """A window over two takes, driven from here."""

    def __init__(self, clip: Path, size: tuple[int, int], *, scored: bool = True) -> None:
        """`scored`: wait until all frames of both are measured too."""
        from PySide6.QtWidgets import QApplication

        from app.state.session import Session
        from app.state.settings import settings_file
        from app.state.takes import Status
        from app.views.main_window import MainWindow
        from codec.rivals.settings import RivalCodec

        self._application = QApplication([])
        self.window = MainWindow(Session(settings_file()))
        self.window.resize(*size)
        self.window.show()
        self.wait(lambda: self.window.charts is not None, 60)
        self.window.engine.open(clip)
        self.wait(lambda: self.window.shown_set is not None and self.window.shown_set.complete, 60)
        take = self.window.engine.encode_rival(RivalCodec.HEVC, 30)
        self.wait(lambda: take is not None and take.status is not Status.RUNNING, 600)
        if scored:
            self.wait(lambda: self.window.runner.active == 0, 3600)
        self.window._refresh_all()

    def wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Process events until something is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not condition():
            self._application.processEvents()
            time.sleep(0.001)

    def playing(self, seconds: float) -> tuple[float, int]:
        """Frames shown a second, and frames skipped."""
        shown: list[float] = []

        def note(_frame: int) -> None:
            shown.append(time.monotonic())

        self.window.menus.trigger("play")
        self.wait(lambda: False, 1.0)
        before = self.window.session.playback.skipped
        self.window.session.playback.frame_changed.connect(note)
        self.wait(lambda: False, seconds)
        self.window.session.playback.frame_changed.disconnect(note)
        skipped = self.window.session.playback.skipped - before
        self.window.menus.trigger("play")
        return (len(shown) - 1) / (shown[-1] - shown[0]), skipped

    def timed(self, act: Callable[[], None], done: Callable[[], bool]) -> float:
        """Milliseconds from a call to its being painted."""
        began = time.perf_counter()
        act()
        while not done():
            self._application.processEvents()
        self._application.processEvents()
        taken = 1000 * (time.perf_counter() - began)
        self.wait(lambda: False, 0.03)
        return taken

    def appends(self) -> list[float]:
        """Milliseconds to enter one frame's scores and draw all curves anew, all charts shown."""
        from app.state.scores import FrameMeasures
        from app.views.charts.charts import Charts

        charts, session = self.window.charts, self.window.session
        assert isinstance(charts, Charts)
        for toggle in charts.toggles.values():
            toggle.setChecked(True)
        key, times = session.score_key(list(session.takes)[-1]), []
        for index in range(session.playback.frame_count):
            measures = FrameMeasures(index, 30.0 + index % 3, 0.1, 0.01, 0.9, 0.2)
            began = time.perf_counter()
            session.scores.add(key, [measures])
            charts.redraw()
            times.append(1000 * (time.perf_counter() - began))
            self.wait(lambda: False, 0.01)
        return times

    def shows(self, frame: int) -> bool:
        """The frame is on the screen."""
        made = self.window.shown_set
        return made is not None and made.frame == frame and made.arrangement == self.window.presenter.arrangement()


def p95(times: list[float]) -> str:
    """Median and 95th percentile as text."""
    return f"{statistics.median(times):.1f} / {sorted(times)[int(0.95 * len(times))]:.1f} ms"


def measure(probe: Probe, seconds: float) -> list[tuple[str, str]]:
    """All rows of the table."""
    window, draw = probe.window, random.Random(1)
    playback, view = window.session.playback, window.session.view
    count = playback.frame_count
    # Once through, so that every picture is in the cache.
    for frame in range(count):
        probe.timed(lambda frame=frame: playback.seek(frame), lambda frame=frame: probe.shows(frame))
    rows = []
    for name in ("two panes", "two panes, one a difference"):
        if name != "two panes":
            window.menus.trigger("difference")
        fps, skipped = probe.playing(seconds)
        rows.append((f"playing {name}", f"{fps:.1f} frames a second, {skipped} skipped"))
    window.menus.trigger("difference")
    for name, targets in (
        ("cached step", [(playback.frame + i) % count for i in range(1, RUNS)]),
        ("cached seek", [draw.randrange(count) for _ in range(RUNS)]),
    ):
        times = [probe.timed(lambda f=f: playback.seek(f), lambda f=f: probe.shows(f)) for f in targets]
        rows.append((f"{name}, median / p95", p95(times)))
    frame = playback.frame
    flips = [
        probe.timed(lambda n=n: window.menus.trigger(f"take_{1 + n % 2}"), lambda: probe.shows(frame))
        for n in range(RUNS)
    ]
    rows.append(("flip between takes, median / p95", p95(flips)))
    window.menus.trigger("all_panes")
    place = next(iter(window.panes.values())).canvas.place()
    zooms = [
        probe.timed(lambda: view.zoom_at(1.02, (300.0, 200.0), place.picture, place.pane), lambda: True)
        for _ in range(RUNS)
    ]
    rows.append(("zoom, median / p95", p95(zooms)))
    pans = [
        probe.timed(lambda n=n: view.pan((3.0 if n < RUNS / 2 else -3.0, 1.0), place.picture, place.pane), lambda: True)
        for n in range(RUNS)
    ]
    rows.append(("pan, median / p95", p95(pans)))
    rows.append(("chart append, median / p95", p95(probe.appends())))
    rows.append(("panes out of step", str(window.mismatches)))
    rows.append(("memory in the picture cache", f"{window.presenter.cache.held_bytes / 2**20:.0f} MiB"))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sample = Path(__file__).parents[1] / "resources" / "clips" / "big_buck_bunny.mp4"
    parser.add_argument("clip", nargs="?", type=Path, default=sample)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--size", default="1920x1000", help="of the window")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        probe = Probe(options.clip, (width, height))
        rows = measure(probe, options.seconds)
        info = probe.window.session.clip.info if probe.window.session.clip is not None else None
        planes = probe.window.presenter.planes_only
        probe.window.context.files.leaving.give_up()
        probe.window.close()
    if info is not None:
        print(f"{info.width}x{info.height}, drawn by {'OpenGL' if planes else 'the painter'}\n")
    print("| what | measured |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
