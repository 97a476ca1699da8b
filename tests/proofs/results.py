"""Writes docs/results.md, and the table of README.md, from what measuring commands wrote:

    python -m tests.proofs.results [--into FOLDER]

Reads docs/measured.toml, which names those files, and the files. No figure of either page is typed by hand; a test
compares the pages with what this makes of the files. `--into` writes both pages there instead of in their places.
"""

import argparse
import csv
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

from codec.metrics.bjontegaard import NotComparable, RatePoint, bd_rate

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BEGIN, END = "<!-- written by tests/proofs/results.py -->", "<!-- end of what it writes -->"
"""Around the README's table."""
_CODECS = {"hybrid": "`hybrid`", "vae fast": "`vae`"}
"""As the file of rates names the codecs, and as the pages do."""
_RIVALS = ("x265 medium", "VVenC medium")
_FOLDER = "eval"
"""Of the clips that the file of rates has: those that nothing was chosen on last."""
_WINDOW = (0.004, 0.03)
"""Low rates, in bits a pixel of the rival."""
_IN_README = ("hybrid encode", "hybrid decode", "vae encode", "vae decode", "first decoded GoP of vae")
"""Beginnings of what the README has of the speeds."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of the rates."""

    column: str
    title: str
    higher_is_better: bool
    digits: int


METRICS = (
    Metric("lpips", "LPIPS (AlexNet)", False, 3),
    Metric("lpips_vgg", "LPIPS (VGG)", False, 3),
    Metric("dists", "DISTS", False, 3),
    Metric("psnr", "PSNR, dB", True, 2),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A measuring command's output, as measured.toml has it."""

    file: str
    command: str
    program: str = ""
    date: str = ""
    machine: str = ""
    note: str = ""

    @property
    def path(self) -> Path:
        return DOCS / self.file

    @property
    def is_there(self) -> bool:
        return self.path.is_file()

    def about(self, unit: str) -> list[str]:
        """The lines above a table: source, unit, command, version."""
        named = {"Date": self.date, "Machine": self.machine, "Note": self.note}
        lines = [
            f"- Source: [{self.file}]({self.file})", f"- Unit: {unit}", f"- Command: `{self.command}`",
            f"- Program: {self.program}",
        ]  # fmt: skip
        return [*lines, *(f"- {name}: {text}" for name, text in named.items() if text), ""]

    def missing(self) -> list[str]:
        """What stands in the place of a table that nobody has measured yet."""
        return [
            f"Not measured with this version yet. `{self.command}` does it; its output belongs into `{self.file}`.",
            "",
        ]


Row = dict[str, str]


def rows_of(source: Source) -> list[Row]:
    """The lines of a CSV file."""
    with source.path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown and the empty line after it."""
    rule = "|".join(["---", *["---:"] * (len(head) - 1)])
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(line)} |" for line in lines), ""]


def percent(value: float | None) -> str:
    """A change of rate; a dash where there is none."""
    return "–" if value is None else f"{value:+.1f} %"


class Rates:
    """The points of one codec's rate curves and of the rivals'."""

    def __init__(self, rows: list[Row], codec: str) -> None:
        own = [row for row in rows if row["folder"] == _FOLDER]
        tested = {row["clip"] for row in own if row["codec"] == codec}
        self._rows, self._codec = [row for row in own if row["clip"] in tested], codec
        self.clips = sorted(tested)
        self.knobs = sorted({float(row["setting"]) for row in self._rows if row["codec"] == codec})

    def points(self, clip: str, codec: str, metric: Metric) -> list[RatePoint]:
        """A curve, in order of rates."""
        own = [row for row in self._rows if row["clip"] == clip and row["codec"] == codec]
        points = [RatePoint(float(row["bpp"]), float(row[metric.column])) for row in own]
        return sorted(points, key=lambda point: point.rate)

    def change(self, clip: str, rival: str, metric: Metric, window: tuple[float, float] | None = None) -> float | None:
        """Percent of the rival's bits at equal quality, with `window` where the rival takes such rates; None where
        curves cannot be compared."""
        curves = (self.points(clip, codec, metric) for codec in (rival, self._codec))
        try:
            return bd_rate(*curves, higher_is_better=metric.higher_is_better, window=window).percent
        except NotComparable:
            return None

    def mean_change(
        self, rival: str, metric: Metric, window: tuple[float, float] | None = None
    ) -> tuple[float | None, int]:
        """Mean over clips, and of how many."""
        found = [c for clip in self.clips if (c := self.change(clip, rival, metric, window)) is not None]
        return (mean(found) if found else None), len(found)

    def at(self, knob: float, column: str) -> float:
        """Mean over clips at a λ."""
        own = (row for row in self._rows if row["codec"] == self._codec and float(row["setting"]) == knob)
        return mean(float(row[column]) for row in own)

    def monotone(self, metric: Metric) -> int:
        """Clips whose quality rises with every step of the rate."""
        sign = 1 if metric.higher_is_better else -1
        curves = ([sign * p.quality for p in self.points(clip, self._codec, metric)] for clip in self.clips)
        return sum(all(a < b for a, b in pairwise(curve)) for curve in curves)


def rate_pages(source: Source) -> list[str]:
    """All tables of rates."""
    lines: list[str] = []
    low, high = _WINDOW
    for codec, name in _CODECS.items():
        rates = Rates(rows_of(source), codec)
        count = len(rates.clips)
        lines += [f"## Rates of {name} for equal quality, mean", ""]
        lines += source.about(
            "percent of the rival's bits more (+) or less (-), Bjøntegaard; in brackets the clips compared"
        )
        head = ["metric", *(f"{rival}, {part}" for rival in _RIVALS for part in ("all", f"{low:g} to {high:g} bpp"))]
        found = []
        for metric in METRICS:
            means = [rates.mean_change(rival, metric, window) for rival in _RIVALS for window in (None, _WINDOW)]
            title = metric.title.removesuffix(", dB")
            found.append([title, *(f"{percent(value)} ({number})" for value, number in means)])
        lines += table(head, found)
        lines += [
            f"Means of {count} clips of `{_FOLDER}/`. bpp: bits a pixel of the rival, whose container is not counted. "
            f"Every point, `val/` too: [codecs.md](codecs.md).", "",
            f"## Rates of {name} for equal quality, each clip", "", *source.about("percent of bits as above"),
        ]  # fmt: skip
        head = ["clip", *(f"{m.title.removesuffix(', dB')}, {r.split()[0]}" for r in _RIVALS for m in METRICS)]
        lines += table(
            head,
            [[f"`{c}`", *(percent(rates.change(c, r, m)) for r in _RIVALS for m in METRICS)] for c in rates.clips],
        )
        lines += [
            f"## Rate and quality of {name} by λ",
            "",
            *source.about(f"means of {count} clips; bits a pixel, and the metric's own"),
        ]
        columns = [("bpp", 4), *((metric.column, metric.digits) for metric in METRICS)]
        found = [[f"{knob:g}", *(f"{rates.at(knob, c):.{digits}f}" for c, digits in columns)] for knob in rates.knobs]
        lines += table(["λ", "bits a pixel", *(metric.title for metric in METRICS)], found)
        rising = ", ".join(f"{m.title.removesuffix(', dB')} {rates.monotone(m)}" for m in METRICS)
        lines += [f"Clips of {count} on which every larger rate has the better quality: {rising}.", ""]
    return lines


def printed_rows(source: Source) -> list[list[str]]:
    """Lines of the first table that a command printed in Markdown, without its head."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in source.path.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    return cells[2:]


def printed_page(title: str, source: Source) -> list[str]:
    """A table that a command printed."""
    lines = [f"## {title}", ""]
    if not source.is_there:
        return lines + source.missing()
    return lines + source.about("as each line says") + table(["what", "measured"], printed_rows(source))


def overlap_page(title: str, source: Source) -> list[str]:
    """What sharing frames between GoPs brings."""
    lines = [f"## {title}", ""]
    if not source.is_there:
        return lines + source.missing()
    rows = rows_of(source)
    last = rows[-1]["clip"]
    columns = (("bpp", 4), ("tof", 3), ("tlp", 4), ("psnr", 2), ("lpips", 3), ("seam_ratio", 2))
    found = [
        [row["lambda"], row["seams"], *(f"{float(row[name]):.{digits}f}" for name, digits in columns)]
        for row in rows
        if row["clip"] == last
    ]
    head = ["λ", "seams", "bits a pixel", "tOF", "tLP", "PSNR, dB", "LPIPS", "seam ratio"]
    return lines + source.about(f"as the heads say, of `{last}`") + table(head, found)


def readme_block(sources: dict[str, Source]) -> str:
    """What stands between the README's marks: few lines, a page has room for no more."""
    source, speed = sources["rates"], sources["speed"]
    rates = {codec: Rates(rows_of(source), codec) for codec in _CODECS}
    head = ["bits at equal", *(f"{name} against {rival}" for name in _CODECS.values() for rival in _RIVALS)]
    found = []
    for metric in METRICS:
        cells = []
        for codec in _CODECS:
            count = len(rates[codec].clips)
            for rival in _RIVALS:
                value, number = rates[codec].mean_change(rival, metric)
                cells.append(percent(value) + (f" ({number} of {count})" if number < count else ""))
        found.append([metric.title.removesuffix(", dB"), *cells])
    lines = table(head, found)
    lines.append(
        f"Means of {len(rates['hybrid'].clips)} clips; in brackets how many can be compared, where not all can. "
        f"Program {source.program}; {source.date}."
    )
    if speed.is_there:
        printed = printed_rows(speed)
        rows = [next(line for line in printed if line[0].startswith(start)) for start in _IN_README]
        said = "; ".join(f"{what.removesuffix(', everything')} {value}" for what, value in rows)
        lines.append(f"{said}. Program {speed.program}; {speed.date}, {speed.machine}.")
    return "\n".join([BEGIN, *lines, END])


def pages() -> dict[str, str]:
    """Both pages, by name."""
    with (DOCS / "measured.toml").open("rb") as file:
        sources = {name: Source(**values) for name, values in tomllib.load(file).items()}
    unsaid = [name for name, source in sources.items() if source.is_there and not source.program]
    if unsaid:
        raise SystemExit(f"docs/measured.toml: of which program are the figures of {', '.join(unsaid)}?")
    lines = [
        "# Results",
        "",
        "`python -m tests.proofs.results` writes this page from files beside it. Words are those of the",
        "[glossary](glossary.md). How the study works: [codec/bench](../codec/bench/README.md). What was tried on the",
        "way: [decisions](decisions/README.md).",
        "",
    ]
    lines += rate_pages(sources["rates"])
    lines += printed_page("Speed and memory of the codec, start of the window", sources["speed"])
    lines += printed_page("How the viewer keeps up", sources["viewer"])
    lines += overlap_page("Overlapping GoPs against disjoint ones, `vae`", sources["overlap-vae"])
    lines += overlap_page("The same, `hybrid`, every GoP on its own", sources["overlap-key"])
    lines += overlap_page("The same, `hybrid`, chained", sources["overlap"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit("README.md: the marks around the table are missing.")
    return {"results.md": "\n".join(lines).rstrip() + "\n", "README.md": before + readme_block(sources) + after}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write both pages there")
    into: Path | None = parser.parse_args().into
    place: Callable[[str], Path] = (
        (lambda name: into / name) if into else (lambda name: (DOCS if name == "results.md" else ROOT) / name)
    )
    for name, text in pages().items():
        place(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
