"""One self-contained HTML page of what was seen: crops, curves, commands, hashes. Nothing is loaded from elsewhere."""

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.exports.charts import ChartData, draw, draw_rates
from app.exports.frames import Box
from app.exports.looks import NamedTake, named, named_series
from app.jobs.hashing import content_of
from app.jobs.points import TITLES, PointTable, collect_points
from app.state.choice import Choice
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
from codec.pages import page_of
from codec.report.page import busiest_windows

CROP_SIDE = 192
WORST_SHOWN = 3


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
    choice: Choice | None = None
    """The operating point of the clip."""
    projects: Path | None = None
    """The folder of the project: what was chosen in all that are saved there is listed; None: nothing is."""


def export_evidence(
    context: WorkContext, request: EvidenceRequest, target: Path, inputs: tuple[Path, ...] = ()
) -> Path:
    """Write the page, whole or not at all. `inputs`: files in use. Raises OutputError, MediaError, Cancelled."""
    check_output(target, inputs)
    titles, takes = _takes(request)
    values = {
        "title": request.clip.path.name,
        "clip": request.clip,
        "mode": request.mode.value,
        "content": content_of(request.clip.path, context),
        "version": __version__,
        "device": request.device,
        "region": request.region,
        "titles": titles,
        "takes": takes,
        "worst": _worst(request),
        "share": f"{WORST_SHARE:.0%}",
        "notes": request.notes,
        "choice": request.choice,
        "points": _points(request, context),
        "point_titles": TITLES,
    }
    context.report(0.3, "crops")
    frames = []
    for frame, why in _frames(request):
        context.check()
        frames.append({"frame": frame, "why": why, "strips": _strips(request, frame)})
    context.report(0.6, "curves")
    values |= {"frames": frames, **_charts(request)}
    context.check()
    text = page_of("evidence.html", **values, files=_files(request, context))
    place.output_file(target, what="page")
    try:
        write_text(target, text, inputs)
    except OSError as error:
        raise MediaError(f"{target}: the page cannot be written ({error.strerror or error}).") from error
    return target


def _takes(request: EvidenceRequest) -> tuple[list[str], list[list[str | NamedTake]]]:
    """Titles and rows of the table of takes."""
    rows: list[list[str | NamedTake]] = []
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
        rows.append([named(take, series), *cells, basis, *scores, _scored(series, request), note])
    metrics = [kind.title for kind in CURVES.values() if kind.key not in RATES]
    return ["take", "bytes", "kbps", "bpp", "rate is", *metrics, "scored", "note"], rows


def _scored(series: Series | None, request: EvidenceRequest) -> str:
    """How much of the clip the means are of: the page may be written before all frames have their scores."""
    found = None if series is None else series.statistics("lpips")
    return f"{0 if found is None else found.count} of {request.clip.frame_count} frames"


def _mean(found: Statistics | None, key: str) -> str:
    return "–" if found is None else found.said(found.mean, CURVES[key].digits)


def _points(request: EvidenceRequest, context: WorkContext) -> PointTable | None:
    """Operating points of the project's folder; None where there are none to list."""
    if request.projects is None:
        return None
    try:
        found = collect_points(context, request.projects)
    except MediaError:
        # The page is of this clip: a folder that cannot be read takes nothing from it.
        return None
    return found if found.rows else None


def _worst(request: EvidenceRequest) -> list[list[str | NamedTake]]:
    """Rows of the table of worst frames."""
    rows: list[list[str | NamedTake]] = []
    for series in request.data.series:
        for key in ("lpips", "tlp", "psnr_db"):
            found = series.statistics(key)
            if found is not None:
                frames = ", ".join(str(frame) for frame in found.worst_frames[:8])
                count = str(found.count) if found.finished else f"{found.count} of {found.due} so far"
                worst = found.said(found.worst_mean, CURVES[key].digits)
                rows.append([named_series(series), CURVES[key].title, count, worst, frames])
    return rows


def _frames(request: EvidenceRequest) -> list[tuple[int, str]]:
    """The frame on the screen, then the worst frame of each of the first takes by LPIPS."""
    found = [(request.frame, "on the screen")]
    for series in request.data.series:
        worst = series.statistics("lpips")
        if worst is not None and worst.worst_frames[0] not in [frame for frame, _ in found]:
            so_far = "" if worst.finished else f" in {worst.count} of {worst.due} frames measured so far"
            found.append((worst.worst_frames[0], f"highest LPIPS of {series.name}{so_far}"))
    return found[: 1 + WORST_SHOWN]


def _strips(request: EvidenceRequest, frame: int) -> list[dict[str, object]]:
    """The same places of every take, side by side."""
    source = to_rgb(request.clip.picture(frame))
    if request.box is not None:
        boxes = [request.box]
    else:
        boxes = [Box(left, top, CROP_SIDE, CROP_SIDE) for top, left in busiest_windows(source, CROP_SIDE, 2)]
    return [
        {
            "place": f"{box.width}x{box.height} at {box.left}, {box.top}",
            "figures": [_figure(take, request, frame, box) for take in request.takes],
        }
        for box in boxes
    ]


def _figure(take: Take, request: EvidenceRequest, frame: int, box: Box) -> dict[str, object]:
    """A take's picture, or why there is none."""
    image = problem = ""
    try:
        image = _data(box.of(to_rgb(take.picture(frame, request.mode))))
    except SeamscopeError as error:
        problem = str(error)
    series = next((series for series in request.data.series if series.take == take.id), None)
    rate = "" if take.rate is None else take.rate.text
    lines = [named(take, series), rate, _frame_score(take, request, frame)]
    return {"name": take.name, "image": image, "problem": problem, "lines": [line for line in lines if line]}


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


def _charts(request: EvidenceRequest) -> dict[str, str]:
    """Rate curves and curves as SVG, where there are any; else why there are no curves."""
    try:
        curves = _inline(draw(request.data, "svg"))
    except SettingError as error:
        return {"curves": "", "rates": "", "no_curves": str(error)}
    rates = draw_rates(request.data, "svg")
    return {"curves": curves, "rates": "" if rates is None else _inline(rates), "no_curves": ""}


def _inline(svg: bytes) -> str:
    text = svg.decode()
    return text[text.index("<svg") :]


def _files(request: EvidenceRequest, context: WorkContext) -> list[dict[str, str]]:
    """Every take's file: how it was encoded, its name and what tells its content."""
    found = []
    for take in request.takes:
        file = take.file or take.encoded.file
        if take.kind is not Kind.SOURCE and file is not None:
            name = file.name if take.origin is None else str(file)
            content = content_of(file, context)
            found.append({"take": take.name, "command": take.command, "name": name, "content": content})
    return found
