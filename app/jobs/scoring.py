"""Keeps every take's scores up with its pictures: what is on the screen first, all takes advancing together."""

from collections.abc import Callable
from typing import Any

import numpy as np

from app.jobs import tasks
from app.jobs.job import Job, Lane, Outcome, Runner
from app.jobs.sources import clip_spec, take_spec
from app.state.scores import IN_REGION, MIN_SCORED_SIDE, Key
from app.state.session import Session
from app.state.takes import Kind, Status, Take
from codec import gop
from codec.gop import SeamMode, Structure
from codec.media.clip import Clip
from codec.pipeline.spooled import SpooledTake

BATCH_FRAMES = 8
"""Frames of one job: few, so that a change of seam mode or position is followed within a second."""
VMAF_FRAMES = 48
"""Frames of one VMAF job: a program is started for each."""


class Scoring:
    """One job at a time; the next is chosen when it ends, from what can be shown then and was not scored yet."""

    def __init__(self, session: Session, runner: Runner) -> None:
        self._session, self._runner = session, runner
        self._job: Job | None = None
        self._job_take: Take | None = None
        self._scored: dict[Key, set[int]] = {}
        self._vmaf: dict[Key, set[int]] = {}
        """Frames with a VMAF, which is computed once a take has all its other scores."""
        self._given_up: set[Key] = set()
        session.view.inspection.region_changed.connect(self._region_changed)

    def _region_changed(self) -> None:
        """Other scores are wanted than those being computed."""
        self._stop()
        self.refresh()

    def reset(self) -> None:
        """A new clip: nothing is scored."""
        self._stop()
        self._scored.clear()
        self._vmaf.clear()
        self._given_up.clear()

    def forget(self, take: Take) -> None:
        """A take went: stop, and let the worker give back its files."""
        if self._job_take is take:
            self._stop()
        self._drop(take)
        spec = take_spec(take, self._session)
        if spec is not None and take.kind is not Kind.SOURCE:
            self._runner.submit(Lane.METRICS, tasks.forget, (spec,))

    def restart(self, take: Take) -> None:
        """A take's pictures are others now: its scores go, and are computed anew."""
        if self._job_take is take:
            self._stop()
        self._drop(take)
        self._given_up = {key for key in self._given_up if key[0] != take.id}
        self._session.scores.forget(take.id)
        self.refresh()

    def _drop(self, take: Take) -> None:
        for done in (self._scored, self._vmaf):
            for key in [key for key in done if key[0] == take.id]:
                del done[key]

    def refresh(self) -> None:
        """Go on if there is something to score: pictures came, the seam mode or θ changed."""
        clip = self._session.clip
        if self._job is not None or clip is None or self._too_small(clip):
            return
        for work, next_frames in ((tasks.score, self._next_frames), (tasks.score_vmaf, self._next_vmaf)):
            chosen: tuple[tuple[bool, int], Take, list[int]] | None = None
            for take in self._session.takes:
                frames = next_frames(take)
                if frames:
                    rank = (not take.visible, (frames[0] - self._origin) % clip.frame_count)
                    if chosen is None or rank < chosen[0]:
                        chosen = rank, take, frames
            if chosen is not None:
                self._submit(work, chosen[1], chosen[2])
                return

    def _too_small(self, clip: Clip) -> bool:
        region = self._session.view.inspection.region
        return region is not None and min(region.width, region.height) < min(MIN_SCORED_SIDE, clip.width, clip.height)

    @property
    def _origin(self) -> int:
        """First frame of the GoP on the screen."""
        clip, structure = self._session.clip, self._session.seam_mode.structure
        assert clip is not None
        visible = gop.gop_of(self._session.playback.frame, clip.frame_count, structure)
        return gop.gop_at(visible, clip.frame_count, structure).start

    def _next_frames(self, take: Take) -> list[int]:
        """Up to BATCH_FRAMES consecutive frames to score, from the GoP on the screen on, then from the start."""
        clip, mode = self._session.clip, take.mode_for(self._session.seam_mode)
        assert clip is not None
        key = self._session.score_key(take)
        if take.kind is Kind.SOURCE or take.source is None or key in self._given_up:
            return []
        self._adopt(take, key)
        done, count, origin = self._scored.setdefault(key, set()), clip.frame_count, self._origin
        # A frame's tLP needs the frame before it.
        found: list[int] = []
        for index in (*range(origin, count), *range(origin)):
            wanted = index not in done and take.ready(index, mode) and (index == 0 or take.ready(index - 1, mode))
            if wanted and (not found or index == found[-1] + 1):
                found.append(index)
            elif found:
                break
            if len(found) == BATCH_FRAMES:
                break
        return found

    def _adopt(self, take: Take, key: Key) -> None:
        """Take over scores from another way of showing the same GoPs, for frames that look the same in both."""
        mode = take.mode_for(self._session.seam_mode)
        if not isinstance(take.source, SpooledTake) or mode.structure is not Structure.OVERLAP:
            return
        disjoint, region = take.picture_key(SeamMode.DISJOINT)[1], key[1].partition(IN_REGION)[2]
        mine = self._scored.setdefault(key, set())
        for other, theirs in self._scored.items():
            shown, _, part = other[1].partition(IN_REGION)
            if other[0] == take.id and part == region and shown != disjoint and other != key and not theirs <= mine:
                seams = set(gop.boundaries(take.source.frame_count, Structure.OVERLAP))
                shift = take.nudge
                same = {i for i in theirs - mine if i + shift not in seams and i + shift - 1 not in seams}
                if same:
                    self._session.scores.copy(other, key, same)
                    mine |= same
                    self._vmaf.setdefault(key, set()).update(same & self._vmaf.get(other, set()))

    def _next_vmaf(self, take: Take) -> list[int]:
        """Up to VMAF_FRAMES consecutive frames of a whole take that has all its other scores."""
        clip, mode = self._session.clip, take.mode_for(self._session.seam_mode)
        assert clip is not None
        key = self._session.score_key(take)
        if take.status is not Status.READY or key not in self._scored or key in self._given_up:
            return []
        if min(clip.width, clip.height) < MIN_SCORED_SIDE:
            return []
        done = self._vmaf.setdefault(key, set())
        found: list[int] = []
        for index in range(clip.frame_count):
            if index not in done and index in self._scored[key] and take.ready(index, mode):
                found.append(index)
            elif found:
                break
            if len(found) == VMAF_FRAMES:
                break
        return found

    def _submit(self, work: Callable[..., None], take: Take, frames: list[int]) -> None:
        clip = self._session.clip
        spec = take_spec(take, self._session)
        assert clip is not None and spec is not None
        key, mode = self._session.score_key(take), take.mode_for(self._session.seam_mode)
        done = self._scored if work is tasks.score else self._vmaf
        done[key].update(frames)
        region = self._session.view.inspection.region
        arguments = (clip_spec(clip), spec, mode, self._session.theta, tuple(frames), take.nudge, region)
        job = self._runner.submit(
            Lane.METRICS,
            work,
            arguments,
            on_event=lambda scores: self._session.scores.add(key, scores),
            on_done=lambda outcome, value: self._done(key, frames, outcome, value),
        )
        if not job.finished:
            self._job, self._job_take = job, take

    def _done(self, key: Key, frames: list[int], outcome: Outcome, value: Any) -> None:
        stale = self._job is not None and self._job.cancelled.is_set()
        self._job, self._job_take = None, None
        if outcome is Outcome.CANCELLED:
            self._forget_unscored(key, frames)
        if outcome is Outcome.FAILED and not stale:
            # Once: the next batch would fail alike.
            self._given_up.add(key)
            self._session.message.emit(str(value))
        self.refresh()

    def _forget_unscored(self, key: Key, frames: list[int]) -> None:
        """A job was stopped: what it did not get to is scored when it is wanted again."""
        for metric, done in (("psnr_db", self._scored), ("vmaf", self._vmaf)):
            values = self._session.scores.values(key, metric)
            missing = {index for index in frames if values is None or np.isnan(values[index])}
            if key in done:
                done[key] -= missing

    def _stop(self) -> None:
        if self._job is not None:
            self._runner.cancel(self._job)
