"""Seams looked at closely: slices through a scan line, the seam ratio of a take. Work runs as jobs; answers to what is
no longer asked are dropped."""

from functools import partial

from psygnal import Signal

from app.jobs import seams
from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.seams import Slice
from app.jobs.sources import clip_spec, take_spec
from app.state.session import Session
from app.state.takes import Kind, Take
from codec.gop import SeamMode
from codec.media.cache import FrameCache
from codec.metrics.seams import SeamRatio

SLICE_REACH = 20
"""Frames of a slice to either side of the one shown when it was cut."""


class Seams:
    """Slices and ratios of a session's takes."""

    sliced = Signal(object)
    """dict[int, Slice]: by take's id, those cut so far."""
    measured = Signal()
    """`text`, `ratios` or `busy` changed."""

    def __init__(self, session: Session, runner: Runner, cache: FrameCache) -> None:
        self._session, self._runner, self._cache = session, runner, cache
        self._slicing: Job | None = None
        self._measuring: Job | None = None
        self.ratios: dict[SeamMode, SeamRatio] = {}
        """Of the take measured last."""
        self.text = ""
        """What was measured last, or is being measured, for a reader."""
        session.clip_changed.connect(self._clip_changed)

    def cut(self) -> None:
        """Slices of every visible take around the frame shown, along the scan line; none without a line."""
        session, row = self._session, self._session.view.inspection.scan_line
        if self._slicing is not None:
            self._runner.cancel(self._slicing)
            self._slicing = None
        if session.clip is None or row is None:
            self.sliced.emit({})
            return
        frame = session.playback.frame
        frames = range(max(0, frame - SLICE_REACH), min(session.clip.frame_count, frame + SLICE_REACH + 1))
        takes, made = tuple(session.takes.shown), dict[int, Slice]()

        def came(cut: Slice) -> None:
            made[cut.take] = cut
            self.sliced.emit(dict(made))

        arguments = (takes, frames, row, session.seam_mode, self._cache)
        self._slicing = self._runner.submit(Lane.MEDIA, seams.slices, arguments, on_event=came)

    @property
    def busy(self) -> bool:
        """True while a ratio is being measured."""
        return self._measuring is not None

    def at_hand(self, takes: list[Take]) -> Take | None:
        """The one chosen or in focus, else the newest that can be seen, else the newest."""
        session = self._session
        chosen = [take for number in (session.focus, session.selected) for take in takes if take.id == number]
        return (chosen or [take for take in takes if take.visible] or takes or [None])[-1]

    @property
    def measurable(self) -> Take | None:
        """The neural take at hand of those whose file is whole."""
        takes = self._session.takes
        return self.at_hand([t for t in takes if t.kind is Kind.NEURAL and t.encoded.rate is not None])

    def measure(self) -> None:
        """Measure the seam ratio of the take at hand in every seam mode whose stream is whole."""
        session, take = self._session, self.measurable
        if take is None or session.clip is None or self.busy:
            return
        overlap, whole = (
            (SeamMode.BLENDED, SeamMode.WIDE, SeamMode.HARD_CUT),
            take.disjoint is not None and take.disjoint.rate,
        )
        modes = (*overlap, SeamMode.DISJOINT) if whole else overlap
        arguments = (clip_spec(session.clip), take_spec(take, session), modes, session.theta)
        self._measuring = self._runner.submit(
            Lane.METRICS, seams.seam_ratios, arguments, on_done=partial(self._done, take, session.theta)
        )
        self._say(f"{take.name}: measuring …")

    def _done(self, take: Take, theta: float, outcome: Outcome, value: object) -> None:
        self._measuring = None
        if outcome is Outcome.SUCCEEDED and isinstance(value, dict):
            self.ratios = value
            lines = [f"Seam ratio of {take.name}, θ {theta:.2f} (95 % interval):"]
            for mode, found in self.ratios.items():
                between = f"{found.low:.2f} to {found.high:.2f}" if found.boundaries > 1 else "one seam: no interval"
                lines.append(f"{mode.value}: {found.ratio:.2f} ({between})")
            self._say("\n".join(lines))
        else:
            self._say(str(value) if outcome is Outcome.FAILED else "")

    def _say(self, text: str) -> None:
        self.text = text
        self.measured.emit()

    def _clip_changed(self) -> None:
        self.ratios = {}
        self.sliced.emit({})
        self._say("")
