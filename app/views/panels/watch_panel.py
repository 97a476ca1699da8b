"""A training run that is watched: where it stands, and the curves of its held-out crops."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.jobs.watching import Watching
from app.views import theme
from app.views.widgets import HtmlLabel, Label, plain_tip
from codec.texts import in_html, visible
from codec.training.vae.watching import Held

if TYPE_CHECKING:
    import pyqtgraph as pg

LOOK_MS = 1000
"""How often the folder is looked into."""
_COLOURS = ("#7cc4e8", "#8fd694", "#ffc857", "#ff9f6b", "#d3a4dd", "#e0cd7a", "#b8c0cc")
_LIGHT_COLOURS = ("#1d6fa5", "#2b7a33", "#9a6b00", "#c2410c", "#8336a0", "#7d6608", "#4b5563")
_IDLE = (
    "No training run is watched. Choose the folder that seamscope train --out writes: whenever a checkpoint arrives, "
    "the GoP on the screen is coded with it."
)
_CURVES = (("bpp", "Held-out rate (bits a pixel)"), ("lpips", "Held-out LPIPS"))


class WatchPanel(QWidget):
    """Looks into the folder once a second while a run is watched, whether the panel is seen or not."""

    def __init__(self, watching: Watching) -> None:
        super().__init__()
        self._watching = watching
        self.choose, self.stop = QPushButton("Choose a run…"), QPushButton("Stop")
        self.choose.setToolTip("The folder of a training run: seamscope train --out (Ctrl+Alt+R)")
        self.stop.setToolTip("Watch it no more; the take stays (Ctrl+Alt+Shift+R)")
        self.state = Label(_IDLE)
        self.state.setWordWrap(True)
        self.state.setAccessibleName("The training run")
        self.legend = HtmlLabel()
        self.legend.setWordWrap(True)
        self.legend.setAccessibleName("λ of the curves")
        self.plots: dict[str, pg.PlotWidget] = {}
        """By column of the log; made when they are first seen."""
        self._drawn: tuple[Held, ...] = ()
        self._colours: tuple[str, ...] = ()
        buttons = QHBoxLayout()
        buttons.addWidget(self.choose, 1)
        buttons.addWidget(self.stop)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, 4, 4, 4)
        self._column.addLayout(buttons)
        self._column.addWidget(self.state)
        self._column.addWidget(self.legend)
        self._column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(watching.look)
        watching.changed.connect(self.refresh)

    def showEvent(self, event) -> None:
        """Up to date as soon as it is seen."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Say where the run stands; draw its curves while they are seen."""
        watching = self._watching
        on = watching.folder is not None
        if on != self._timer.isActive():
            (self._timer.start if on else self._timer.stop)()
        self.state.setText(self._text())
        self.state.setToolTip(plain_tip(str(watching.folder)) if on else "")
        if self.isVisible():
            self._draw()

    def _text(self) -> str:
        watching, sight = self._watching, self._watching.sight
        if watching.folder is None:
            return _IDLE
        lines = [visible(watching.folder.name)]
        if watching.error:
            lines.append(visible(watching.error))
        if sight is not None:
            stage = f", {visible(sight.stage)}" if sight.stage else ""
            lines.append(f"The run is at step {sight.step}{stage}." if sight.step else "The log has no steps yet.")
            if sight.checkpoint is None:
                lines.append("There is no checkpoint yet.")
            elif watching.busy:
                lines.append(f"Coding the GoP on the screen with the checkpoint of step {sight.checkpoint.step} …")
            elif watching.step is not None:
                lines.append(f"Shown: the checkpoint of step {watching.step}.")
            elif not watching.error:
                lines.append(f"The checkpoint is of step {sight.checkpoint.step}; it codes the clip that is open.")
        return "\n".join(lines)

    def _draw(self) -> None:
        held = () if self._watching.sight is None else self._watching.sight.held
        colours = _COLOURS if theme.current() is theme.DARK else _LIGHT_COLOURS
        if (held, colours) == (self._drawn, self._colours):
            return
        if not self.plots:
            self._build()
        self._drawn, self._colours = held, colours
        names = list(dict.fromkeys(each.lmbda for each in held))[: len(colours)]
        inks: dict[str, str] = dict(zip(names, colours, strict=False))
        self.legend.setText(
            " &nbsp; ".join(f'<span style="color:{ink}">λ {in_html(name)}</span>' for name, ink in inks.items())
        )
        for column, plot in self.plots.items():
            self._fill(plot, column, held, inks)

    def _build(self) -> None:
        # Not with the window: it takes a while to load.
        import pyqtgraph as pg

        stretch = self._column.count() - 1
        for column, title in _CURVES:
            plot = self.plots[column] = pg.PlotWidget()
            plot.setMinimumHeight(120)
            plot.setAccessibleName(title)
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.showGrid(x=False, y=True, alpha=0.2)
            # The rates of all λ lie within a factor of forty.
            plot.setLogMode(x=False, y=column == "bpp")
            # Of a logarithmic axis only the decades are named: the lines between lie too close.
            plot.getAxis("left").setStyle(maxTextLevel=0 if column == "bpp" else 2)
            self._column.insertWidget(stretch, plot, 20)
            self._column.insertWidget(stretch, Label(title))
            stretch += 2

    def _fill(self, plot: "pg.PlotWidget", column: str, held: tuple[Held, ...], inks: dict[str, str]) -> None:
        import pyqtgraph as pg

        chosen = theme.current()
        plot.setBackground(chosen.ground)
        item: Any = plot.getPlotItem()
        for name in ("left", "bottom"):
            item.getAxis(name).setPen(chosen.muted)
            item.getAxis(name).setTextPen(chosen.muted)
        item.clear()
        for name, ink in inks.items():
            rows = [each for each in held if each.lmbda == name and getattr(each, column) > 0]
            item.plot(
                [each.step for each in rows],
                [getattr(each, column) for each in rows],
                pen=pg.mkPen(QColor(ink), width=2),
                symbol="o",
                symbolSize=5,
                symbolBrush=QColor(ink),
                symbolPen=None,
            )
