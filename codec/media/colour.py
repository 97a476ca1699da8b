"""YCbCr 4:2:0 to the RGB that is shown and measured, and back; by swscale, as ffmpeg itself converts.

Coefficients: `codec.media.coding`. Bicubic chroma, exact rounding and full
chroma interpolation, so that nothing depends on which fast path a processor has.
"""

import threading

import av
import numpy as np
import numpy.typing as npt
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from cachetools import LRUCache

from codec.media.coding import between, number_of
from codec.media.picture import Colour, DeepPlanes, Matrix, Picture, Plane, Rgb

_SPACES = {
    Matrix.BT601: Colorspace.SMPTE170M,
    Matrix.BT709: Colorspace.ITU709,
    Matrix.BT2020: Colorspace.BT2020,
    Matrix.SMPTE240M: Colorspace.SMPTE240M,
    Matrix.FCC: Colorspace.FCC,
}
"""By swscale's own numbers, which conversions are asked for with. Tags of frames and files have those of H.273."""
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
FLAGS = Interpolation.BICUBIC | _EXACT

_KEPT_CONTEXTS = 12
_local = threading.local()


def _reformatter(name: str) -> VideoReformatter:
    """One swscale context a thread and use: it is not thread-safe, and making one costs more than a frame. Those not
    used for long go: a zoom asks for many sizes."""
    table: LRUCache[str, VideoReformatter] = _local.__dict__.setdefault("table", LRUCache(_KEPT_CONTEXTS))
    return table.get(name) or table.setdefault(name, VideoReformatter())


def range_of(full: bool) -> ColorRange:
    """ffmpeg's name of a colour range."""
    return ColorRange.JPEG if full else ColorRange.MPEG


def space_of(matrix: Matrix) -> Colorspace:
    """swscale's name of a matrix. No tag: those are `number_of`."""
    return _SPACES[matrix]


def plane_rows(plane: VideoPlane, height: int) -> Plane:
    """A view of a plane with its row padding: (height, bytes of a row)."""
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8)
    return rows[: plane.line_size * height].reshape(height, plane.line_size)


def plane_array(plane: VideoPlane, width: int, height: int) -> Plane:
    """A view of a plane without its row padding: (height, width), `width` counted in bytes."""
    return plane_rows(plane, height)[:, :width]


def to_frame(picture: Picture) -> av.VideoFrame:
    """The picture as an ffmpeg frame, colour tags set."""
    frame = av.VideoFrame(picture.width, picture.height, "yuv420p")
    for plane, values in zip(frame.planes, (picture.y, picture.u, picture.v), strict=True):
        plane_array(plane, values.shape[1], values.shape[0])[:] = values
    frame.colorspace = number_of(picture.colour.matrix)
    frame.color_range = range_of(picture.colour.full_range)
    return frame


def from_frame(frame: av.VideoFrame, colour: Colour) -> Picture:
    """An 8-bit yuv420p ffmpeg frame as a picture, copied into one piece of memory."""
    y, u, v = _planes(frame, np.dtype(np.uint8))
    return Picture(y, u, v, colour)


def deep_planes(frame: av.VideoFrame) -> DeepPlanes:
    """The planes of a yuv420p10le ffmpeg frame, copied into one piece of memory."""
    return DeepPlanes(*_planes(frame, np.dtype("<u2")))


def _planes(frame: av.VideoFrame, kind: np.dtype) -> list[np.ndarray]:
    width, height = frame.width, frame.height
    wide, high = (width + 1) // 2, (height + 1) // 2
    luma, chroma = width * height, wide * high
    # Not views of the frame: they would keep its padded buffers. Not three pieces: small ones are scattered among what
    # stays, and their memory is hard to give back.
    parts = np.split(np.empty(luma + 2 * chroma, kind), (luma, luma + chroma))
    shapes = (height, width), (high, wide), (high, wide)
    made = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
    for plane, values in zip(frame.planes, made, strict=True):
        wide, high = kind.itemsize * values.shape[1], values.shape[0]
        values.view(np.uint8)[:] = plane_array(plane, wide, high)
    return made


def recoded(picture: Picture, colour: Colour) -> Picture:
    """The same picture in another coding, 8 bits, each plane rounded once; nothing is clipped to what RGB can hold, so
    that equal pictures have equal luma whatever coding they come in. The picture itself when it is coded so already."""
    if picture.colour == colour:
        return picture
    factors, offset = between(picture.colour, colour)
    codes = np.arange(256, dtype=np.float32)
    if picture.colour.matrix is colour.matrix:
        tables = [_rounded(factors[i, i] * codes + offset[i]) for i in range(3)]
        y, u, v = (table[plane] for table, plane in zip(tables, (picture.y, picture.u, picture.v), strict=True))
        return Picture(y, u, v, colour)
    even = _even(picture)
    large = [picture.y, *(plane[: picture.height, : picture.width] for plane in _large_chroma(even))]
    y, u, v = (plane.astype(np.float32) for plane in large)
    small = [plane.astype(np.float32) for plane in (picture.u, picture.v)]
    rows = [(factors[i, 1], factors[i, 2], offset[i]) for i in range(3)]
    luma = factors[0, 0] * y + rows[0][0] * u + rows[0][1] * v + rows[0][2]
    cb, cr = (_rounded(a * small[0] + b * small[1] + c) for a, b, c in rows[1:])
    return Picture(_rounded(luma), cb, cr, colour)


def _rounded(values: npt.NDArray[np.floating]) -> Plane:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _large_chroma(picture: Picture) -> list[Plane]:
    """Cb and Cr of a picture with even sides at luma's size, as `to_rgb` interpolates them."""
    space, full = space_of(picture.colour.matrix), range_of(picture.colour.full_range)
    whole = _reformatter(f"444 {picture.width}x{picture.height} {picture.colour}").reformat(
        to_frame(picture),
        format="yuv444p",
        src_colorspace=space,
        dst_colorspace=space,
        src_color_range=full,
        dst_color_range=full,
        interpolation=FLAGS,
        threads=1,
    )
    return [plane_array(plane, picture.width, picture.height) for plane in whole.planes[1:]]


def to_rgb(picture: Picture) -> Rgb:
    """(H, W, 3) uint8 full-range RGB of a picture."""
    width, height = picture.width, picture.height
    if width % 2 or height % 2:
        # swscale drops the last column's chroma of odd pictures: repeat it, convert, cut.
        return np.ascontiguousarray(to_rgb(_even(picture))[:height, :width])
    colour = picture.colour
    converted = _reformatter(f"rgb {width}x{height} {colour}").reformat(
        to_frame(picture),
        format="rgb24",
        src_colorspace=space_of(colour.matrix),
        src_color_range=range_of(colour.full_range),
        dst_color_range=ColorRange.JPEG,
        interpolation=FLAGS,
        threads=1,
    )
    rows = plane_array(converted.planes[0], 3 * width, height)
    return np.ascontiguousarray(rows).reshape(height, width, 3)


def to_bgrx(
    picture: Picture, size: tuple[int, int] | None = None, how: Interpolation | None = None
) -> npt.NDArray[np.uint8]:
    """(H, W, 4) uint8, blue first and the fourth byte 255: the values of `to_rgb` in the order screens take.

    With `size` (width, height) scaled in the same pass, `how` being AREA (the mean of what a pixel covers) or LANCZOS:
    a tenth of the work of converting all samples first, and within 2 codes of the mean of RGB but at hard edges and
    where colours are clipped. The sides of a picture that is scaled must be even.
    """
    width, height = picture.width, picture.height
    if width % 2 or height % 2:
        if size is not None:
            raise ValueError("a picture with odd sides is converted first, then scaled")
        return np.ascontiguousarray(to_bgrx(_even(picture))[:height, :width])
    return _blue_first(picture, size or (width, height), how, "bgra")


def to_bgrx16(picture: Picture, size: tuple[int, int], how: Interpolation) -> npt.NDArray[np.uint16]:
    """As `to_bgrx` scaled, (H, W, 4) uint16 in 256ths of a code, as swscale counts them: white is 255 * 256, what lies
    a little above is not cut."""
    wide, high = size
    return _blue_first(picture, size, how, "bgra64le").view("<u2").reshape(high, wide, 4)


def _blue_first(picture: Picture, size: tuple[int, int], how: Interpolation | None, form: str) -> npt.NDArray[np.uint8]:
    """The bytes of a packed format of four channels: (H, W, 4 or 8) uint8. The picture's sides are even."""
    colour, (wide, high) = picture.colour, size
    converted = _reformatter(f"{form} {picture.width}x{picture.height} {size} {how} {colour}").reformat(
        to_frame(picture),
        width=wide,
        height=high,
        format=form,
        src_colorspace=space_of(colour.matrix),
        src_color_range=range_of(colour.full_range),
        dst_color_range=ColorRange.JPEG,
        interpolation=FLAGS if how is None else how | _EXACT,
        threads=1,
    )
    sample = converted.format.padded_bits_per_pixel // 8
    rows = plane_array(converted.planes[0], sample * wide, high)
    return np.ascontiguousarray(rows).reshape(high, wide, sample)


def from_rgb(rgb: Rgb, colour: Colour) -> Picture:
    """A picture of (H, W, 3) uint8 full-range RGB."""
    height, width = rgb.shape[:2]
    if width % 2 or height % 2:
        padded = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        return _cropped(from_rgb(padded, colour), width, height)
    frame = av.VideoFrame(width, height, "rgb24")
    plane_array(frame.planes[0], 3 * width, height)[:] = rgb.reshape(height, 3 * width)
    converted = _reformatter(f"yuv {width}x{height} {colour}").reformat(
        frame,
        format="yuv420p",
        dst_colorspace=space_of(colour.matrix),
        src_color_range=ColorRange.JPEG,
        dst_color_range=range_of(colour.full_range),
        interpolation=FLAGS,
        threads=1,
    )
    return from_frame(converted, colour)


def _even(picture: Picture) -> Picture:
    rows, columns = picture.height % 2, picture.width % 2
    return Picture(np.pad(picture.y, ((0, rows), (0, columns)), mode="edge"), picture.u, picture.v, picture.colour)


def _cropped(picture: Picture, width: int, height: int) -> Picture:
    half = (slice((height + 1) // 2), slice((width + 1) // 2))
    planes = (picture.y[:height, :width], picture.u[half], picture.v[half])
    y, u, v = (np.ascontiguousarray(plane) for plane in planes)
    return Picture(y, u, v, picture.colour)
