"""Exports: what is written is asked for here, and written by a job whose progress stands in the status bar."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from app.exports import frames
from app.exports.frames import Box
from app.jobs.job import Lane
from app.state.curves import series_of
from app.state.session import Session
from app.state.takes import Kind, Take
from app.views.export_queue import ExportQueue
from app.views.file_dialogs import ask_target
from app.views.theme import kind_colour, light_ink
from app.views.widgets import Label
from codec.output import short_name
from codec.texts import visible

if TYPE_CHECKING:
    from app.exports.charts import ChartData
    from app.exports.evidence import EvidenceRequest
    from app.exports.video import VideoColumn, VideoRequest
    from app.views.main_window import MainWindow

VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov")
_SHOWN_MS = 8000


class VideoDialog(QDialog):
    """How a side-by-side video is to be made."""

    def __init__(self, takes: int, frames_text: str, parent: QWidget) -> None:
        from app.exports.video import VideoCodec

        super().__init__(parent)
        self.setWindowTitle("Export side-by-side video")
        self.codec = QComboBox()
        for codec in VideoCodec:
            self.codec.addItem(codec.value, codec)
        self.codec.setAccessibleName("Codec of the video")
        self.codec.setToolTip("The video is coded finely, so that it adds no errors of its own that could be seen")
        self.per_row = QComboBox()
        self.per_row.addItem("automatic", 0)
        for number in range(1, takes + 1):
            self.per_row.addItem(str(number), number)
        self.per_row.setAccessibleName("Takes in a row")
        self.labelled = QCheckBox("Labels with codec and bitrate")
        self.labelled.setChecked(True)
        self.slow = QCheckBox("Half speed")
        form = QFormLayout()
        form.addRow("Frames", Label(frames_text))
        form.addRow("Codec", self.codec)
        form.addRow("Takes in a row", self.per_row)
        form.addRow(self.labelled)
        form.addRow(self.slow)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Export…")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)


class ExportDesk:
    """The `app.actions.desk.Exports` of a window."""

    def __init__(self, window: "MainWindow", session: Session) -> None:
        self._window, self._session = window, session
        engine = window.engine
        self.queue = ExportQueue(session, engine.runner, lambda: engine.files_in_use, self._written)
        self.progress = self.queue.progress
        window.statusBar().addPermanentWidget(self.progress)

    # Crops

    def ask_crops(self) -> None:
        """Ask for a folder and write the region (or what is seen of the picture) of every shown take."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder for the crops", self._folder())
        if folder:
            self.save_crops(Path(folder))

    def save_crops(self, folder: Path) -> None:
        """One PNG a shown take, at the take's own size."""
        frame, mode = self._session.playback.frame, self._session.seam_mode
        takes = tuple(take for take in self._session.shown if take.ready(frame, mode))
        self._window.engine.in_background(
            frames.save, (takes, frame, mode, folder, self.box(), self._window.engine.files_in_use)
        )

    def ask_worst(self) -> None:
        """Ask for a folder and write the frames that the list of the worst names."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder for the worst frames", self._folder())
        if folder:
            self.save_worst(Path(folder))

    def save_worst(self, folder: Path) -> None:
        """The worst frames of the takes shown by the metric chosen in their list, each with the reference's (a job)."""
        panel, session = self._window.inspector_panel.worst, self._session
        panel.refresh()
        found = {take.id: take for take in session.takes}
        chosen = session.view.layouts.reference
        reference = found.get(-1 if chosen is None else chosen) or next(iter(session.takes))
        wanted = tuple(
            frames.WorstFrame(rank, found[entry.take], reference, entry.frame)
            for rank, entry in enumerate(panel.entries(), start=1)
            if found[entry.take].ready(entry.frame, session.seam_mode)
            and reference.ready(entry.frame, session.seam_mode)
        )
        if not wanted:
            session.message.emit("No frame of the takes shown has been measured yet.")
            return
        metric = panel.choice.currentData().removesuffix("_db") + ("" if panel.finished else "_so_far")
        arguments = (wanted, metric, session.seam_mode, folder)
        self.queue.add(Lane.MEDIA, frames.save_worst, lambda _: arguments, folder)

    def box(self) -> Box:
        """The region chosen, else the part of the picture that the panes show."""
        clip, view = self._session.clip, self._session.view
        assert clip is not None
        region = view.inspection.region
        if region is not None:
            return Box(region.left, region.top, region.width, region.height)
        pane = next((pane for pane in self._window.panes.values() if not pane.isHidden()), None)
        if pane is None or view.zoom is None:
            return Box(0, 0, clip.width, clip.height)
        ratio = pane.canvas.devicePixelRatioF()
        size = pane.canvas.width() * ratio, pane.canvas.height() * ratio
        picture = clip.width * float(clip.info.sample_aspect), float(clip.height)
        scale, (left, top) = view.scale(picture, size), view.origin(picture, size)
        aspect = float(clip.info.sample_aspect)
        x0, x1 = max(0.0, -left / scale / aspect), min(clip.width, (size[0] - left) / scale / aspect)
        y0, y1 = max(0.0, -top / scale), min(clip.height, (size[1] - top) / scale)
        if x1 - x0 < 1 or y1 - y0 < 1:
            return Box(0, 0, clip.width, clip.height)
        return Box(int(x0), int(y0), round(x1 - int(x0)), round(y1 - int(y0)))

    # Video

    def ask_video(self) -> None:
        """Ask how, then where, then write the in/out range of the shown takes."""
        playback = self._session.playback
        text = f"{playback.in_point} to {playback.out_point} (in and out point)"
        takes = self._shown()
        dialog = VideoDialog(len(takes), text, self._window)

        def chosen() -> None:
            kinds = "MP4 video (*.mp4);;Matroska video (*.mkv)"
            proposed = self._proposed("_compare.mp4")
            target = ask_target(self._window, "Export video", proposed, kinds, VIDEO_SUFFIXES)
            if target is not None:
                request = self.video_request(
                    codec=dialog.codec.currentData(),
                    labelled=dialog.labelled.isChecked(),
                    half_speed=dialog.slow.isChecked(),
                    per_row=dialog.per_row.currentData(),
                )
                self.export_video(request, target)

        dialog.accepted.connect(chosen)
        dialog.open()

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

        return tuple(VideoColumn(take, take.label, kind_colour(take.kind)) for take in takes)

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
        kinds = "HTML page (*.html)"
        proposed = self._proposed(".html")
        target = ask_target(self._window, "Export evidence page", proposed, kinds, (".html", ".htm"))
        if target is not None:
            self.export_page(target)

    def export_page(self, target: Path) -> None:
        """Write the page of the shown takes (a job), once they are encoded."""
        from app.exports.evidence import export_evidence

        if target.suffix.lower() not in (".html", ".htm"):
            target = target.with_name(f"{target.name}.html")
        takes, frame, box = tuple(self._session.takes.shown), self._session.playback.frame, self._page_box()
        self.queue.add(Lane.MEDIA, export_evidence, lambda _: (self._page_request(frame, box), target), target, takes)

    def _page_box(self) -> Box | None:
        """What the page's crops are of, where a part of the picture is looked at."""
        view = self._session.view
        return self.box() if view.zoom is not None or view.inspection.region is not None else None

    def _page_request(self, frame: int, box: Box | None) -> "EvidenceRequest":
        from app.exports.evidence import EvidenceRequest

        session, clip = self._session, self._session.clip
        assert clip is not None
        region = session.view.inspection.region
        return EvidenceRequest(
            clip,
            tuple(self._shown()),
            self.chart_data(),
            session.seam_mode,
            frame,
            box,
            session.notes,
            self._window.engine.device,
            "" if region is None else region.text,
        )

    def ask_charts(self) -> None:
        """Ask for a name and write the curves by its suffix."""
        from app.exports.charts import SUFFIXES

        kinds = "Table of values (*.csv);;Values as JSON (*.json);;SVG drawing (*.svg);;PNG picture (*.png)"
        target = ask_target(self._window, "Export charts", self._proposed(".csv"), kinds, SUFFIXES)
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

        session = self._session
        series = series_of(session)
        playback = session.playback
        charts = self._window.charts
        keys = getattr(charts, "wanted", None)
        minus = getattr(charts, "minus", None)
        clip = session.clip
        title = "" if clip is None else f"{clip.path.name}, GoP boundaries {session.seam_mode.value}"
        region = session.view.inspection.region
        if region is not None:
            title += f", scores of the region {region.text}"
        data = ChartData(
            title,
            series,
            tuple(light_ink(entry.kind) for entry in series),
            tuple(playback.time_of(frame) for frame in range(playback.frame_count)),
            tuple(session.boundaries if session.gop_marks else ()),
            minus=minus,
        )
        return data if not keys else ChartData(*_fields(data), keys=tuple(keys), minus=minus)

    # The job

    def cancel(self) -> None:
        """Stop what is being written."""
        self.queue.cancel()

    def _written(self, target: Path) -> None:
        self._window.statusBar().showMessage(visible(f"Written: {target}"), _SHOWN_MS)

    def _shown(self) -> list[Take]:
        """Takes with a pane and pictures, the source first if it is among them."""
        takes = [take for take in self._session.takes.shown if take.source is not None]
        return sorted(takes, key=lambda take: take.kind is not Kind.SOURCE)

    def _folder(self) -> str:
        clip = self._session.clip
        return str(Path.home() if clip is None else clip.path.parent)

    def _proposed(self, suffix: str) -> str:
        clip = self._session.clip
        stem = "export" if clip is None else clip.path.stem.replace("%", "")
        return str(Path(self._folder()) / short_name(stem, suffix))


def _fields(data: "ChartData") -> tuple[Any, ...]:
    return data.title, data.series, data.colours, data.times_s, data.boundaries
