"""Complete sets of images for the panes, made off the GUI thread and shown all at once.

A set holds the image of every take of an arrangement for one frame number. The window swaps whole sets, so no two panes
ever show different frames. The frame at hand is made first, then, while playing, those that follow it; while paused,
the pictures of the takes that are not shown, so that a flip or a blink shows at once.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.render.images import ImageStore, difference_image, picture_image
from app.state.layouts import Arrangement, DifferenceLook
from app.state.session import Session
from app.state.takes import Take
from codec.errors import SeamscopeError
from codec.gop import SeamMode
from codec.media.cache import FrameCache
from codec.media.picture import Picture

AHEAD = 8
"""Sets made ahead of the one shown."""


@dataclass(frozen=True, slots=True)
class FrameSet:
    """Images by take id for one frame; None where a take has no picture of it yet."""

    frame: int
    mode: SeamMode
    arrangement: Arrangement
    images: dict[int, QImage | None]
    errors: dict[int, str]

    @property
    def complete(self) -> bool:
        """True when every take had its picture."""
        return all(image is not None for image in self.images.values())


@dataclass(frozen=True, slots=True)
class _Request:
    frames: tuple[int, ...]
    arrangement: Arrangement
    takes: dict[int, Take]
    spare: tuple[int, ...]
    """Takes whose pictures of the first frame are made when nothing else is wanted."""
    mode: SeamMode
    generation: int


class Presenter(QObject):
    """Owns the picture thread, the picture cache and the images made from it."""

    ready = Signal(int)
    """A set for this frame is there; from the picture thread, queued."""
    spare_ready = Signal(int)
    """A picture of a take that is not shown is there for this frame; from the picture thread, queued."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.cache = FrameCache(session.settings.cache_limit_bytes)
        self.images = ImageStore()
        self._session = session
        self._sets: OrderedDict[int, FrameSet] = OrderedDict()
        self._spared: set[Hashable] = set()
        self._request: _Request | None = None
        self._generation = 0
        self._condition = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def arrangement(self) -> Arrangement:
        """What the session wants to see now."""
        session = self._session
        ids, shown = [take.id for take in session.takes], [take.id for take in session.takes.shown]
        return session.view.layouts.arrange(ids, shown, session.focus)

    def invalidate(self) -> None:
        """Arrangement, seam mode or pictures changed: sets made so far are stale."""
        with self._condition:
            self._generation += 1
            self._sets.clear()
            self._spared.clear()
        self.request()

    def forget_pictures(self) -> None:
        """Takes came or went: pictures of those that are gone need no memory."""
        self.images.clear()
        self.invalidate()

    def request(self) -> None:
        """Make what the playback needs now and next; while a seam is played to and fro, all its frames."""
        if self._session.clip is not None:
            wanted = (*self._session.playback.upcoming(AHEAD), *self._session.view.seam_loop.frames)
            self._ask(tuple(dict.fromkeys(wanted)))

    def prepare(self, frame: int) -> None:
        """Make the set of a frame that is not the playback's next, before all others."""
        self._ask((frame,))

    def _ask(self, frames: tuple[int, ...]) -> None:
        takes = {take.id: take for take in self._session.takes}
        arrangement = self.arrangement()
        idle = not self._session.playback.playing
        with self._condition:
            spare = tuple(takes) if idle else ()
            mode = self._session.seam_mode
            self._request = _Request(frames, arrangement, takes, spare, mode, self._generation)
            self._condition.notify()

    def get(self, frame: int) -> FrameSet | None:
        """The set of a frame, if it is made; put together on the spot when all its images are there."""
        with self._condition:
            made, request = self._sets.get(frame), self._request
        if made is not None or request is None or request.generation != self._generation:
            return made
        images: dict[int, QImage | None] = {}
        for number in request.arrangement.takes:
            image = self.images.get(_key(frame, number, request))
            if image is None:
                return None
            images[number] = image
        made = FrameSet(frame, request.mode, request.arrangement, images, {})
        with self._condition:
            self._keep(made, request)
        return made

    def picture_image(self, take: Take, frame: int) -> QImage | None:
        """The picture of a take, shown or not, if it is made."""
        return self.images.get(_picture_key(take, frame, self._session.seam_mode))

    def cached_picture(self, take: Take, frame: int) -> Picture | None:
        """The decoded picture of a take, if it is in the cache; never decodes."""
        try:
            return self.cache.get(take.picture_key(self._session.seam_mode), frame + take.nudge, _absent)
        except LookupError:
            return None

    def close(self) -> None:
        """End the picture thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._closed and (self._request is None or self._next() is None):
                    self._condition.wait()
                if self._closed:
                    return
                request, wanted = self._request, self._next()
            assert request is not None and wanted is not None
            frame, spare = wanted
            if spare is None:
                self._make_set(frame, request)
            else:
                self._make_spare(frame, spare, request)

    def _next(self) -> tuple[int, int | None] | None:
        """Frame to make a set of, or frame and take to make a spare picture of. Called with the lock held."""
        request = self._request
        assert request is not None
        for frame in request.frames:
            if frame not in self._sets:
                return frame, None
        first = request.frames[0]
        return next(((first, number) for number in request.spare if (first, number) not in self._spared), None)

    def _make_set(self, frame: int, request: _Request) -> None:
        images: dict[int, QImage | None] = {}
        errors: dict[int, str] = {}
        for number in request.arrangement.takes:
            images[number] = self._image(frame, number, request.arrangement.look_of(number), request, errors)
        made = FrameSet(frame, request.mode, request.arrangement, images, errors)
        with self._condition:
            if request.generation != self._generation:
                return
            self._keep(made, request)
        self.ready.emit(frame)

    def _keep(self, made: FrameSet, request: _Request) -> None:
        if request.generation != self._generation:
            return
        self._sets[made.frame] = made
        self._sets.move_to_end(made.frame)
        while len(self._sets) > 2 * AHEAD:
            self._sets.popitem(last=False)

    def _make_spare(self, frame: int, number: int, request: _Request) -> None:
        with self._condition:
            if len(self._spared) > 64:
                self._spared.clear()
            self._spared.add((frame, number))
        if self._image(frame, number, None, request, {}) is not None:
            self.spare_ready.emit(frame)

    def _image(
        self, frame: int, number: int, look: DifferenceLook | None, request: _Request, errors: dict[int, str]
    ) -> QImage | None:
        take, mode = request.takes[number], request.mode
        key = _key(frame, number, request) if look is not None else _picture_key(take, frame, mode)
        image = self.images.get(key)
        if image is not None:
            return image
        try:
            if not take.ready(frame, mode):
                return None
            if look is None:
                image = picture_image(self._picture(take, frame, mode))
            else:
                assert request.arrangement.reference is not None
                reference = request.takes[request.arrangement.reference]
                if not reference.ready(frame, mode):
                    return None
                pair = self._picture(take, frame, mode), self._picture(reference, frame, mode)
                image = difference_image(*pair, look)
        except SeamscopeError as error:
            errors[number] = str(error)
        except (OSError, IndexError) as error:
            # The take was removed while its picture was being read.
            errors[number] = f"{take.name}: the picture is gone ({error})."
        if image is not None:
            self.images.put(key, image)
        return image

    def _picture(self, take: Take, frame: int, mode: SeamMode) -> Picture:
        return self.cache.get(take.picture_key(mode), frame + take.nudge, lambda number: take.own_picture(number, mode))


def _absent(_number: int) -> Picture:
    raise LookupError


def _picture_key(take: Take, frame: int, mode: SeamMode) -> Hashable:
    return take.picture_key(mode), frame + take.nudge


def _key(frame: int, number: int, request: _Request) -> Hashable:
    """Key of an image: the picture's, and of a difference also the reference's and the look."""
    plain = _picture_key(request.takes[number], frame, request.mode)
    look, reference = request.arrangement.look_of(number), request.arrangement.reference
    if look is None or reference is None:
        return plain
    return plain, _picture_key(request.takes[reference], frame, request.mode), look
