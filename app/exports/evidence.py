"""One self-contained HTML page of what was seen: crops, curves, commands, hashes. Nothing is loaded from elsewhere."""

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.exports.charts import ChartData, draw, draw_rates
from app.exports.frames import Box
from app.jobs.hashing import content_of
from app.state.comparison import compare
from app.state.curves import CURVES, RATES, WORST_SHARE, Series, Statistics
from app.state.takes import Kind, Take
from codec import __version__
from codec.context import WorkContext
from codec.errors import MediaError, SeamscopeError, SettingError
from codec.gop import SeamMode
from codec.media import place
from codec.media.clip import Clip
from codec.media.colour import to_rgb
from codec.media.picture import Rgb
from codec.output import check_output, write_text
from codec.report.page import busiest_windows
from codec.texts import in_html, lines_in_html

CROP_SIDE = 192
WORST_SHOWN = 3
_STYLE = """body{font:15px system-ui,sans-serif;margin:2rem auto;max-width:1200px;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .7rem;border-bottom:1px solid #ddd;text-align:right}
td:first-child,th:first-child{text-align:left}code{font-size:12px;word-break:break-all}svg{max-width:100%;height:auto}
.strip{display:flex;gap:6px;overflow-x:auto;margin:.4rem 0 1rem}figure{margin:0}figcaption{font-size:12px;
max-width:192px}img{image-rendering:pixelated;display:block}pre{white-space:pre-wrap}"""


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """What the page shows. `takes` are those with a pane, the source first."""

    clip: Clip
    takes: tuple[Take, ...]
    data: ChartData
    mode: SeamMode
    frame: int
    box: Box | None
    """Region of the crops; None: where the picture has most texture."""
    notes: str
    device: str
    """Where the networks run; empty while none is loaded."""
    region: str = ""
    """The region that all scores are of, as text; empty: whole frames."""


def export_evidence(
    context: WorkContext, request: EvidenceRequest, target: Path, inputs: tuple[Path, ...] = ()
) -> Path:
    """Write the page, whole or not at all. `inputs`: files in use. Raises OutputError, MediaError, Cancelled."""
    check_output(target, inputs)
    parts = [_head(request, context), _table(request), _statistics(request)]
    context.report(0.3, "crops")
    for frame, why in _frames(request):
        context.check()
        parts.append(_strip(request, frame, why))
    context.report(0.6, "curves")
    parts.append(_charts(request))
    context.check()
    parts += [_files(request, context), _notes(request), "</html>"]
    place.output_file(target, what="page")
    try:
        write_text(target, "\n".join(parts), inputs)
    except OSError as error:
        raise MediaError(f"{target}: the page cannot be written ({error.strerror or error}).") from error
    return target


def _head(request: EvidenceRequest, context: WorkContext) -> str:
    clip = request.clip
    name = in_html(clip.path.name)
    seconds = f"{clip.frame_count} frames, {float(clip.timing.frame_rate):.4g} fps, {clip.timing.duration_s:.3f} s"
    notes = "".join(f"<li>{in_html(note)}</li>" for note in clip.info.notes)
    device = f", device {in_html(request.device)}" if request.device else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
        f"<h1>{name}</h1><p>{clip.width}x{clip.height}, {seconds}; frames {clip.start} to "
        f"{clip.start + clip.frame_count - 1} of the file. GoP boundaries shown as: {in_html(request.mode.value)}."
        f"<br><code>{in_html(content_of(clip.path, context))}</code><br>Seamscope {__version__}"
        f"{device}.</p><ul>{notes}</ul>"
    )


def _table(request: EvidenceRequest) -> str:
    rows = []
    by_take = {series.take: series for series in request.data.series}
    compared = {key: compare(request.data.series, key) for key in CURVES if key not in RATES}
    for take in request.takes:
        if take.kind is Kind.SOURCE:
            continue
        rate, series = take.rate, by_take.get(take.id)
        cells = ["–", "–", "–"] if rate is None else [f"{rate.size_bytes}", f"{rate.kbps:.1f}", f"{rate.bpp:.5f}"]
        basis = "" if rate is None else rate.basis.value or "measured"
        scores = [_mean(found.get(take.id), key) for key, found in compared.items()]
        note = " ".join(part for part in (take.note, f"shifted {take.nudge:+d} frames" if take.nudge else "") if part)
        texts = [take.name, *cells, basis, *scores, _scored(series, request), note]
        rows.append("<tr>" + "".join(f"<td>{in_html(text)}</td>" for text in texts) + "</tr>")
    titles = [
        "take",
        "bytes",
        "kbps",
        "bpp",
        "rate is",
        *(k.title for k in CURVES.values() if k.key not in RATES),
        "scored",
        "note",
    ]
    head = "".join(f"<th>{title}</th>" for title in titles)
    where = f", of the region {request.region} alone" if request.region else ""
    return (
        f"<h2>Takes</h2><table><tr>{head}</tr>{''.join(rows)}</table><p>kbps is bytes · 8 / duration: of the whole "
        "file, of rivals encoded here their coded frames without the container, unless the rate is stated. Scores are "
        f"means over the frames that all takes scored whole have, against the source{where}; a mean with … is of a "
        "take that is not scored whole, and no result yet. LPIPS (AlexNet), tLP and PSNR of the RGB shown, "
        "SSIM, VMAF (v0.6.1) and tOF (pixels) of luma in the source's coding. LPIPS, tLP, tOF: lower is better.</p>"
    )


def _scored(series: Series | None, request: EvidenceRequest) -> str:
    """How much of the clip the means are of: the page may be written before all frames have their scores."""
    found = None if series is None else series.statistics("lpips")
    return f"{0 if found is None else found.count} of {request.clip.frame_count} frames"


def _mean(found: Statistics | None, key: str) -> str:
    return "–" if found is None else found.said(found.mean, CURVES[key].digits)


def _statistics(request: EvidenceRequest) -> str:
    rows = []
    for series in request.data.series:
        for key in ("lpips", "tlp", "psnr_db"):
            found = series.statistics(key)
            if found is not None:
                frames = ", ".join(str(frame) for frame in found.worst_frames[:8])
                count = str(found.count) if found.finished else f"{found.count} of {found.due} so far"
                worst = found.said(found.worst_mean, CURVES[key].digits)
                texts = [series.name, CURVES[key].title, count, worst, frames]
                rows.append("<tr>" + "".join(f"<td>{in_html(text)}</td>" for text in texts) + "</tr>")
    if not rows:
        return ""
    head = "".join(
        f"<th>{t}</th>" for t in ("take", "metric", "frames", f"mean of the worst {WORST_SHARE:.0%}", "worst")
    )
    return f"<h2>Worst frames</h2><table><tr>{head}</tr>{''.join(rows)}</table>"


def _frames(request: EvidenceRequest) -> list[tuple[int, str]]:
    """The frame on the screen, then the worst frame of each of the first takes by LPIPS."""
    found = [(request.frame, "on the screen")]
    for series in request.data.series:
        worst = series.statistics("lpips")
        if worst is not None and worst.worst_frames[0] not in [frame for frame, _ in found]:
            so_far = "" if worst.finished else f" in {worst.count} of {worst.due} frames measured so far"
            found.append((worst.worst_frames[0], f"highest LPIPS of {series.name}{so_far}"))
    return found[: 1 + WORST_SHOWN]


def _strip(request: EvidenceRequest, frame: int, why: str) -> str:
    source = to_rgb(request.clip.picture(frame))
    if request.box is not None:
        boxes = [request.box]
    else:
        boxes = [Box(left, top, CROP_SIDE, CROP_SIDE) for top, left in busiest_windows(source, CROP_SIDE, 2)]
    strips = []
    for box in boxes:
        cells = [_figure(take, request, frame, box) for take in request.takes]
        place = f"{box.width}x{box.height} at {box.left}, {box.top}"
        strips.append(f'<p>{place}</p><div class="strip">{"".join(cells)}</div>')
    return f"<h2>Frame {frame}: {in_html(why)}</h2>{''.join(strips)}"


def _figure(take: Take, request: EvidenceRequest, frame: int, box: Box) -> str:
    try:
        picture = box.of(to_rgb(take.picture(frame, request.mode)))
        image = f'<img alt="{in_html(take.name)}" src="{_data(picture)}">'
    except SeamscopeError as error:
        image = f"<p>{in_html(str(error))}</p>"
    lines = [take.name, "" if take.rate is None else take.rate.text, _frame_score(take, request, frame)]
    caption = "<br>".join(in_html(line) for line in lines if line)
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _frame_score(take: Take, request: EvidenceRequest, frame: int) -> str:
    """The LPIPS of a take at a frame, if it is known."""
    series = next((series for series in request.data.series if series.take == take.id), None)
    values = None if series is None else series.values.get("lpips")
    if values is None or frame >= len(values) or math.isnan(values[frame]):
        return ""
    return f"LPIPS at this frame {values[frame]:.{CURVES['lpips'].digits}f}"


def _data(rgb: Rgb) -> str:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _charts(request: EvidenceRequest) -> str:
    try:
        curves = _inline(draw(request.data, "svg"))
    except SettingError as error:
        return f"<p>{in_html(str(error))}</p>"
    rates = draw_rates(request.data, "svg")
    return (f"<h2>Rate</h2>{_inline(rates)}" if rates is not None else "") + f"<h2>Curves</h2>{curves}"


def _inline(svg: bytes) -> str:
    text = svg.decode()
    return text[text.index("<svg") :]


def _files(request: EvidenceRequest, context: WorkContext) -> str:
    parts = []
    for take in request.takes:
        file = take.file or take.encoded.file
        if take.kind is Kind.SOURCE or file is None:
            continue
        command = f"<code>{in_html(take.command)}</code><br>" if take.command else ""
        name = in_html(file.name if take.origin is None else str(file))
        content = in_html(content_of(file, context))
        parts.append(f"<p><b>{in_html(take.name)}</b><br>{command}{name} <code>{content}</code></p>")
    return f"<h2>Commands and files</h2>{''.join(parts)}" if parts else ""


def _notes(request: EvidenceRequest) -> str:
    return f"<h2>Notes</h2><pre>{lines_in_html(request.notes)}</pre>" if request.notes.strip() else ""
