"""Complete sets of pictures for the panes, made off the GUI thread and shown all at once.

A set holds the picture of every shown take for one frame number. The window swaps whole sets, so no two panes ever
show different frames. Sets are made for the frame at hand first, then for those that follow it while playing.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.state.session import Session
from app.state.takes import Take
from codec.errors import SeamscopeError
from codec.gop import SeamMode
from codec.media.cache import FrameCache
from codec.media.colour import to_rgb
from codec.media.picture import Picture, Rgb

AHEAD = 8
"""Sets made ahead of the one shown."""


@dataclass(frozen=True, slots=True)
class FrameSet:
    """Pictures by take id for one frame; None where a take has no picture of it yet."""

    frame: int
    mode: SeamMode
    images: dict[int, QImage | None]
    errors: dict[int, str]

    @property
    def complete(self) -> bool:
        """True when every take had its picture."""
        return all(image is not None for image in self.images.values())


@dataclass(frozen=True, slots=True)
class _Request:
    frames: tuple[int, ...]
    takes: tuple[Take, ...]
    mode: SeamMode
    generation: int


class Presenter(QObject):
    """Owns the picture thread and the picture cache."""

    ready = Signal(int)
    """A set for this frame is there; from the picture thread, queued."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.cache = FrameCache(session.settings.cache_limit_bytes)
        self._session = session
        self._sets: OrderedDict[int, FrameSet] = OrderedDict()
        self._request: _Request | None = None
        self._generation = 0
        self._condition = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def invalidate(self) -> None:
        """Panes, seam mode or pictures changed: sets made so far are stale."""
        with self._condition:
            self._generation += 1
            self._sets.clear()
        self.request()

    def request(self) -> None:
        """Make what the playback needs now and next."""
        if self._session.clip is None:
            return
        frames = tuple(self._session.playback.upcoming(AHEAD))
        with self._condition:
            takes = tuple(self._session.shown)
            self._request = _Request(frames, takes, self._session.seam_mode, self._generation)
            self._condition.notify()

    def prepare(self, frame: int) -> None:
        """Make the set of a frame that is not the playback's next, before all others."""
        with self._condition:
            takes = tuple(self._session.shown)
            self._request = _Request((frame,), takes, self._session.seam_mode, self._generation)
            self._condition.notify()

    def get(self, frame: int) -> FrameSet | None:
        """The set of a frame, if it is made."""
        with self._condition:
            return self._sets.get(frame)

    def close(self) -> None:
        """End the picture thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._closed and (self._request is None or self._next_frame() is None):
                    self._condition.wait()
                if self._closed:
                    return
                request, frame = self._request, self._next_frame()
            assert request is not None and frame is not None
            made = self._make(frame, request)
            with self._condition:
                if request.generation != self._generation:
                    continue
                self._sets[frame] = made
                self._sets.move_to_end(frame)
                while len(self._sets) > 2 * AHEAD:
                    self._sets.popitem(last=False)
            self.ready.emit(frame)

    def _next_frame(self) -> int | None:
        assert self._request is not None
        return next((frame for frame in self._request.frames if frame not in self._sets), None)

    def _make(self, frame: int, request: _Request) -> FrameSet:
        images: dict[int, QImage | None] = {}
        errors: dict[int, str] = {}
        for take in request.takes:
            images[take.id] = None
            try:
                if take.ready(frame, request.mode):
                    images[take.id] = to_image(to_rgb(self._picture(take, frame, request.mode)))
            except SeamscopeError as error:
                errors[take.id] = str(error)
            except (OSError, IndexError) as error:
                # The take was removed while its picture was being read.
                errors[take.id] = f"{take.name}: the picture is gone ({error})."
        return FrameSet(frame, request.mode, images, errors)

    def _picture(self, take: Take, frame: int, mode: SeamMode) -> Picture:
        return self.cache.get(take.picture_key(mode), frame, lambda index: take.picture(index, mode))


def to_image(rgb: Rgb) -> QImage:
    """(H, W, 3) uint8 to an image that owns its bytes, in the format that paints fastest."""
    height, width = rgb.shape[:2]
    view = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)
