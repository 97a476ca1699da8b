"""Everything the window shows, in one place: clip, takes, playback, view, scores, and how seams are shown."""

from pathlib import Path

from psygnal import Signal

from app.state.blind_results import BlindResults
from app.state.choice import Choice
from app.state.draft import Draft
from app.state.history import History
from app.state.playback import Playback
from app.state.scores import IN_REGION, Key, Scores
from app.state.settings import Settings, load_settings, save_settings
from app.state.take_list import TakeList
from app.state.takes import TAKE_LIMIT, Encoded, Kind, Status, Take
from app.state.view import View
from app.state.voting import Voting
from app.state.work import Work
from codec import gop
from codec.gop import DEFAULT_THETA, SeamMode
from codec.media.clip import Clip
from codec.media.picture import Transfer
from codec.pipeline.spooled import SpooledTake

NOTES_LIMIT = 100_000
"""Longest notes in characters."""
SEAM_CYCLE = (SeamMode.BLENDED, SeamMode.WIDE, SeamMode.HARD_CUT, SeamMode.DISJOINT)


class Session:
    """The application's state. Widgets subscribe to the signals; actions and jobs change it."""

    clip_changed = Signal()
    seam_changed = Signal()
    """Seam mode, θ or GoP marks changed."""
    selection_changed = Signal()
    focus_changed = Signal()
    """Which single take fills the window changed."""
    message = Signal(str)
    """A sentence for the user (an error, a note)."""
    settings_changed = Signal()
    notes_changed = Signal()
    """The notes, the bitrate lock or the choice changed."""

    def __init__(self, settings_path: Path) -> None:
        self._settings_path = settings_path
        self.settings = load_settings(settings_path)
        self.draft = Draft(self.settings)
        """What would be encoded next."""
        self.clip: Clip | None = None
        self.takes = TakeList()
        self.playback = Playback()
        self.view = View()
        self.scores = Scores()
        self.blind = BlindResults()
        """Blind tests of the clip."""
        self.voting = Voting(self.view.layouts)
        self.history = History()
        self.notes = ""
        """What the user wrote down about the clip; changed through `set_notes`."""
        self.rate_lock = False
        """Rivals matched to a neural take follow its bitrate when it is encoded again."""
        self.choice: Choice | None = None
        """The operating point of the clip; changed through `set_choice`."""
        self.gop_marks = True
        self.seam_mode = SeamMode.BLENDED
        self.theta = DEFAULT_THETA
        """Weight of the earlier GoP in a blended frame, 0 to 1; changed through `set_theta`."""
        self.focus: int | None = None
        """Id of the take shown alone, or None for all panes."""
        self.selected: int | None = None
        """Id of the take that commands on one take mean; changed through `select`."""

    def set_clip(self, clip: Clip) -> Take:
        """Show another clip; returns the take of its source. What there was is gone, unless it was put away."""
        self.clip = clip
        self.takes.clear()
        self.focus = self.selected = None
        self.set_notes("")
        self.set_choice(None)
        self.scores.reset(clip.frame_count)
        info = clip.info
        size = f"{clip.width}x{clip.height}, {float(clip.timing.frame_rate):.4g} fps"
        source = self.takes.add(Kind.SOURCE, size, status=Status.READY)
        self.takes.update(source, source=clip, encoded=Encoded(clip.path), note=" ".join(info.notes))
        self.view.reset()
        self.playback.set_timing(clip.timing)
        self.update_settings(self.settings.with_recent(clip.path.absolute()))
        self.clip_changed.emit()
        return source

    def put_away(self) -> Work | None:
        """What is shown, so that it can come back; None without a clip. Nothing changes."""
        clip, playback = self.clip, self.playback
        if clip is None:
            return None
        return Work(
            clip, tuple(self.takes), self.scores.kept(), self.notes, self.choice, self.rate_lock, self.seam_mode,
            self.theta, self.gop_marks, self.view.as_values(), playback.frame, playback.in_point, playback.out_point,
            playback.loop, playback.speed, self.selected,
        )  # fmt: skip

    def bring_back(self, work: Work) -> None:
        """Show what was put away, instead of what there is."""
        self.clip = work.clip
        self.takes.clear()
        self.focus = self.selected = None
        self.scores.restore(work.clip.frame_count, work.scores)
        self.set_notes(work.notes)
        self.set_choice(work.choice)
        self.set_rate_lock(work.rate_lock)
        playback = self.playback
        playback.set_timing(work.clip.timing)
        playback.set_out(work.out_point)
        playback.set_in(work.in_point)
        playback.loop = work.loop
        playback.set_speed(work.speed, 0.0)
        playback.seek(work.frame)
        self.takes.put_back(work.takes)
        self.view.reset()
        self.view.restore(work.view)
        self.clip_changed.emit()
        self.set_seam_mode(work.seam_mode)
        self.set_theta(work.theta)
        if self.gop_marks != work.gop_marks:
            self.toggle_gop_marks()
        self.select(None if work.selected is None else self.takes.by_id(work.selected))

    @property
    def shown(self) -> list[Take]:
        """Takes with a pane now: all visible ones, or the one in focus."""
        focus = None if self.focus is None else self.takes.by_id(self.focus)
        return self.takes.shown if focus is None else [focus]

    @property
    def boundaries(self) -> list[int]:
        """Frames where a GoP begins in the structure shown now."""
        if self.clip is None:
            return []
        return gop.boundaries(self.clip.frame_count, self.seam_mode.structure)

    @property
    def deep(self) -> bool:
        """True for a clip of more than 8 bits a sample."""
        return self.clip is not None and self.clip.info.bit_depth > 8

    @property
    def tone_transfer(self) -> Transfer:
        """How the clip's pictures are to be tone-mapped; SDR: not at all."""
        on = self.clip is not None and self.view.tone_mapping
        return self.clip.info.transfer if on and self.clip is not None else Transfer.SDR

    def score_key(self, take: Take) -> Key:
        """Where the take's measurements in the current seam mode, and in the region if there is one, lie."""
        number, shown = take.picture_key(self.seam_mode)
        region = self.view.inspection.region
        return (number, shown) if region is None else (number, f"{shown}{IN_REGION}{region.text}")

    def set_focus(self, take: Take | None) -> None:
        """Show one take alone, or all again."""
        self.focus = None if take is None else take.id
        self.focus_changed.emit()

    def select(self, take: Take | None) -> None:
        """Choose the take that commands on one take mean."""
        number = None if take is None else take.id
        if number != self.selected:
            self.selected = number
            self.selection_changed.emit()

    def has_room(self) -> bool:
        """True when one more take can be added; else a message says why not."""
        if self.takes.is_full:
            self.message.emit(f"There are {TAKE_LIMIT} takes: a project holds no more. Remove one first.")
        return not self.takes.is_full

    def select_next(self, step: int) -> None:
        """Choose the take after (+1) or before (-1) the current one, round the end; the source is passed over."""
        takes = [take for take in self.takes if take.kind is not Kind.SOURCE]
        if takes:
            current = self.current
            place = takes.index(current) if current in takes else -1
            self.select(takes[(place + step) % len(takes)])

    @property
    def current(self) -> Take | None:
        """The take that commands on one take mean: the one selected, else the one alone, else the last; no source."""
        for number in (self.selected, self.focus):
            take = None if number is None else self.takes.by_id(number)
            if take is not None and take.kind is not Kind.SOURCE:
                return take
        return next((take for take in reversed(list(self.takes)) if take.kind is not Kind.SOURCE), None)

    def cycle_seam_mode(self) -> None:
        """Blended, blended wide, hard cut, disjoint, blended, ..."""
        self.set_seam_mode(SEAM_CYCLE[(SEAM_CYCLE.index(self.seam_mode) + 1) % len(SEAM_CYCLE)])

    def set_seam_mode(self, mode: SeamMode) -> None:
        """How GoP boundaries are shown, at the same frame."""
        self.seam_mode = mode
        self.takes.set_seam_mode(mode)
        self.seam_changed.emit()

    def set_theta(self, theta: float) -> None:
        """Weight of the earlier GoP's picture in a shared frame; clamped to 0..1."""
        self.theta = min(1.0, max(0.0, theta))
        for take in self.takes:
            if isinstance(take.source, SpooledTake):
                take.source.theta = self.theta
        self.seam_changed.emit()

    def set_notes(self, notes: str) -> None:
        """Replace the notes, cut to NOTES_LIMIT, which is told."""
        kept = notes.replace("\0", "")[:NOTES_LIMIT]
        if kept != self.notes:
            self.notes = kept
            self.notes_changed.emit()
        if len(notes) > NOTES_LIMIT:
            self.message.emit(f"Notes are cut to {NOTES_LIMIT} characters: a project holds no more.")

    def set_choice(self, choice: Choice | None) -> None:
        """Another operating point, or none."""
        self.choice = choice
        self.notes_changed.emit()

    def set_rate_lock(self, locked: bool) -> None:
        """Rivals follow the neural take's bitrate, or stay as they are."""
        self.rate_lock = locked
        self.notes_changed.emit()

    def toggle_gop_marks(self) -> None:
        """Boundary marks on pictures, timeline and charts."""
        self.gop_marks = not self.gop_marks
        self.seam_changed.emit()

    def update_settings(self, settings: Settings) -> None:
        """Replace and store the settings."""
        self.settings = settings
        save_settings(self._settings_path, settings)
        self.settings_changed.emit()
