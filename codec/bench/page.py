"""The benchmark's page: one HTML file that needs nothing beside it."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from codec import looks
from codec.bench.curves import Comparison, Window, mean_rate
from codec.bench.points import Row
from codec.bench.table import sorted_rows
from codec.metrics.kinds import METRICS
from codec.texts import in_html

_STYLE = """body{font:14px system-ui,sans-serif;margin:2rem auto;max-width:1250px;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right;font-weight:400}th{font-weight:600}
td:first-child,th:first-child{text-align:left}img{width:100%}small{color:#666}.good{color:#176d2c}.bad{color:#a3260f}
details{margin:.5rem 0}summary{cursor:pointer}.wide{overflow-x:auto}"""


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
    parts = [
        f"<h1>{in_html(facts.title)}</h1>",
        _about(ordered, facts),
        f"<p><b>Still to come: {facts.unfinished} of the clips.</b></p>" if facts.unfinished else "",
        _notes("Left out", facts.absent),
        _notes("What failed", facts.failures),
    ]
    for codec in dict.fromkeys(c.codec for c in found):
        parts += _rates_part(found, codec, facts)
    parts += ["<h2>Speed and memory</h2>", _speed_table(ordered)]
    for clip in dict.fromkeys(row.clip for row in ordered):
        own = [row for row in ordered if row.clip == clip]
        parts.append(_clip_part(clip, own, [c for c in found if c.clip == clip], drawings.get(clip, ""), facts))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{in_html(facts.title)}</title>'
        f"<style>{_STYLE}</style>{''.join(parts)}</html>"
    )


def _rates_part(found: Sequence[Comparison], codec: str, facts: PageFacts) -> list[str]:
    rivals = list(dict.fromkeys(c.rival for c in found if c.codec == codec))
    low, high = facts.window
    heading = f"Only qualities that the other codec reaches at {low:g} to {high:g} bits per pixel"
    name = in_html(looks.name(codec))
    return [
        f"<h2>Bjøntegaard rates: bits of {name} for equal quality</h2>",
        _mean_table(found, codec, rivals, facts, None, "Over all qualities that both reach"),
        _mean_table(found, codec, rivals, facts, facts.window, heading),
        f"<p><small>Mean over clips of the change of rate in percent, below zero {name} needs fewer "
        "bits; in brackets the clips that have one. Monotone cubic interpolation of log rate, nothing "
        "extrapolated.</small></p>",
    ]


def _about(rows: Sequence[Row], facts: PageFacts) -> str:
    clips = len({row.clip for row in rows})
    machine = "; ".join(f"{key}: {value}" for key, value in facts.machine.items())
    return (
        f"<p>{len(rows)} points of {clips} clips, model {in_html(facts.model)}. Bits per pixel are of "
        "whole .gop files and of rivals' coded frames without a container; scores are means over frames.<br>"
        f"<small>{in_html(machine)}</small></p>"
    )


def _notes(title: str, sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{in_html(sentence)}</li>" for sentence in sentences)
    return f"<h2>{in_html(title)}</h2><ul>{items}</ul>" if title and items else ""


def _mean_table(
    found: Sequence[Comparison],
    codec: str,
    rivals: Sequence[str],
    facts: PageFacts,
    window: Window | None,
    heading: str,
) -> str:
    head = "".join(f"<th>against {in_html(looks.name(rival))}</th>" for rival in rivals)
    lines = ""
    for metric in facts.metrics:
        cells = ""
        for rival in rivals:
            mean = mean_rate(found, codec, rival, metric, window)
            cells += f"<td>{_percent(mean.percent)} <small>({mean.count} of {mean.total})</small></td>"
        lines += f"<tr><td>{METRICS[metric].label}</td>{cells}</tr>"
    return f"<h3>{heading}</h3><table><tr><th>metric</th>{head}</tr>{lines}</table>"


def _percent(value: float | None) -> str:
    if value is None:
        return "–"
    return f'<span class="{"good" if value < 0 else "bad"}">{value:+.1f} %</span>'


def _speed_table(rows: Sequence[Row]) -> str:
    lines = ""
    sizes = dict.fromkeys((row.width, row.height) for row in rows)
    for (width, height), codec in ((size, codec) for size in sizes for codec in looks.order()):
        own = [row for row in rows if row.codec == codec and (row.width, row.height) == (width, height)]
        if own:
            numbers = (
                f"{median(row.encode_fps for row in own):.1f}",
                f"{median(row.decode_fps for row in own):.1f}",
                f"{median(row.encode_memory_bytes for row in own) / 1e6:.0f}",
                f"{median(row.decode_memory_bytes for row in own) / 1e6:.0f}",
            )
            cells = "".join(f"<td>{cell}</td>" for cell in (in_html(own[0].preset) or "–", *numbers))
            lines += f"<tr><td>{looks.name(codec)}, {width}x{height}</td>{cells}</tr>"
    jobs = max((row.jobs for row in rows), default=1)
    shared = f" Up to {jobs} clips were worked on at once: speeds are those of a shared machine." if jobs > 1 else ""
    return (
        "<table><tr><th>codec</th><th>preset</th><th>encode fps</th><th>decode fps</th><th>encode MB</th>"
        f"<th>decode MB</th></tr>{lines}</table><p><small>Medians over points. Memory is the peak resident size of the "
        "process: our codecs' and every decode's is this program's own, libraries included, a rival's encode is "
        f"the ffmpeg program's.{shared}</small></p>"
    )


def _clip_part(clip: str, rows: Sequence[Row], found: Sequence[Comparison], drawing: str, facts: PageFacts) -> str:
    first = rows[0]
    head = "".join(f"<th>{METRICS[key].label}</th>" for key in facts.metrics)
    lines = ""
    for row in rows:
        scores = "".join(
            f"<td>{row.scores[key]:.{METRICS[key].digits}f}</td>" if key in row.scores else "<td>–</td>"
            for key in facts.metrics
        )
        lines += (
            f"<tr><td>{looks.name(row.codec)}, {in_html(row.setting)}</td><td>{row.size_bytes}</td>"
            f"<td>{row.bpp:.5f}</td><td>{row.kbps:.1f}</td>{scores}<td>{row.encode_fps:.1f}</td>"
            f"<td>{row.decode_fps:.1f}</td></tr>"
        )
    image = base64.b64encode(drawing.encode()).decode()
    picture = f'<img src="data:image/svg+xml;base64,{image}" alt="Rate curves of {in_html(clip)}">'
    return (
        f"<h2>{in_html(clip)}</h2><p><small>{first.width}x{first.height}, {first.frame_count} frames, "
        f"{in_html(first.frame_rate)} fps; shaded: {facts.window[0]:g} to {facts.window[1]:g} bits per pixel"
        f"</small></p>{picture if drawing else ''}{_clip_rates(found, facts)}"
        f'<details><summary>{len(rows)} points</summary><div class="wide"><table><tr><th>take</th><th>bytes</th>'
        f"<th>bpp</th><th>kbps</th>{head}<th>encode fps</th><th>decode fps</th></tr>{lines}</table></div></details>"
    )


def _clip_rates(found: Sequence[Comparison], facts: PageFacts) -> str:
    """This clip's Bjøntegaard rates, a refused one with its reason."""
    lines = ""
    for one in found:
        part = f"{facts.window[0]:g} to {facts.window[1]:g} bpp" if one.window else "all"
        if one.rate is None:
            told = f'<td colspan="2" style="text-align:left"><small>{in_html(one.refused)}</small></td>'
        else:
            ends = f"<small>{one.rate.low:.5g} to {one.rate.high:.5g}</small>"
            told = f"<td>{_percent(one.rate.percent)}</td><td>{ends}</td>"
        pair = in_html(f"{looks.name(one.codec)} against {looks.name(one.rival)}")
        lines += f"<tr><td>{METRICS[one.metric].label}</td><td>{pair}</td><td>{part}</td>{told}</tr>"
    if not lines:
        return ""
    return (
        "<details><summary>Bjøntegaard rates of this clip</summary><table><tr><th>metric</th><th>codecs</th>"
        f"<th>rates</th><th>change</th><th>compared qualities</th></tr>{lines}</table></details>"
    )
