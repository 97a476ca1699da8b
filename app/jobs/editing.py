"""What a user does to takes, each change with its undo: rename, hide, move, nudge, remove, encode again, align.

A removed take keeps its files until its removal can no longer be undone.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from app.jobs.alignment import Alignment, align
from app.jobs.encodes import Encodes
from app.jobs.job import Lane, Outcome
from app.jobs.sources import clip_spec, take_spec
from app.jobs.store import FilesInUse
from app.jobs.tools import Tools
from app.jobs.works import Works
from app.state.history import Change
from app.state.recipes import Recipe
from app.state.takes import Kind, Status, Take

KEPT_BYTES = 8 * 2**30
"""Disk space that takes off the list may hold so that they can come back; the oldest are given up beyond it."""


class Edits:
    """Undoable changes to the session's takes; what goes wrong is told by `Session.message`."""

    def __init__(self, tools: Tools, encodes: Encodes, works: Works, in_use: FilesInUse) -> None:
        """`works`: other clips' takes, which hold disk space, too."""
        self.session, self._tools, self._encodes, self._works = tools.session, tools, encodes, works
        self.takes, self.history = tools.session.takes, tools.session.history
        self._replaced: dict[int, int] = {}
        """Neural takes whose rate is awaited, and the takes they stand in for."""
        self._put_away: list[Take] = []
        """Takes that were on the list and may come back."""
        encodes.rate_known.connect(self._rate_known)
        in_use.add(lambda: [path for take in self._put_away for path in take.files])
        self.session.clip_changed.connect(self._keep_within_limit)

    def rename(self, take: Take, name: str) -> None:
        """Give a take a name; empty: codec and request again."""
        before = take.given_name
        self.takes.rename(take, name)
        after = take.given_name
        if after != before:
            self._push(
                f"Rename {take.name}",
                lambda: self.takes.rename(take, before),
                lambda: self.takes.rename(take, after),
            )

    def set_visible(self, take: Take, visible: bool) -> None:
        """Give a take a pane or not; the last pane stays."""
        before = take.visible
        self.takes.set_visible(take, visible)
        if take.visible != before:
            text = f"{'Show' if visible else 'Hide'} {take.name}"
            self._push(
                text,
                lambda: self.takes.set_visible(take, before),
                lambda: self.takes.set_visible(take, visible),
            )

    def move(self, take: Take, delta: int) -> None:
        """Move a take up (-1) or down (+1) the list; the source stays first."""
        before = self.takes.place(take)
        self.takes.move(take, before + delta)
        after = self.takes.place(take)
        if after != before:
            self._push(f"Move {take.name}", lambda: self.takes.move(take, before), lambda: self.takes.move(take, after))

    def nudge(self, take: Take, frames: int) -> None:
        """Shift a take to `frames` (absolute): beside the clip's frame i stands its own frame i + frames."""
        if take.kind is Kind.SOURCE or frames == take.nudge:
            return
        before = take.nudge
        self._set_nudge(take, frames)
        after = take.nudge
        self._push(
            f"Shift {take.name} to {after:+d} frames",
            lambda: self._set_nudge(take, before),
            lambda: self._set_nudge(take, after),
        )

    def _set_nudge(self, take: Take, frames: int) -> None:
        self.takes.set_nudge(take, frames)
        self._tools.scoring.restart(take)

    def align(self, take: Take) -> None:
        """Find the shift within ±8 frames at which the take's luma is nearest the clip's, and set it (a job)."""
        clip, spec = self.session.clip, take_spec(take, self.session)
        if clip is None or spec is None or take.kind is Kind.SOURCE:
            return
        if take.status is not Status.READY:
            self.session.message.emit(f"{take.name}: wait until the take is whole before aligning it.")
            return
        mode = take.mode_for(self.session.seam_mode)
        self._tools.runner.submit(
            Lane.METRICS,
            align,
            (clip_spec(clip), spec, mode),
            on_progress=lambda _share, text: self.takes.update(take, message=text),
            on_done=lambda outcome, value: self._aligned(take, outcome, value),
        )

    def _aligned(self, take: Take, outcome: Outcome, value: Any) -> None:
        self.takes.update(take, message="")
        if outcome is Outcome.FAILED:
            self.session.message.emit(str(value))
        if outcome is not Outcome.SUCCEEDED or self.takes.by_id(take.id) is None:
            return
        found: Alignment = value
        if not found.certain:
            self.session.message.emit(f"{take.name}: no shift fits clearly better than the others; left as it is.")
        elif found.offset == take.nudge:
            self.session.message.emit(f"{take.name}: already aligned at {found.offset:+d} frames.")
        else:
            self.nudge(take, found.offset)
            self.session.message.emit(f"{take.name}: shifted to {found.offset:+d} frames.")

    def remove(self, take: Take) -> None:
        """Stop a take's encodes and take it off the list. The source stays."""
        if take.kind is Kind.SOURCE:
            return
        self._encodes.cancel(take)
        place = self.takes.place(take)
        self._forget_focus(take)
        self.takes.remove(take)
        self._put_away.append(take)
        self.history.push(
            Change(
                f"Remove {take.name}",
                lambda: self._bring_back(take, place),
                lambda: self._take_off(take),
                drop_done=lambda: self._encodes.discard(take),
            )
        )
        self._keep_within_limit()

    def added(self, take: Take | None) -> Take | None:
        """Make a take that has just been added undoable; passes it on."""
        if take is not None:
            place = self.takes.place(take)
            self.history.push(
                Change(
                    f"Add {take.name}",
                    lambda: self._take_off(take),
                    lambda: self._bring_back(take, place),
                    drop_undone=lambda: self._encodes.discard(take),
                )
            )
        return take

    def added_together(self, takes: Sequence[Take], text: str) -> None:
        """Make takes that have just been added undoable as one change."""
        places = [(take, self.takes.place(take)) for take in takes]

        def take_off() -> None:
            for take, _ in places:
                self._take_off(take)

        def bring_back() -> None:
            for take, place in places:
                self._bring_back(take, place)

        def discard() -> None:
            for take, _ in places:
                self._encodes.discard(take)

        self.history.push(Change(text, take_off, bring_back, drop_undone=discard))

    def encode_again(self, take: Take, recipe: Recipe | None = None) -> Take | None:
        """Encode a take anew, by its own recipe or another, in its place and under its name. None when it cannot be."""
        wanted = recipe or take.recipe
        if wanted is None:
            self.session.message.emit(f"{take.name}: what was not encoded here cannot be encoded again.")
            return None
        place = self.takes.place(take)
        new = self._encodes.encode(wanted, replacing=True)
        if new is None:
            return None
        new.given_name, new.visible, new.nudge = take.given_name, take.visible, take.nudge
        new.look = take.look
        self._encodes.cancel(take)
        followed = self.session.focus == take.id
        self._swap(take, new, place)
        if followed:
            self.session.set_focus(new)
        self.history.push(
            Change(
                f"Encode {new.name} again",
                lambda: self._swap(new, take, place),
                lambda: self._swap(take, new, place),
                drop_done=lambda: self._encodes.discard(take),
                drop_undone=lambda: self._encodes.discard(new),
            )
        )
        self._keep_within_limit()
        if take.kind is Kind.NEURAL:
            self._replaced[new.id] = take.id
            if new.encoded.rate is not None:
                self._rate_known(new)
        return new

    def _rate_known(self, take: Take) -> None:
        """A neural take's rate is measured: rivals matched to the take it replaced follow, when the lock is on."""
        old = self._replaced.pop(take.id, None)
        if old is None or not self.session.rate_lock:
            return
        for rival in list(self.takes):
            recipe = rival.recipe
            if recipe is not None and recipe.codec is not None and recipe.matched_to == old:
                self.encode_again(rival, replace(recipe, matched_to=take.id))

    def _swap(self, old: Take, new: Take, place: int) -> None:
        self._take_off(old)
        if self.takes.by_id(new.id) is None:
            self.takes.restore(new, place)
        else:
            self.takes.move(new, place)

    def _keep_within_limit(self) -> None:
        """Give up the oldest changes while takes off the list hold more than KEPT_BYTES."""
        while self._held_bytes() > KEPT_BYTES and self.history.shorten():
            continue

    def _held_bytes(self) -> int:
        self._put_away = [
            take
            for take in self._put_away
            if self.takes.by_id(take.id) is None and not self._tools.jobs.is_discarded(take)
        ]
        away = {take.id: take for take in (*self._put_away, *self._works.takes)}
        return sum(self._tools.store.held_bytes(take) for take in away.values())

    def _take_off(self, take: Take) -> None:
        self._put_away.append(take)
        self._encodes.cancel(take)
        self._forget_focus(take)
        self.takes.remove(take)

    def _bring_back(self, take: Take, place: int) -> None:
        self.takes.restore(take, place)
        self._tools.scoring.refresh()

    def _forget_focus(self, take: Take) -> None:
        if self.session.focus == take.id:
            self.session.set_focus(None)

    def _push(self, text: str, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        self.history.push(Change(text, undo, redo))
