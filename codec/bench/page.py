"""The benchmark's page: one HTML file that needs nothing beside it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from codec import looks
from codec.bench.curves import Comparison, MeanRate, Window, mean_rate
from codec.bench.points import Row
from codec.bench.table import sorted_rows
from codec.metrics.kinds import METRICS
from codec.pages import page_of


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page says besides numbers."""

    title: str
    machine: Mapping[str, str]
    model: str
    metrics: Sequence[str]
    absent: Sequence[str]
    """Sentences: metrics and files that were left out, and why."""
    failures: Sequence[str]
    window: Window
    unfinished: int
    """Clips that are still to come."""


def page(rows: Sequence[Row], found: Sequence[Comparison], drawings: Mapping[str, str], facts: PageFacts) -> str:
    """The page's HTML. `drawings`: SVG text by clip."""
    ordered = sorted_rows(rows)
    clips = dict.fromkeys(row.clip for row in ordered)
    return page_of(
        "bench.html",
        title=facts.title,
        facts=facts,
        machine="; ".join(f"{key}: {value}" for key, value in facts.machine.items()),
        window=_named(facts.window),
        points=len(ordered),
        jobs=max((row.jobs for row in ordered), default=1),
        codecs=[_rates(found, codec, facts) for codec in dict.fromkeys(c.codec for c in found)],
        speeds=_speeds(ordered),
        clips=[_clip(clip, ordered, found, drawings.get(clip, "")) for clip in clips],
        metrics=METRICS,
        name=looks.name,
    )


def _named(window: Window) -> str:
    return f"{window[0]:g} to {window[1]:g}"


def _rates(found: Sequence[Comparison], codec: str, facts: PageFacts) -> dict[str, object]:
    """What the page says of one of our codecs against each rival: over all qualities, and over those of the window."""
    rivals = list(dict.fromkeys(c.rival for c in found if c.codec == codec))

    def lines(window: Window | None) -> list[tuple[str, list[MeanRate]]]:
        return [
            (METRICS[metric].label, [mean_rate(found, codec, rival, metric, window) for rival in rivals])
            for metric in facts.metrics
        ]

    within = f"Only qualities that the other codec reaches at {_named(facts.window)} bits per pixel"
    tables = [
        {"heading": "Over all qualities that both reach", "lines": lines(None)},
        {"heading": within, "lines": lines(facts.window)},
    ]
    return {"name": looks.name(codec), "rivals": [looks.name(rival) for rival in rivals], "tables": tables}


def _speeds(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Medians of each codec at each size of picture."""
    found = []
    sizes = dict.fromkeys((row.width, row.height) for row in rows)
    for (width, height), codec in ((size, codec) for size in sizes for codec in looks.order()):
        own = [row for row in rows if row.codec == codec and (row.width, row.height) == (width, height)]
        if own:
            found.append(
                {
                    "name": looks.name(codec),
                    "width": width,
                    "height": height,
                    "preset": own[0].preset,
                    "encode_fps": median(row.encode_fps for row in own),
                    "decode_fps": median(row.decode_fps for row in own),
                    "encode_mb": median(row.encode_memory_bytes for row in own) / 1e6,
                    "decode_mb": median(row.decode_memory_bytes for row in own) / 1e6,
                }
            )
    return found


def _clip(name: str, rows: Sequence[Row], found: Sequence[Comparison], drawing: str) -> dict[str, object]:
    """What the page says of one clip; a Bjøntegaard rate that was refused with its reason."""
    own = [row for row in rows if row.clip == name]
    rates = [c for c in found if c.clip == name]
    image = base64.b64encode(drawing.encode()).decode()
    return {"name": name, "first": own[0], "rows": own, "rates": rates, "drawing": image}
