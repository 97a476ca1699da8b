"""What a verdict is made of: everything that the window knows, taken when it is asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.exports.charts import ChartData
from app.exports.frames import Box
from app.state.blind.journal import Run
from app.state.choice import Choice
from app.state.session import Session
from app.state.takes import Kind, Status, Take
from codec.gop import SeamMode
from codec.media.clip import Clip

LOOP_S = 6.0
"""Longest loop; a longer one makes the page heavy, and nobody looks at one place for so long."""
LOOP_FRAMES = 360
CROP = (640, 360)
"""Largest crop in samples: beside the answer it stands at 1:1 on a screen of 1366x768."""


@dataclass(frozen=True, slots=True)
class VerdictRequest:
    """Takes are those to be looked at: source, the chosen take, the rival, as far as they are there."""

    clip: Clip
    takes: tuple[Take, ...]
    measured: tuple[Take, ...]
    """All whose curves are in `data`."""
    frames: range
    """Of the loop, counted within the clip."""
    box: Box
    """What is shown of the pictures: even sides at even places."""
    data: ChartData
    mode: SeamMode
    choice: Choice | None
    runs: tuple[Run, ...]
    """All blind tests of the clip."""
    notes: str
    device: str
    region: str
    """The region that all scores are of, as text; empty: whole frames."""


def takes_of(session: Session, run: Run | None) -> tuple[Take, ...]:
    """The source, the take that is the answer, and what it was compared with. `run`: the verdict's, if there is one.
    Raises nothing: what is not there is left out."""
    there = [
        t for t in session.takes if t.kind is not Kind.SOURCE and t.status is Status.READY and t.source is not None
    ]
    source = next(take for take in session.takes if take.kind is Kind.SOURCE)
    chosen = _chosen(session, there, run)
    rest = [take for take in there if take is not chosen]
    rival = None if chosen is None else _rival(rest, chosen, run)
    return tuple(take for take in (source, chosen, rival) if take is not None)


def _chosen(session: Session, there: Sequence[Take], run: Run | None) -> Take | None:
    """The operating point; without one the take of the run's codec that is nearest to its threshold, or the current."""
    choice = session.choice
    named = None if choice is None else next((take for take in there if take.id == choice.take), None)
    if named is not None or not there:
        return named
    if run is not None:
        of_codec = [take for take in there if take.kind is Kind.NEURAL and take.neural == run.setup.coding.codec]
        found = _nearest(of_codec, run.result().threshold.median)
        if found is not None:
            return found
    current = session.current
    return current if current in there else there[-1]


def _rival(rest: Sequence[Take], chosen: Take, run: Run | None) -> Take | None:
    """What the run was against; else the take of another codec that is nearest in rate; else any other."""
    asked = None if run is None else run.setup.rival
    if asked is not None:
        same = [take for take in rest if take.command == asked.command]
        found = _nearest(same or [take for take in rest if take.codec != chosen.codec], asked.kbps)
        if found is not None:
            return found
    kbps = 1.0 if chosen.rate is None else chosen.rate.kbps
    others = [take for take in rest if take.codec != chosen.codec and take.visible]
    return _nearest(others, kbps) or _nearest(rest, kbps) or next(iter(rest), None)


def _nearest(takes: Sequence[Take], kbps: float) -> Take | None:
    """The one whose rate is nearest, by ratio."""
    rated = [(abs(math.log(take.rate.kbps / kbps)), take.id, take) for take in takes if take.rate is not None]
    return min(rated)[2] if rated and kbps > 0 else None


def frames_of(session: Session, run: Run | None) -> range:
    """The run's segment where the clip at hand has it, else the in/out range, around the frame on the screen; LOOP_S at
    most."""
    clip, playback = session.clip, session.playback
    assert clip is not None
    first, stop = playback.in_point, playback.out_point + 1
    around = min(max(playback.frame, first), stop - 1)
    if run is not None:
        begin, end = run.setup.segment.start - clip.start, run.setup.segment.stop - clip.start
        if 0 <= begin < end <= clip.frame_count:
            first, stop, around = begin, end, begin
    longest = max(1, min(LOOP_FRAMES, int(LOOP_S * float(clip.timing.frame_rate))))
    length = min(stop - first, longest)
    first = min(max(first, around - length // 2), stop - length)
    return range(first, first + length)


def box_of(clip: Clip, wanted: Box | None, run: Run | None) -> Box:
    """What was looked at in the run, else `wanted`, else the middle, cut to CROP around its middle. Whole chroma
    samples: even places and sides, but for the last column of an odd picture."""
    crop = Box(0, 0, clip.width, clip.height) if wanted is None else wanted
    if run is not None and run.setup.viewing.crop[2] > 0 and run.setup.viewing.crop[3] > 0:
        crop = Box(*run.setup.viewing.crop)
    sides = [
        _side(first, length, whole, most)
        for first, length, whole, most in (
            (crop.left, crop.width, clip.width, CROP[0]), (crop.top, crop.height, clip.height, CROP[1]),
        )
    ]  # fmt: skip
    return Box(sides[0][0], sides[1][0], sides[0][1], sides[1][1])


def _side(first: int, length: int, whole: int, most: int) -> tuple[int, int]:
    """Place and length along one side, within 0 and `whole`."""
    middle = min(max(0, first), whole) + min(length, whole) // 2
    size = min(whole, most, max(length, min(whole, 32)))
    size -= size % 2 if size > 1 else 0
    begin = min(max(0, middle - size // 2), whole - size)
    return begin - begin % 2, size
