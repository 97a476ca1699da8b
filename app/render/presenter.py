"""Complete sets of images for the panes, rendered off the GUI thread and shown all at once.

A set holds the image of every take of an arrangement for one frame number. The window swaps whole sets, so no two panes
ever show different frames. The frame at hand is rendered first, then, while playing, those that follow it; while
paused, the pictures of the takes that are not shown and the frames beside it, so that a flip, a blink or a step shows
at once.

Images are rendered as the panes need them (`set_framings`): scaled, or the part that is seen. A set that was made for
other panes is shown all the same, stretched, until the right images come.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.render import scaling
from app.render.choice import shows_ten_bits, use_opengl
from app.render.framing import Framing
from app.render.images import ImageStore
from app.render.shown import Shown
from app.state.components import Component
from app.state.layouts import Arrangement, DifferenceLook
from app.state.session import Session
from app.state.takes import Take
from codec.allocator import give_back_pictures
from codec.errors import SeamscopeError
from codec.gop import SeamMode
from codec.media.cache import FrameCache
from codec.media.picture import Picture, Transfer

AHEAD = 8
"""Sets rendered ahead of the one shown, where memory allows."""
BESIDE = (1, -1, 2, 3, -2)
"""Frames rendered while paused, counted from the one shown."""
PATIENCE_S = 2.0
"""How long the end of the window waits for the picture at hand."""
QUIET_S = 0.1
"""After a jump, how long nothing is rendered beforehand: the next jump must not wait for it."""
SETS_BYTES = 256 * 2**20
"""What the sets rendered ahead may hold; large pictures of many takes get fewer sets, but at least two."""


@dataclass(frozen=True, slots=True)
class FrameSet:
    """Images by take id for one frame."""

    frame: int
    mode: SeamMode
    arrangement: Arrangement
    images: dict[int, dict[Framing, QImage]]
    """Empty where a graphics card draws, or a take has no picture."""
    errors: dict[int, str]
    shown: dict[int, Shown] = field(default_factory=dict)
    """Takes whose picture is there."""
    framings: tuple[Framing, ...] = ()
    """Those that every image was rendered in."""

    @property
    def complete(self) -> bool:
        """True when every take had its picture."""
        return all(number in self.shown for number in self.images)


@dataclass(frozen=True, slots=True)
class _Request:
    frames: tuple[int, ...]
    arrangement: Arrangement
    takes: dict[int, Take]
    framings: tuple[Framing, ...]
    spare: tuple[int, ...]
    """Takes whose pictures of the first frame are rendered when nothing else is wanted."""
    beside: tuple[int, ...]
    """Frames whose sets are rendered after that, if it costs little."""
    mode: SeamMode
    transfer: Transfer
    deep: bool
    component: Component | None
    generation: int


class Presenter(QObject):
    """Owns the picture threads, the picture cache and the images rendered from it."""

    ready = Signal(int)
    """A set for this frame is there; from the picture thread, queued."""
    spare_ready = Signal(int)
    """A picture of a take that is not shown is there for this frame; from the picture thread, queued."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.planes_only = False
        """A graphics card converts: no images are rendered."""
        give_back_pictures()
        self.cache = FrameCache(session.settings.cache_limit_bytes)
        self.images = ImageStore()
        self._session = session
        self._sets: OrderedDict[int, FrameSet] = OrderedDict()
        self._spared: set[Hashable] = set()
        self._tried: set[int] = set()
        """Frames beside the one shown that were looked at for the request at hand."""
        self._framings: tuple[Framing, ...] = ()
        self._quiet_until_s = 0.0
        """Before this nothing is rendered that is not wanted now: somebody is dragging along the timeline."""
        self._request: _Request | None = None
        self._generation = 0
        self._room = 2
        self._condition = threading.Condition()
        self._closed = False
        self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), "pictures")
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def warm_up(self) -> None:
        """Load what the first picture will need."""
        self._pool.submit(scaling.warm_up)

    def arrangement(self) -> Arrangement:
        """What the session wants to see now."""
        session = self._session
        ids, shown = [take.id for take in session.takes], [take.id for take in session.takes.shown]
        return session.view.layouts.arrange(ids, shown, session.focus)

    def set_framings(self, framings: tuple[Framing, ...]) -> None:
        """What the panes that can be seen need. Sets that lack it are rendered again from the pictures they hold."""
        if framings != self._framings:
            self._framings = framings
            self.request()

    def invalidate(self) -> None:
        """Arrangement, seam mode or pictures changed: sets rendered so far are stale."""
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
            frame, loop = self._session.playback.frame, self._session.view.seam_loop.frames
            if frame in loop:
                loop = loop[loop.index(frame) :] + loop[: loop.index(frame)]
            wanted = (*self._session.playback.upcoming(AHEAD), *loop)
            self._ask(tuple(dict.fromkeys(wanted)))

    def prepare(self, frame: int) -> None:
        """Make the set of a frame that is not the playback's next, before all others."""
        self._ask((frame,))

    def _ask(self, frames: tuple[int, ...]) -> None:
        if self._session.clip is not None:
            self._session.clip.keep_deep(shows_ten_bits())
        takes = {take.id: take for take in self._session.takes}
        arrangement = self.arrangement()
        self.planes_only = use_opengl()
        framings = () if self.planes_only else self._framings
        self._room = self._sets_that_fit(len(arrangement.takes), framings)
        playback = self._session.playback
        spare, beside = (), ()
        if not playback.playing:
            spare = tuple(takes)
            beside = tuple(f for by in BESIDE if 0 <= (f := playback.frame + by) < playback.frame_count)
        with self._condition:
            mode, before = self._session.seam_mode, self._request
            if before is not None and abs(frames[0] - before.frames[0]) > 1:
                self._quiet_until_s = time.monotonic() + QUIET_S
            self._request = _Request(
                frames[: self._room],
                arrangement,
                takes,
                framings,
                spare,
                beside,
                mode,
                self._session.tone_transfer,
                self._session.deep,
                self._session.view.component,
                self._generation,
            )
            self._tried.clear()
            self._condition.notify()

    def _sets_that_fit(self, takes: int, framings: tuple[Framing, ...]) -> int:
        clip = self._session.clip
        samples = 0 if clip is None else clip.width * clip.height
        # A picture is held in 4:2:0, with what it is compared with at most twice that.
        set_bytes = max(1, takes * (2 * samples + sum(4 * framing.pixels for framing in framings)))
        return max(2, min(2 * AHEAD, SETS_BYTES // set_bytes))

    def get(self, frame: int) -> FrameSet | None:
        """The set of a frame, if it is rendered; put together on the spot when all its images are there."""
        with self._condition:
            made, request = self._sets.get(frame), self._request
        if made is not None or request is None or request.generation != self._generation:
            return made
        made = self._at_hand(frame, request)
        if made is not None:
            with self._condition:
                self._keep(made, request)
        return made

    def _at_hand(self, frame: int, request: _Request) -> FrameSet | None:
        """The set of a frame from what is in memory; None when anything would have to be decoded or converted."""
        images: dict[int, dict[Framing, QImage]] = {}
        shown: dict[int, Shown] = {}
        arrangement = request.arrangement
        reference = None if arrangement.reference is None else request.takes.get(arrangement.reference)
        for number in arrangement.takes:
            look, take = arrangement.look_of(number), request.takes[number]
            picture = self.cached_picture(take, frame)
            other = None if look is None or reference is None else self.cached_picture(reference, frame)
            if picture is None or (look is not None and other is None):
                return None
            images[number] = {} if self.planes_only else self.images.all_of(_key(frame, number, request))
            if not images[number] and not self.planes_only:
                return None
            shown[number] = Shown(picture, other, look, request.transfer, request.deep, request.component)
        all_there = all(framing in made for made in images.values() for framing in request.framings)
        framings = request.framings if all_there else ()
        return FrameSet(frame, request.mode, arrangement, images, {}, shown, framings)

    def cached_picture(self, take: Take, frame: int) -> Picture | None:
        """The decoded picture of a take, if it is in the cache; never decodes."""
        try:
            return self.cache.get(take.picture_key(self._session.seam_mode), frame + take.nudge, _absent)
        except LookupError:
            return None

    def close(self) -> None:
        """End the picture threads; one that is stuck in a read is left behind."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(PATIENCE_S)
        self._pool.shutdown(wait=not self._thread.is_alive(), cancel_futures=True)

    def _work(self) -> None:
        while True:
            with self._condition:
                wanted = None
                while not self._closed and (wanted := self._next()) is None:
                    pause_s = self._quiet_until_s - time.monotonic()
                    self._condition.wait(pause_s if pause_s > 0 else None)
                request = self._request
            if request is None or wanted is None:
                return
            frame, spare = wanted
            if spare is not None:
                self._make_spare(frame, spare, request)
            elif frame in request.frames or self._costs_little(frame, request):
                self._make_set(frame, request)

    def _next(self) -> tuple[int, int | None] | None:
        """Frame to make a set of, or frame and take to make a spare picture of; None when there is nothing to do.
        Called with the lock held; a frame beside the one shown is offered once."""
        request = self._request
        if request is None:
            return None
        for frame in request.frames:
            made = self._sets.get(frame)
            if made is None or made.framings != request.framings:
                return frame, None
        if time.monotonic() < self._quiet_until_s:
            return None
        first = request.frames[0]
        for number in request.spare:
            if (first, number, request.framings) not in self._spared:
                return first, number
        for frame in request.beside:
            if frame not in self._tried:
                self._tried.add(frame)
                made = self._sets.get(frame)
                if made is None or made.framings != request.framings:
                    return frame, None
        return None

    def _costs_little(self, frame: int, request: _Request) -> bool:
        """Frames behind may have to be decoded from a distant key frame: only if they are in memory."""
        takes = [request.takes[number] for number in request.arrangement.takes]
        if not all(take.ready(frame, request.mode) for take in takes):
            return False
        return frame > request.frames[0] or all(self.cached_picture(take, frame) is not None for take in takes)

    def _make_set(self, frame: int, request: _Request) -> None:
        images: dict[int, dict[Framing, QImage]] = {}
        errors: dict[int, str] = {}
        shown: dict[int, Shown] = {}

        def make(number: int) -> tuple[Shown | None, dict[Framing, QImage]]:
            found = self._shown(frame, number, request.arrangement.look_of(number), request, errors)
            if found is None:
                return None, {}
            return found, self._images(_key(frame, number, request), found, number, request, errors)

        takes = request.arrangement.takes
        # Decoding and conversion let other threads run: takes are rendered side by side.
        for number, (found, made) in zip(takes, self._pool.map(make, takes), strict=True):
            images[number] = made
            if found is not None and number not in errors:
                shown[number] = found
        made_set = FrameSet(frame, request.mode, request.arrangement, images, errors, shown, request.framings)
        with self._condition:
            if request.generation != self._generation:
                return
            self._keep(made_set, request)
        self.ready.emit(frame)

    def _keep(self, made: FrameSet, request: _Request) -> None:
        if request.generation != self._generation:
            return
        self._sets[made.frame] = made
        self._sets.move_to_end(made.frame)
        while len(self._sets) > self._room + 1:
            self._sets.popitem(last=False)

    def _make_spare(self, frame: int, number: int, request: _Request) -> None:
        with self._condition:
            if len(self._spared) > 64:
                self._spared.clear()
            self._spared.add((frame, number, request.framings))
        found = self._shown(frame, number, None, request, {})
        if found is None:
            return
        self._images(_plain_key(frame, number, request), found, number, request, {})
        self.spare_ready.emit(frame)

    def _shown(
        self, frame: int, number: int, look: DifferenceLook | None, request: _Request, errors: dict[int, str]
    ) -> Shown | None:
        """A take's picture and what it is compared with, decoded if need be; None where one is not there yet."""
        take, mode, reference = request.takes[number], request.mode, request.arrangement.reference
        other = None if look is None or reference is None else request.takes[reference]
        try:
            if not take.ready(frame, mode) or (other is not None and not other.ready(frame, mode)):
                return None
            against = None if other is None else self._picture(other, frame, mode)
            picture = self._picture(take, frame, mode)
            return Shown(picture, against, look, request.transfer, request.deep, request.component)
        except SeamscopeError as error:
            errors[number] = str(error)
        except (OSError, IndexError) as error:
            # The take was removed while its picture was being read.
            errors[number] = f"{take.name}: the picture is gone ({error})."
        return None

    def _images(
        self, key: Hashable, shown: Shown, number: int, request: _Request, errors: dict[int, str]
    ) -> dict[Framing, QImage]:
        """A picture in all framings that are asked for."""
        found: dict[Framing, QImage] = {}
        for framing in request.framings:
            image = self.images.get(key, framing)
            if image is None:
                try:
                    image = shown.framed(framing)
                except SeamscopeError as error:
                    errors[number] = str(error)
                    break
                self.images.put(key, framing, image)
            found[framing] = image
        return found

    def _picture(self, take: Take, frame: int, mode: SeamMode) -> Picture:
        return self.cache.get(take.picture_key(mode), frame + take.nudge, lambda number: take.own_picture(number, mode))


def _absent(_number: int) -> Picture:
    raise LookupError


def _picture_key(take: Take, frame: int, mode: SeamMode) -> Hashable:
    return take.picture_key(mode), frame + take.nudge


def _plain_key(frame: int, number: int, request: _Request) -> Hashable:
    return _picture_key(request.takes[number], frame, request.mode), request.transfer, request.component


def _key(frame: int, number: int, request: _Request) -> Hashable:
    """Key of an image: the picture's, and of a difference also the reference's and the look."""
    plain = _plain_key(frame, number, request)
    look, reference = request.arrangement.look_of(number), request.arrangement.reference
    if look is None or reference is None:
        return plain
    return plain, _picture_key(request.takes[reference], frame, request.mode), look
