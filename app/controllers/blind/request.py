"""What is asked for before a blind test begins, and whether that can be."""

from dataclasses import dataclass, field

from app.render.framing import Framing
from app.state.blind.setup import LENGTH_S, MIN_BOUNDARIES, Segment, Viewing
from app.state.blind.tasks import Task
from app.state.recipes import Recipe
from app.state.scaling import Minify
from app.state.session import Session
from app.state.takes import Kind, Status, Take
from codec import gop, registry
from codec.errors import SettingError
from codec.media.clip import Clip
from codec.media.timing import slice_timing

LONGEST_S = 20.0
"""A longer segment is refused: nobody remembers its beginning at its end."""
ZOOMS = (0.5, 1.0, 2.0, 3.0, 4.0)
FLICKER_HZ = (0.5, 15.0)


@dataclass(frozen=True, slots=True)
class Request:
    """As the set-up page has it. Frames count within the clip."""

    task: Task
    recipe: Recipe
    """Of the neural codec; its λ does not count."""
    lambdas: tuple[float, float]
    """From which λ to which levels may be."""
    frames: range
    viewing: Viewing
    tile: tuple[int, int]
    """Room for one picture in pixels of the screen."""
    rival: int | None = None
    """Id of the take that parity is with."""
    seed: int | None = field(default=None)
    """None: drawn."""


def segment_of(clip: Clip, frames: range) -> Segment:
    """The segment that frames of a clip make."""
    seconds = slice_timing(clip.timing, frames.start, frames.stop).duration_s
    boundaries = len(gop.boundaries(len(frames), gop.Structure.OVERLAP))
    return Segment(clip.start + frames.start, clip.start + frames.stop, seconds, boundaries)


def usual_frames(clip: Clip, first: int, last: int) -> range:
    """The segment proposed: from frame `first`, to `last` at most, as long as is usual, and with enough boundaries
    where the clip has them."""
    wanted = max(round(float(clip.timing.frame_rate) * sum(LENGTH_S) / 2), MIN_BOUNDARIES * gop.GOP_LENGTH)
    whole = range(clip.frame_count)
    if clip.timing.duration_s <= LENGTH_S[1] and (first, last) == (0, clip.frame_count - 1):
        return whole
    stop = min(clip.frame_count, last + 1, first + wanted)
    least = MIN_BOUNDARIES * (gop.GOP_LENGTH - 1) + 2
    if stop - first < least:
        stop = min(clip.frame_count, first + least)
        first = max(0, stop - least)
    return range(first, stop)


def rivals_of(session: Session) -> list[Take]:
    """Takes that parity can be asked with."""
    return [
        take for take in session.takes if take.kind is not Kind.SOURCE and take.status is Status.READY and take.rate
    ]


def checked(request: Request, session: Session) -> Clip:
    """The clip. Raises SettingError with what is to be changed."""
    clip = session.clip
    if clip is None:
        raise SettingError("Open a clip first.")
    frames = request.frames
    if not 0 <= frames.start < frames.stop <= clip.frame_count:
        raise SettingError(f"The segment must lie within the {clip.frame_count} frames of the clip.")
    segment = segment_of(clip, frames)
    if segment.boundaries < MIN_BOUNDARIES:
        least = MIN_BOUNDARIES * (gop.GOP_LENGTH - 1) + 2
        raise SettingError(
            f"The segment has fewer than {MIN_BOUNDARIES} GoP boundaries: it needs {least} frames or more."
        )
    if segment.seconds > LONGEST_S:
        raise SettingError(f"The segment lasts {segment.seconds:.3g} s; {LONGEST_S:g} s is the longest.")
    codec = registry.named(request.recipe.neural)
    (low, high), (least_lambda, most_lambda) = request.lambdas, codec.settings.lambda_range
    if not least_lambda <= low < high <= most_lambda:
        raise SettingError(f"λ must go from a smaller to a larger value within {least_lambda:g} to {most_lambda:g}.")
    if not request.viewing.observer.strip():
        raise SettingError("Name the observer, or give a number: results are kept by observer.")
    if request.task is Task.PARITY:
        take = None if request.rival is None else session.takes.by_id(request.rival)
        if take is None or take not in rivals_of(session):
            raise SettingError("Parity needs a finished take to compare with: add a rival first.")
        if not all(take.covers(number) for number in (frames.start, frames.stop - 1)):
            raise SettingError(f"{take.name} does not have all frames of the segment.")
    return clip


def framing_of(clip: Clip, zoom: float, tile: tuple[int, int], centre: tuple[float, float] | None = None) -> Framing:
    """The part of the pictures that a tile has room for at a zoom, around `centre` (0 to 1 each way; the middle by
    default)."""
    sides = []
    for whole, room, middle in zip((clip.width, clip.height), tile, centre or (0.5, 0.5), strict=True):
        length = min(whole, max(16, int(room / zoom)))
        length -= length % 2
        first = round(min(max(0.0, middle * whole - length / 2), whole - length))
        sides.append((first - first % 2, max(1, length)))
    (left, width), (top, height) = sides
    size = (width, height) if zoom >= 1 else (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return Framing((left, top, width, height), size, Minify.AREA)
