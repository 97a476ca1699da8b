"""The points of one clip: neural at every λ, rivals at quality steps that bracket its rates, all of them measured."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codec.bench.cache import BenchCache, Entry, Json, file_hash
from codec.bench.children import Children
from codec.bench.ladder import Ladder
from codec.bench.measure import absent
from codec.bench.request import START_STEPS, BenchClip, BenchRequest
from codec.bench.tasks import NEURAL
from codec.errors import SeamscopeError
from codec.metrics.kinds import METRICS
from codec.rivals.settings import RivalCodec


@dataclass(frozen=True, slots=True)
class Row:
    """One point: a codec's take of a clip and what was measured of it. Rates are of the file's bytes."""

    clip: str
    codec: str
    """"neural" or a RivalCodec's value."""
    knob: str
    """What set the rate: "λ", "crf" or "qp"."""
    value: float
    preset: str
    width: int
    height: int
    frame_count: int
    frame_rate: str
    size_bytes: int
    bpp: float
    kbps: float
    scores: dict[str, float]
    encode_fps: float
    decode_fps: float
    encode_memory_bytes: int
    decode_memory_bytes: int
    jobs: int
    """Clips that were worked on at once while this was timed."""
    take: str
    """Name of the file in the cache's folder of takes."""

    @property
    def setting(self) -> str:
        """Such as "λ 0.02", "crf 36", "qp 38"."""
        return f"{self.knob} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Bench:
    """What the points of all clips share. `tell` takes a line for the reader of a terminal."""

    request: BenchRequest
    cache: BenchCache
    children: Children
    programs: Json
    trunk_hash: str
    tell: Callable[[str], None]


class ClipBench:
    """Makes the points of one clip."""

    def __init__(self, bench: Bench, clip: BenchClip, progress: Callable[[float, str], None]) -> None:
        """`progress` gets a fraction of this clip's work and a phrase. Raises SettingError for an unreadable clip."""
        self._bench, self._clip, self._progress = bench, clip, progress
        self._missing = absent(bench.request.measuring(), clip.width, clip.height)
        self._metrics = [key for key in bench.request.metrics if key not in self._missing]
        self.failures: list[str] = []
        try:
            self._source = {"clip": file_hash(clip.path), "frames": clip.frame_count}
        except OSError as error:
            raise SeamscopeError(f"{clip.path}: the clip cannot be read ({error.strerror or error}).") from error
        self._done = 0
        self._steps = len(bench.request.lambdas) * (1 + len(bench.request.rivals)) * 2

    @property
    def absent_metrics(self) -> dict[str, str]:
        """Metrics that were asked for and cannot be had, with the reason."""
        return self._missing

    def rows(self) -> list[Row]:
        """All points. What fails is told in `failures`, and the rest goes on. Raises Cancelled."""
        rows = self._each(NEURAL, self._bench.request.lambdas, self._neural)
        rates = [row.bpp for row in rows]
        for codec in self._bench.request.rivals:
            if not rates:
                break
            rows += self._rival_rows(codec, rates)
        return rows

    def _each(self, codec: str, settings: Any, make: Callable[[Any], Row]) -> list[Row]:
        rows: list[Row] = []
        for setting in settings:
            try:
                rows.append(make(setting))
            except SeamscopeError as error:
                self.failures.append(f"{self._clip.name}, {codec}, {setting:g}: {error}")
        return rows

    def _rival_rows(self, codec: RivalCodec, rates: list[float]) -> list[Row]:
        best, worst = (round(bound) for bound in codec.quality_range)
        ladder = Ladder(lambda step: self._encode_rival(codec, step).result["bpp"], best, worst, START_STEPS[codec])
        try:
            steps = ladder.choose(rates)
        except SeamscopeError as error:
            self.failures.append(f"{self._clip.name}, {codec.value}: {error}")
            return []
        return self._each(codec.value, steps, lambda step: self._rival(codec, step))

    def _neural(self, lmbda: float) -> Row:
        request = self._bench.request
        what = {
            "stage": "encode", "codec": NEURAL, **self._source, "lambda": lmbda, "threads": request.threads,
            "program": self._bench.programs["neural"],
        }  # fmt: skip
        task = {
            "lmbda": lmbda, "device": request.device, "precision": request.precision, "threads": request.threads,
            "weights": request.weights,
        }  # fmt: skip
        entry = self._made(what, "encode-neural", task, f"neural λ {lmbda:g}", "gop")
        return self._row(entry, NEURAL, "λ", lmbda, "")

    def _rival(self, codec: RivalCodec, step: int) -> Row:
        knob = "qp" if codec is RivalCodec.VVC else "crf"
        preset = self._bench.request.preset_of(codec)
        return self._row(self._encode_rival(codec, step), codec.value, knob, step, preset)

    def _encode_rival(self, codec: RivalCodec, step: int) -> Entry:
        request = self._bench.request
        settings = {"quality": step, "preset": request.preset_of(codec), "threads": request.threads}
        what = {
            "stage": "encode", "codec": codec.value, **self._source, **settings,
            "program": self._bench.programs["rival"],
        }  # fmt: skip
        task = {"codec": codec.value, **settings}
        return self._made(what, "encode-rival", task, f"{codec.value} {step}", "mkv")

    def _made(self, what: Json, name: str, task: Json, label: str, suffix: str) -> Entry:
        bench = self._bench
        entry = bench.cache.load(what)
        if entry is None:
            folder = bench.cache.workplace()
            output = folder / f"take.{suffix}"
            source = {"clip": str(self._clip.path), "frames": self._clip.frame_count, "output": str(output)}
            result = bench.children.run(name, {**task, **source}, self._reporter(label))
            entry = bench.cache.store(what, {**result, "jobs": bench.request.jobs}, output)
            folder.rmdir()
            self._tell(f"{label}: {result['bpp']:.5f} bpp, encoded at {result['encode_fps']:.1f} fps")
        self._step()
        return entry

    def _row(self, entry: Entry, codec: str, knob: str, value: float, preset: str) -> Row:
        clip, made = self._clip, entry.result
        assert entry.take is not None
        measured = self._measured(entry.take, codec, f"{codec} {knob} {value:g}")
        return Row(
            clip=clip.name, codec=codec, knob=knob, value=value, preset=preset, width=clip.width, height=clip.height,
            frame_count=clip.frame_count, frame_rate=clip.frame_rate, size_bytes=made["size_bytes"], bpp=made["bpp"],
            kbps=made["kbps"], scores=measured["scores"], encode_fps=made["encode_fps"],
            decode_fps=measured["decode_fps"], encode_memory_bytes=made["encode_memory_bytes"],
            decode_memory_bytes=measured["decode_memory_bytes"], jobs=max(made["jobs"], measured["jobs"]),
            take=entry.take.name,
        )  # fmt: skip

    def _measured(self, take: Path, codec: str, label: str) -> Json:
        bench, clip = self._bench, self._clip
        request = bench.request
        uses_vgg = any(METRICS[key].needs_vgg for key in self._metrics)
        what = {
            "stage": "measure", **self._source, "take": file_hash(take), "metrics": self._metrics,
            "trunk": bench.trunk_hash if uses_vgg else "", "vgg_every": request.vgg_every if uses_vgg else 1,
            "threads": request.threads, "program": bench.programs["measure"],
            "decoder": bench.programs["neural" if codec == NEURAL else "rival"],
        }  # fmt: skip
        entry = bench.cache.load(what)
        if entry is None:
            folder = bench.cache.workplace()
            task = {
                "codec": codec, "take": str(take), "clip": str(clip.path), "frames": clip.frame_count,
                "width": clip.width, "height": clip.height, "frame_count": clip.frame_count,
                "metrics": self._metrics, "vgg_trunk": str(request.vgg_trunk) if uses_vgg else "",
                "vgg_every": request.vgg_every, "device": request.device, "precision": request.precision,
                "threads": request.threads, "work": str(folder),
            }  # fmt: skip
            result = bench.children.run("measure", task, self._reporter(f"{label}, measuring"))
            entry = bench.cache.store(what, {**result, "jobs": request.jobs})
            folder.rmdir()
            scores = ", ".join(
                f"{METRICS[key].label} {value:.{METRICS[key].digits}f}" for key, value in result["scores"].items()
            )
            self._tell(f"{label}: {scores}")
        self._step()
        return entry.result

    def _reporter(self, label: str) -> Callable[[float, str], None]:
        def report(fraction: float, message: str) -> None:
            del message
            self._progress(min(1.0, (self._done + fraction) / self._steps), f"{self._clip.path.stem} {label}")

        return report

    def _step(self) -> None:
        # Trials of a ladder are steps that were not counted on.
        self._done = min(self._done + 1, self._steps - 1)
        self._progress(self._done / self._steps, self._clip.path.stem)

    def _tell(self, line: str) -> None:
        self._bench.tell(f"{self._clip.path.stem}, {line}")
