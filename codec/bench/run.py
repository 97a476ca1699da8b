"""A benchmark from beginning to end: clips, points, tables, page. Started again, it goes on where it was."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from codec import looks
from codec.bench.cache import BenchCache, Json, file_hash
from codec.bench.children import Children
from codec.bench.curves import Comparison, MeanRate, comparisons, mean_rate
from codec.bench.page import PageFacts, page
from codec.bench.plots import rate_plot
from codec.bench.points import Bench, ClipBench, Row
from codec.bench.request import BenchClip, BenchRequest, find_clips
from codec.bench.table import points_csv, rates_csv
from codec.context import QUIET, WorkContext
from codec.errors import Cancelled, SettingError, sentence_of
from codec.media.place import output_folder
from codec.metrics.kinds import METRICS
from codec.output import check_folder, write_text

_POLL_S = 0.2
CACHE = "cache"


@dataclass(slots=True)
class BenchReport:
    """What a benchmark measured so far. `absent` (its keys: metrics and files left out) and `failures` are
    sentences; `drawings` are SVG by clip."""

    page: Path
    rows: list[Row] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    absent: dict[str, None] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    drawings: dict[str, str] = field(default_factory=dict)


def _untold(*what: object) -> None:
    del what


def run_bench(
    folder: Path,
    out: Path,
    request: BenchRequest,
    context: WorkContext = QUIET,
    tell: Callable[[str], None] = _untold,
) -> BenchReport:
    """Benchmark the clips of `folder` into `out`: points.csv, bd_rates.csv, plots/, index.html, and the cache.

    Tables and page are written anew after every clip. `tell` gets a line for every point done, from any thread. A point
    or clip that fails is told in the report; the rest goes on. Raises SettingError for a folder without clips or an
    `out` that holds other files or is in use, OutputError for one that clips are read from, ModelError and RivalError
    for what is missing, Cancelled.
    """
    clips, passed_over = find_clips(folder, request)
    output_folder(out, SettingError)
    trunk_file = (request.vgg_trunk,) if request.vgg_trunk else ()
    check_folder(out, (*(clip.path for clip in clips), *trunk_file))
    if out.exists() and any(out.iterdir()) and not (out / CACHE).is_dir():
        raise SettingError(f"{out}: the folder holds other files; name an empty or a new one.")
    report = BenchReport(out / "index.html", absent=dict.fromkeys(passed_over))
    threads = max(1, (os.cpu_count() or 1) // request.jobs) if request.jobs > 1 else request.threads
    with BenchCache(out / CACHE) as cache, Children(threads) as children:
        asked = {
            "codecs": [choice.codec for choice in request.codecs],
            "weights": request.weights,
            "device": request.device,
            "precision": request.precision,
        }
        programs = children.run("describe", asked, _untold)
        trunk = file_hash(request.vgg_trunk) if request.vgg_trunk else ""
        bench = Bench(request, cache, children, programs, trunk, tell)
        _run_clips(bench, clips, report, context, lambda left: _write(out, report, bench, left))
    return report


def _run_clips(
    bench: Bench, clips: list[BenchClip], report: BenchReport, context: WorkContext, write: Callable[[int], None]
) -> None:
    progress = _Progress(clips)
    with ThreadPoolExecutor(bench.request.jobs, "bench") as pool:
        waiting = {pool.submit(_one_clip, bench, clip, progress): clip for clip in clips}
        try:
            while waiting:
                done, _ = wait(waiting, _POLL_S, FIRST_COMPLETED)
                context.check()
                context.report(*progress.state())
                for future in done:
                    _collect(future, waiting.pop(future), report)
                    write(len(waiting))
        except BaseException:
            bench.children.stop()
            for future in waiting:
                future.cancel()
            raise


def _one_clip(bench: Bench, clip: BenchClip, progress: "_Progress") -> tuple[list[Row], ClipBench]:
    work = ClipBench(bench, clip, lambda fraction, message: progress.report(clip, fraction, message))
    rows = work.rows()
    progress.report(clip, 1.0, clip.name)
    return rows, work


def _collect(future: "Future[tuple[list[Row], ClipBench]]", clip: BenchClip, report: BenchReport) -> None:
    try:
        rows, work = future.result()
    except Exception as error:
        sentence = None if isinstance(error, Cancelled) else sentence_of(error)
        if sentence is None:
            raise
        report.failures.append(f"{clip.name}: {sentence}")
        return
    report.rows += rows
    report.failures += work.failures
    report.absent |= dict.fromkeys(work.absent_metrics.values())


class _Progress:
    """How far all clips are together: a clip counts by its pixels."""

    def __init__(self, clips: list[BenchClip]) -> None:
        self._weights = {clip.path: clip.width * clip.height * clip.frame_count for clip in clips}
        self._done = dict.fromkeys(self._weights, 0.0)
        self._message = "clips"
        self._lock = threading.Lock()

    def report(self, clip: BenchClip, fraction: float, message: str) -> None:
        with self._lock:
            self._done[clip.path] = max(self._done[clip.path], fraction)
            self._message = message

    def state(self) -> tuple[float, str]:
        with self._lock:
            total = sum(self._weights.values())
            return sum(w * self._done[path] for path, w in self._weights.items()) / total, self._message


def _write(out: Path, report: BenchReport, bench: Bench, unfinished: int) -> None:
    request = bench.request
    metrics = [key for key in request.metrics if any(key in row.scores for row in report.rows)]
    report.comparisons = comparisons(report.rows, [choice.codec for choice in request.codecs], metrics, request.window)
    for clip in dict.fromkeys(row.clip for row in report.rows if row.clip not in report.drawings):
        shown = [key for key in metrics if any(key in row.scores for row in report.rows if row.clip == clip)]
        if shown:
            report.drawings[clip] = rate_plot(report.rows, clip, shown, request.window)
    facts = PageFacts(
        title="Seamscope benchmark",
        machine=bench.programs["machine"],
        model=", ".join(_model(bench.programs, choice.codec) for choice in request.codecs),
        metrics=metrics,
        absent=list(report.absent),
        failures=report.failures,
        window=request.window,
        unfinished=unfinished,
    )
    try:
        (out / "plots").mkdir(exist_ok=True)
        for clip, drawing in report.drawings.items():
            write_text(out / "plots" / f"{clip}.svg", drawing)
        write_text(out / "points.csv", points_csv(report.rows, request.metrics))
        write_text(out / "bd_rates.csv", rates_csv(report.comparisons))
        write_text(report.page, page(report.rows, report.comparisons, report.drawings, facts))
    except OSError as error:
        raise SettingError(f"{out}: the report cannot be written ({error.strerror or error}).") from error


def _percent(mean: MeanRate) -> str:
    return "none" if mean.percent is None else f"{mean.percent:+.1f} %"


def _model(programs: Json, codec: str) -> str:
    weights = programs[codec]["weights"]
    return f"{codec}: {weights} ({programs[codec]['model']})" if weights else codec


def summary(report: BenchReport, request: BenchRequest) -> list[str]:
    """Mean Bjøntegaard rates as lines of text, a line a metric."""
    lines: list[str] = []
    pairs = list(dict.fromkeys((c.codec, c.rival) for c in report.comparisons))
    for window in (None, request.window):
        part = f"{window[0]:g} to {window[1]:g} bpp" if window else "all rates"
        for metric in dict.fromkeys(c.metric for c in report.comparisons):
            means = ((pair, mean_rate(report.comparisons, *pair, metric, window)) for pair in pairs)
            told = "  ".join(
                f"{looks.name(own)} against {looks.name(rival)} {_percent(mean)} ({mean.count} of {mean.total})"
                for (own, rival), mean in means
            )
            lines.append(f"BD-rate, {part}, {METRICS[metric].label}: {told}")
    return lines
