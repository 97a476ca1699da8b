"""The points of one clip: our codecs at every λ, rivals at quality steps that bracket their rates, all measured."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codec.bench.cache import BenchCache, Entry, Json, file_hash
from codec.bench.children import Children
from codec.bench.ladder import Ladder
from codec.bench.measure import absent
from codec.bench.request import START_STEPS, BenchClip, BenchRequest
from codec.bench.spool import colour_values
from codec.choosing import Choice
from codec.errors import SeamscopeError
from codec.metrics.kinds import METRICS
from codec.rivals.settings import RivalCodec

_TOGETHER = 6
"""Takes that are measured by one process: their decoded pictures are on disk at the same time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One point: a codec's take of a clip and what was measured of it. Rates are of the
    whole `.gop` file, of rivals of their coded frames without a container."""

    clip: str
    codec: str
    """The id of one of our codecs, or a RivalCodec's value."""
    knob: str
    """What set the rate: "λ", "crf" or "qp"."""
    value: float
    preset: str
    width: int
    height: int
    frame_count: int
    frame_rate: str
    size_bytes: int
    """What the rates are of."""
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


@dataclass(frozen=True, slots=True)
class _Made:
    """A take and how it was encoded."""

    codec: str
    knob: str
    value: float
    preset: str
    entry: Entry
    take: Path
    decoder: str = "auto"
    """Of our own codecs, one of DECODERS."""

    @property
    def label(self) -> str:
        return f"{self.codec} {self.knob} {self.value:g}"


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
        own = sum(len(bench.request.lambdas_of(choice)) for choice in bench.request.codecs)
        self._steps = own * (1 + len(bench.request.rivals)) * 2

    @property
    def absent_metrics(self) -> dict[str, str]:
        """Metrics that were asked for and cannot be had, with the reason."""
        return self._missing

    def rows(self) -> list[Row]:
        """All points. What fails is told in `failures`, and the rest goes on. Raises Cancelled."""
        rows: list[Row] = []
        for choice in self._bench.request.codecs:
            lambdas = self._bench.request.lambdas_of(choice)
            decoder = choice.settings(lambdas[0]).decoder if lambdas else "auto"
            rows += self._points(choice.codec, "λ", lambdas, partial(self._encode_own, choice), decoder=decoder)
        rates = [row.bpp for row in rows]
        for codec in self._bench.request.rivals:
            if not rates:
                break
            rows += self._rival_rows(codec, rates)
        return rows

    def _rival_rows(self, codec: RivalCodec, rates: list[float]) -> list[Row]:
        best, worst = (round(bound) for bound in codec.quality_range)
        ladder = Ladder(lambda step: self._encode_rival(codec, step).result["bpp"], best, worst, START_STEPS[codec])
        try:
            steps = ladder.choose(rates)
        except SeamscopeError as error:
            self.failures.append(f"{self._clip.name}, {codec.value}: {error}")
            return []
        knob = "qp" if codec is RivalCodec.VVC else "crf"
        preset = self._bench.request.preset_of(codec)
        return self._points(codec.value, knob, steps, lambda step: self._encode_rival(codec, round(step)), preset)

    def _points(
        self,
        codec: str,
        knob: str,
        settings: Sequence[float],
        encode: Callable[[float], Entry],
        preset: str = "",
        decoder: str = "auto",
    ) -> list[Row]:
        """One codec's points: every take is encoded, then all are measured."""
        made: list[_Made] = []
        for value in settings:
            try:
                entry = encode(value)
                assert entry.take is not None
                made.append(_Made(codec, knob, value, preset, entry, entry.take, decoder))
            except SeamscopeError as error:
                self._fail(codec, value, error)
        rows: list[Row] = []
        for first in range(0, len(made), _TOGETHER):
            some = made[first : first + _TOGETHER]
            rows += [
                self._row(one, result)
                for one, result in zip(some, self._measured(some), strict=True)
                if result is not None
            ]
        return rows

    def _fail(self, codec: str, value: float, error: SeamscopeError) -> None:
        self.failures.append(f"{self._clip.name}, {codec}, {value:g}: {error}")

    def _encode_own(self, choice: Choice, lmbda: float) -> Entry:
        request, options = self._bench.request, dict(choice.options)
        what = {
            "stage": "encode", "codec": choice.codec, **self._source, "lambda": lmbda, "options": options,
            "threads": request.threads, "program": self._bench.programs[choice.codec],
        }  # fmt: skip
        task = {
            "codec": choice.codec, "options": options, "lmbda": lmbda, "device": request.device,
            "precision": request.precision, "threads": request.threads, "weights": request.weights,
        }  # fmt: skip
        return self._encoded(what, "encode-own", task, f"{choice.codec} λ {lmbda:g}", "gop")

    def _encode_rival(self, codec: RivalCodec, step: int) -> Entry:
        request = self._bench.request
        settings = {"quality": step, "preset": request.preset_of(codec), "threads": request.threads}
        what = {
            "stage": "encode", "codec": codec.value, **self._source, **settings,
            "program": self._bench.programs["rival"],
        }  # fmt: skip
        task = {"codec": codec.value, **settings}
        return self._encoded(what, "encode-rival", task, f"{codec.value} {step}", "mkv")

    def _encoded(self, what: Json, name: str, task: Json, label: str, suffix: str) -> Entry:
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

    def _row(self, one: _Made, measured: Json) -> Row:
        clip, made = self._clip, one.entry.result
        return Row(
            clip=clip.name, codec=one.codec, knob=one.knob, value=one.value, preset=one.preset, width=clip.width,
            height=clip.height, frame_count=clip.frame_count, frame_rate=clip.frame_rate,
            size_bytes=made["size_bytes"], bpp=made["bpp"], kbps=made["kbps"], scores=measured["scores"],
            encode_fps=made["encode_fps"], decode_fps=measured["decode_fps"],
            encode_memory_bytes=made["encode_memory_bytes"], decode_memory_bytes=measured["decode_memory_bytes"],
            jobs=max(made["jobs"], measured["jobs"]), take=one.take.name,
        )  # fmt: skip

    def _measured(self, made: Sequence[_Made]) -> list[Json | None]:
        """What was measured of each take, now or earlier; None for one that failed."""
        cache = self._bench.cache
        whats = [self._measuring(one) for one in made]
        found = [cache.load(what) for what in whats]
        missing = [number for number, entry in enumerate(found) if entry is None]
        folder = cache.workplace()
        try:
            decoded = {n: result for n in missing if (result := self._decoded(made[n], folder / str(n))) is not None}
            scores = self._scores([made[n] for n in decoded], list(decoded.values()), folder) if decoded else []
        finally:
            # The pictures of a group that was not measured are many.
            shutil.rmtree(folder, ignore_errors=True)
        for number, values in zip(decoded, scores, strict=False):
            decode = {key: decoded[number][key] for key in ("decode_fps", "decode_memory_bytes")}
            result = {"scores": values, **decode, "jobs": self._bench.request.jobs}
            found[number] = cache.store(whats[number], result)
            told = ", ".join(f"{METRICS[k].label} {value:.{METRICS[k].digits}f}" for k, value in values.items())
            self._tell(f"{made[number].label}: {told}")
        for _ in made:
            self._step()
        return [entry.result if entry is not None else None for entry in found]

    def _decoded(self, one: _Made, output: Path) -> Json | None:
        clip, request = self._clip, self._bench.request
        task = {
            "codec": one.codec, "own": one.knob == "λ", "take": str(one.take), "width": clip.width,
            "height": clip.height, "frame_count": clip.frame_count, "device": request.device,
            "precision": request.precision, "threads": request.threads, "output": str(output),
            "decoder": one.decoder, **colour_values(clip.colour),
        }  # fmt: skip
        try:
            return self._bench.children.run("decode", task, self._reporter(f"{one.label}, decoding", share=0.0))
        except SeamscopeError as error:
            self._fail(one.codec, one.value, error)
            return None

    def _scores(self, made: Sequence[_Made], decoded: Sequence[Json], folder: Path) -> list[Json]:
        """Each take's means; none when the measuring fails."""
        clip, request = self._clip, self._bench.request
        task = {
            "takes": [result["pictures"] for result in decoded], "clip": str(clip.path), "frames": clip.frame_count,
            "metrics": self._metrics, "vgg_trunk": str(request.vgg_trunk) if self._uses_vgg else "",
            "vgg_every": request.vgg_every, "device": request.device, "work": str(folder),
        }  # fmt: skip
        try:
            reporter = self._reporter(f"{made[0].codec}, measuring", share=len(made))
            return self._bench.children.run("measure", task, reporter)["scores"]
        except SeamscopeError as error:
            for one in made:
                self._fail(one.codec, one.value, error)
            return []

    def _measuring(self, one: _Made) -> Json:
        """All that decides what is measured of a take."""
        bench = self._bench
        return {
            "stage": "measure", **self._source, "take": file_hash(one.take), "metrics": self._metrics,
            "trunk": bench.trunk_hash if self._uses_vgg else "",
            "vgg_every": bench.request.vgg_every if self._uses_vgg else 1,
            "threads": bench.request.threads, "program": bench.programs["measure"], "autoencoder": one.decoder,
            "decoder": bench.programs.get(one.codec, bench.programs["rival"]),
        }  # fmt: skip

    @property
    def _uses_vgg(self) -> bool:
        return any(METRICS[key].needs_vgg for key in self._metrics)

    def _reporter(self, label: str, share: float = 1.0) -> Callable[[float, str], None]:
        """`share`: how many steps the work is."""

        def report(fraction: float, message: str) -> None:
            del message
            self._progress(min(1.0, (self._done + share * fraction) / self._steps), f"{self._clip.path.stem} {label}")

        return report

    def _step(self) -> None:
        # Trials of a ladder are steps that were not counted on.
        self._done = min(self._done + 1, self._steps - 1)
        self._progress(self._done / self._steps, self._clip.path.stem)

    def _tell(self, line: str) -> None:
        self._bench.tell(f"{self._clip.path.stem}, {line}")
