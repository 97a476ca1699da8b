"""What is written of what is seen: crops, worst frames, video, page, charts. Asked for here, written by jobs."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.controllers.export_queue import ExportQueue
from app.controllers.person import Person
from app.controllers.view import View
from app.exports import frames
from app.exports.frames import Box
from app.jobs.engine import Engine
from app.jobs.job import Lane
from app.render.take_looks import look_dash, look_ink, take_colour
from app.state.curves import series_of
from app.state.rate_marks import marks_of
from app.state.takes import Kind, Take
from app.state.worst import unfinished, worst_shown
from codec.output import short_name
from codec.texts import visible

if TYPE_CHECKING:
    from app.exports.charts import ChartData
    from app.exports.evidence import EvidenceRequest
    from app.exports.video import VideoChoice, VideoColumn, VideoRequest

VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov")


class ChartLook(Protocol):
    """How the charts are shown."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Keys of the curves shown."""
        ...

    @property
    def minus(self) -> int | None:
        """Id of the take the others are shown as differences from."""
        ...


class Exports:
    """Files of what is seen. `queue` holds those that are not written yet."""

    def __init__(self, engine: Engine, view: View, charts: Callable[[], ChartLook | None], person: Person) -> None:
        """`charts`: None until they are loaded."""
        self._engine, self._session, self._view = engine, engine.session, view
        self._charts, self._person = charts, person
        self.queue = ExportQueue(self._session, engine.runner, lambda: engine.files_in_use, self._written)

    # Pictures

    def ask_frames(self) -> None:
        """Ask for a folder and write the picture of every shown take."""
        folder = self._person.ask_folder("Folder for the frames")
        if folder is not None:
            self.save_frames(folder)

    def save_frames(self, folder: Path, box: Box | None = None) -> None:
        """Write the picture of every shown take, or a crop, as PNG at its own size, named by take and frame."""
        frame, mode = self._session.playback.frame, self._session.seam_mode
        takes = tuple(take for take in self._session.shown if take.ready(frame, mode))
        self._engine.in_background(frames.save, (takes, frame, mode, folder, box, self._engine.files_in_use))

    def ask_crops(self) -> None:
        """Ask for a folder and write the region (or what is seen of the picture) of every shown take."""
        folder = self._person.ask_folder("Folder for the crops", self._folder())
        if folder is not None:
            self.save_frames(folder, self.box())

    def ask_worst(self) -> None:
        """Ask for a folder and write the frames that the list of the worst names."""
        folder = self._person.ask_folder("Folder for the worst frames", self._folder())
        if folder is not None:
            self.save_worst(folder)

    def save_worst(self, folder: Path) -> None:
        """The worst frames of the takes shown by the metric of their list, each with the reference's (a job)."""
        session = self._session
        metric = session.view.inspection.worst_metric
        found = {take.id: take for take in session.takes}
        chosen = session.view.layouts.reference
        reference = found.get(-1 if chosen is None else chosen) or next(iter(session.takes))
        wanted = tuple(
            frames.WorstFrame(rank, found[entry.take], reference, entry.frame)
            for rank, entry in enumerate(worst_shown(session, metric), start=1)
            if found[entry.take].ready(entry.frame, session.seam_mode)
            and reference.ready(entry.frame, session.seam_mode)
        )
        if not wanted:
            session.message.emit("No frame of the takes shown has been measured yet.")
            return
        name = metric.removesuffix("_db") + ("_so_far" if unfinished(session, metric) else "")
        arguments = (wanted, name, session.seam_mode, folder)
        self.queue.add(Lane.MEDIA, frames.save_worst, lambda _: arguments, folder)

    def box(self) -> Box:
        """The region chosen, else the part of the picture that the panes show."""
        clip, view = self._session.clip, self._session.view
        assert clip is not None
        region = view.inspection.region
        if region is not None:
            return Box(region.left, region.top, region.width, region.height)
        place = self._view.place()
        if place is None or view.zoom is None:
            return Box(0, 0, clip.width, clip.height)
        scale, (left, top), aspect = place.scale, view.origin(place.picture, place.pane), place.aspect
        x0, x1 = max(0.0, -left / scale / aspect), min(clip.width, (place.pane[0] - left) / scale / aspect)
        y0, y1 = max(0.0, -top / scale), min(clip.height, (place.pane[1] - top) / scale)
        if x1 - x0 < 1 or y1 - y0 < 1:
            return Box(0, 0, clip.width, clip.height)
        return Box(int(x0), int(y0), round(x1 - int(x0)), round(y1 - int(y0)))

    # Video

    def ask_video(self) -> None:
        """Ask how, then where, then write the in/out range of the shown takes."""
        playback = self._session.playback
        text = f"{playback.in_point} to {playback.out_point} (in and out point)"

        def chosen(choice: "VideoChoice") -> None:
            kinds = "MP4 video (*.mp4);;Matroska video (*.mkv)"
            target = self._person.ask_target("Export video", self.proposed("_compare.mp4"), kinds, VIDEO_SUFFIXES)
            if target is not None:
                self.export_video(self.video_request(**asdict(choice)), target)

        self._person.ask_video(len(self._shown()), text, chosen)

    def video_request(self, **options: Any) -> "VideoRequest":
        """The shown takes over the in/out range; `options` as in VideoRequest."""
        from app.exports.video import VideoRequest

        clip, playback = self._session.clip, self._session.playback
        assert clip is not None
        columns = self._columns(self._shown())
        start, stop = playback.in_point, playback.out_point + 1
        rate, aspect = clip.timing.frame_rate, clip.info.sample_aspect
        return VideoRequest(columns, start, stop, self._session.seam_mode, rate, aspect, **options)

    def _columns(self, takes: list[Take]) -> "tuple[VideoColumn, ...]":
        from app.exports.video import VideoColumn

        def column(take: Take) -> VideoColumn:
            label = f"{self._session.takes.place(take) + 1} · {take.label}"
            return VideoColumn(
                take, label, take_colour(take), None if take.kind is Kind.SOURCE else look_dash(take.look)
            )

        return tuple(map(column, takes))

    def export_video(self, request: "VideoRequest", target: Path) -> None:
        """Write the video (a job)."""
        from app.exports.video import export_video

        if target.suffix.lower() not in VIDEO_SUFFIXES:
            target = target.with_name(f"{target.name}.mp4")
        takes = tuple(self._session.takes.shown)

        def arguments(waited: bool) -> tuple[Any, ...]:
            # Rates are known now, and rivals have pictures.
            columns = self._columns([take for take in takes if take in self._shown()])
            return (replace(request, columns=columns) if waited else request), target

        self.queue.add(Lane.RIVAL, export_video, arguments, target, takes)

    # Page and charts

    def ask_page(self) -> None:
        """Ask for a name and write the evidence page."""
        kinds, suffixes = "HTML page (*.html)", (".html", ".htm")
        target = self._person.ask_target("Export evidence page", self.proposed(".html"), kinds, suffixes)
        if target is not None:
            self.export_page(target)

    def export_page(self, target: Path) -> None:
        """Write the page of the shown takes (a job), once they are encoded."""
        from app.exports.evidence import export_evidence

        if target.suffix.lower() not in (".html", ".htm"):
            target = target.with_name(f"{target.name}.html")
        takes, frame, box = tuple(self._session.takes.shown), self._session.playback.frame, self.page_box()
        self.queue.add(Lane.MEDIA, export_evidence, lambda _: (self._page_request(frame, box), target), target, takes)

    def page_box(self) -> Box | None:
        """What the page's crops are of, where a part of the picture is looked at."""
        view = self._session.view
        return self.box() if view.zoom is not None or view.inspection.region is not None else None

    def _page_request(self, frame: int, box: Box | None) -> "EvidenceRequest":
        from app.exports.evidence import EvidenceRequest

        session, clip = self._session, self._session.clip
        assert clip is not None
        region, project = session.view.inspection.region, self._engine.projects.path
        return EvidenceRequest(
            clip,
            tuple(self._shown()),
            self.chart_data(),
            session.seam_mode,
            frame,
            box,
            session.notes,
            self._engine.device,
            "" if region is None else region.text,
            session.choice,
            None if project is None else project.absolute().parent,
        )

    def ask_charts(self) -> None:
        """Ask for a name and write the curves by its suffix."""
        from app.exports.charts import SUFFIXES

        kinds = "Table of values (*.csv);;Values as JSON (*.json);;SVG drawing (*.svg);;PNG picture (*.png)"
        target = self._person.ask_target("Export charts", self.proposed(".csv"), kinds, SUFFIXES)
        if target is not None:
            self.export_charts(target)

    def export_charts(self, target: Path) -> None:
        """Write the curves of the shown takes (a job), once they are encoded."""
        from app.exports.charts import export_charts

        takes = tuple(self._session.takes.shown)
        self.queue.add(Lane.MEDIA, export_charts, lambda _: (self.chart_data(), target), target, takes)

    def chart_data(self) -> "ChartData":
        """Curves of the takes with a pane, as the charts show them."""
        from app.exports.charts import ChartData

        session, look = self._session, self._charts()
        series, playback, clip = series_of(session), session.playback, session.clip
        title = "" if clip is None else f"{clip.path.name}, GoP boundaries {session.seam_mode.value}"
        region = session.view.inspection.region
        if region is not None:
            title += f", scores of the region {region.text}"
        data = ChartData(
            title,
            series,
            tuple(look_ink(entry.look) for entry in series),
            tuple(playback.time_of(frame) for frame in range(playback.frame_count)),
            tuple(session.boundaries if session.gop_marks else ()),
            marks=marks_of(session.choice, session.blind.runs, clip),
        )
        if look is None:
            return data
        return replace(data, minus=look.minus, **({"keys": look.wanted} if look.wanted else {}))

    def _written(self, target: Path) -> None:
        self._person.tell(visible(f"Written: {target}"))

    def _shown(self) -> list[Take]:
        """Takes with a pane and pictures, the source first if it is among them."""
        takes = [take for take in self._session.takes.shown if take.source is not None]
        return sorted(takes, key=lambda take: take.kind is not Kind.SOURCE)

    def _folder(self) -> Path:
        clip = self._session.clip
        return Path.home() if clip is None else clip.path.parent

    def proposed(self, suffix: str) -> Path:
        """A name beside the clip, of the clip's name and `suffix`."""
        clip = self._session.clip
        stem = "export" if clip is None else clip.path.stem.replace("%", "")
        return self._folder() / short_name(stem, suffix)
