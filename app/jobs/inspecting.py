"""Looking closely, measured: where LPIPS lies in the picture on the screen, and what a region of it scores."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from cachetools import FIFOCache
from numpy.typing import NDArray
from psygnal import Signal

from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.parts import cut
from app.state.inspection import Overlay, Region
from app.state.regions import worst_regions
from app.state.session import Session
from app.state.takes import Take
from codec.context import WorkContext
from codec.media.picture import Picture

HeatMap = NDArray[np.float16]
"""(h, w), a value for every fourth pixel. LPIPS: >= 0, its mean is close to the picture's LPIPS. Texture: luma codes,
negative where detail was lost."""
MAP_STRIDE = 4
"""Pixels for each value of a map, either way."""
FINE_SIGMA, LOCAL_SIGMA = 1.5, 4.0
"""Pixels: what is finer than the first counts as detail, averaged over the second."""
KEPT_RESULTS = 64


@dataclass(frozen=True, slots=True)
class RegionScore:
    """What a region of a take scores against the same region of the reference."""

    psnr_db: float
    ssim: float | None
    """None where the region is smaller than SSIM's window."""
    lpips: float | None
    """None where the region is smaller than LPIPS needs."""


def heat_map(context: WorkContext, take: Picture, reference: Picture) -> HeatMap:
    """Where `take` differs from `reference` for LPIPS. Raises SettingError for pictures too small for LPIPS."""
    from codec.media.colour import to_rgb
    from codec.metrics.lpips import shared

    context.check()
    lpips = shared()
    features = [lpips.features(to_rgb(picture)[None]) for picture in (take, reference)]
    return lpips.distance_map(features[0], features[1])[0].cpu().numpy().astype(np.float16)


def texture_map(context: WorkContext, take: Picture, reference: Picture) -> HeatMap:
    """How much more fine detail `take` has than `reference`, in luma codes: the local root mean square of what a
    Gaussian of FINE_SIGMA takes away, in a window of LOCAL_SIGMA. Negative: blurred. Positive: invented, noise, rings.
    """
    from codec.media.colour import recoded

    context.check()
    change = _detail(recoded(take, reference.colour).y) - _detail(reference.y)
    # The same places as the LPIPS map has.
    return change[3::4, 3::4].astype(np.float16)


def _detail(y: NDArray[np.uint8]) -> NDArray[np.float32]:
    import cv2

    luma = y.astype(np.float32)
    fine = luma - cv2.GaussianBlur(luma, (0, 0), FINE_SIGMA)
    return np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), LOCAL_SIGMA))


_MAPS = {Overlay.LPIPS: heat_map, Overlay.TEXTURE: texture_map}


def region_score(context: WorkContext, take: Picture, reference: Picture, region: Region) -> RegionScore:
    """Score a region of a picture, cut from the RGB that is shown (SSIM: from luma in the reference's
    coding)."""
    from codec.media.colour import recoded, to_rgb
    from codec.metrics.frames import psnr_db
    from codec.metrics.lpips import MIN_SIDE, shared
    from codec.metrics.structure import WINDOW, ssim

    context.check()
    # Cut first, then converted: the same pixels as are scored frame by frame.
    reference, take = cut(reference, region), cut(take, region)
    ours, theirs, side = to_rgb(reference), to_rgb(take), min(region.width, region.height)
    similar = ssim(reference.y, recoded(take, reference.colour).y) if side >= WINDOW else None
    lpips = None
    if side >= MIN_SIDE:
        metric = shared()
        lpips = float(metric.distance(metric.features(theirs[None]), metric.features(ours[None]))[0])
    return RegionScore(psnr_db(ours, theirs), similar, lpips)


class Inspector:
    """One job at a time for what is on the screen of a paused clip; results stay until newer ones push them out.

    `picture_of(take, frame)` gives a decoded picture or None, without waiting.
    """

    changed = Signal()
    """A result arrived."""

    def __init__(self, session: Session, runner: Runner, picture_of: Callable[[Take, int], Picture | None]) -> None:
        self._session, self._runner, self._picture_of = session, runner, picture_of
        self._heat: FIFOCache[Hashable, HeatMap] = FIFOCache(KEPT_RESULTS)
        self._regions: FIFOCache[Hashable, RegionScore] = FIFOCache(KEPT_RESULTS)
        self._failed: set[Hashable] = set()
        self._job: Job | None = None
        self._regions_wanted = False
        inspection = session.view.inspection
        for signal in (inspection.changed, inspection.region_changed, session.playback.frame_changed):
            signal.connect(self.refresh)
        for signal in (session.playback.state_changed, session.seam_changed, session.view.layouts.changed):
            signal.connect(self.refresh)

    def heat(self, take: Take) -> HeatMap | None:
        """The map asked for of a take's picture on the screen, if it is computed."""
        return self._heat.get((self._key(take), self._session.view.inspection.overlay))

    def compares(self, take: Take) -> bool:
        """True for a take that is compared with the reference, which is another one."""
        return take is not self._reference()

    def worst_regions(self, take: Take, count: int) -> list[tuple[Region, float]]:
        """Squares of the picture on the screen where LPIPS lies densest, worst first; empty until it is computed."""
        heat, clip = self._heat.get((self._key(take), Overlay.LPIPS)), self._session.clip
        if heat is None or clip is None:
            return []
        side = max(32, min(clip.width, clip.height) // 6)
        return worst_regions(heat, MAP_STRIDE, (clip.width, clip.height), count, side)

    def want_regions(self, wanted: bool) -> None:
        """Compute LPIPS maps for `worst_regions` even when none is shown."""
        self._regions_wanted = wanted
        self.refresh()

    def region(self, take: Take) -> RegionScore | None:
        """What the region of a take's picture on the screen scores, if it is computed."""
        region = self._session.view.inspection.region
        return None if region is None else self._regions.get((self._key(take), region))

    def refresh(self) -> None:
        """Compute what is asked for and missing; nothing while the clip plays."""
        session, inspection = self._session, self._session.view.inspection
        if self._job is not None or session.clip is None or session.playback.playing:
            return
        reference = self._reference()
        for take in session.takes.shown:
            if take is reference or reference is None:
                continue
            key, region = self._key(take), inspection.region
            wanted = (inspection.overlay, Overlay.LPIPS if self._regions_wanted else None)
            for overlay in (overlay for overlay in wanted if overlay is not None):
                mapped = (key, overlay)
                if mapped not in self._heat and self._start(take, reference, mapped, self._heat, _MAPS[overlay], ()):
                    return
            whole = (key, region)
            if (
                region is not None
                and whole not in self._regions
                and self._start(take, reference, whole, self._regions, region_score, (region,))
            ):
                return

    def _reference(self) -> Take | None:
        takes = list(self._session.takes)
        chosen = self._session.view.layouts.reference
        return next((take for take in takes if take.id == chosen), takes[0] if takes else None)

    def _key(self, take: Take) -> Hashable:
        reference, frame, mode = self._reference(), self._session.playback.frame, self._session.seam_mode
        keys = [(t.picture_key(mode), frame + t.nudge) for t in (take, reference) if t is not None]
        return tuple(keys)

    def _start(
        self,
        take: Take,
        reference: Take,
        key: Hashable,
        results: FIFOCache[Hashable, Any],
        work: Callable[..., Any],
        more: tuple[Any, ...],
    ) -> bool:
        frame = self._session.playback.frame
        pictures = [self._picture_of(each, frame) for each in (take, reference)]
        if key in self._failed or any(picture is None for picture in pictures):
            return False
        self._job = self._runner.submit(
            Lane.METRICS,
            work,
            (*pictures, *more),
            on_done=lambda outcome, value: self._done(key, results, outcome, value),
        )
        return True

    def _done(self, key: Hashable, results: FIFOCache[Hashable, Any], outcome: Outcome, value: Any) -> None:
        self._job = None
        if outcome is Outcome.SUCCEEDED:
            results[key] = value
            self.changed.emit()
        elif outcome is Outcome.FAILED:
            self._failed.add(key)
            inspection = self._session.view.inspection
            self._regions_wanted = False
            if results is self._heat and inspection.overlay is not None:
                # It would fail for every frame alike (the pictures are too small for LPIPS).
                inspection.toggle_overlay(inspection.overlay)
            self._session.message.emit(str(value))
        self.refresh()
