"""Pictures drawn by OpenGL: planes are uploaded as they are; conversion, differences, scaling and split are shaders.

Two passes. The first makes RGB (or a difference) at the picture's own size, once for every new picture; the second
draws it into the pane, at every zoom or pan. Everything needs the context it was made in to be current.

Colours are within 2 codes of what swscale makes of the same planes, but for the third row and column from an edge,
where swscale weighs chroma a little otherwise: up to 5 codes at hard edges of colour.
"""

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtGui import QMatrix3x3, QOpenGLContext, QOpenGLFunctions, QVector2D, QVector3D
from PySide6.QtOpenGL import (
    QOpenGLFramebufferObject,
    QOpenGLPixelTransferOptions,
    QOpenGLShader,
    QOpenGLShaderProgram,
    QOpenGLTexture,
    QOpenGLVertexArrayObject,
)
from shiboken6 import VoidPtr

from app.render import tone
from app.render.difference import scale_colours
from app.render.shown import Shown
from app.state.layouts import Channels, DifferenceLook, Sign
from app.state.scaling import Magnify, Minify
from codec.errors import MediaError, SeamscopeError
from codec.media.coding import rgb_matrix
from codec.media.colour import recoded
from codec.media.picture import DeepPlanes, Picture, Transfer
from codec.resources import resource_folder

GL_TEXTURE0, GL_TEXTURE_2D, GL_TRIANGLE_STRIP = 0x84C0, 0x0DE1, 0x0005
GL_RGBA8, GL_RGB10_A2, GL_RENDERER, GL_BLEND, GL_SCISSOR_TEST, GL_DEPTH_TEST = (
    0x8058,
    0x8059,
    0x1F01,
    0x0BE2,
    0x0C11,
    0x0B71,
)
GL_FRAMEBUFFER, GL_COLOR_BUFFER_BIT = 0x8D40, 0x4000
_PLANES = ("y", "u", "v")


class GlError(SeamscopeError):
    """The graphics driver cannot run the shaders."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture goes, in device pixels: the pane's size, the picture's top left corner in it, device pixels
    per picture sample in x and y, and where the line of a split lies."""

    pane: tuple[float, float]
    origin: tuple[float, float]
    scale: tuple[float, float]
    split: float | None = None
    magnify: Magnify = Magnify.NEAREST
    minify: Minify = Minify.AREA


class GlRenderer:
    """Shaders and textures of one context. Raises GlError when the driver refuses them."""

    def __init__(self, background: tuple[float, float, float], *, ten_bits: bool = False) -> None:
        """`ten_bits`: what is drawn into has 10 bits a channel (desktop OpenGL only)."""
        self.ten_bits = ten_bits
        context = QOpenGLContext.currentContext()
        assert context is not None
        self._background = background
        self._gl = QOpenGLFunctions(context)
        self._vertices = QOpenGLVertexArrayObject()
        self._vertices.create()
        header = "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp sampler2D;\n"
        header = header if context.isOpenGLES() else "#version 330 core\n"
        self._convert = _program(header, "convert.frag")
        self._show = _program(header, "show.frag")
        self._slots = (_Slot(self), _Slot(self))

    def draw(self, target: int, left: Shown | None, right: Shown | None, place: Placement) -> None:
        """Draw into framebuffer `target` (its name): one take, or (with `place.split`) two. None: background.

        Raises MediaError when a difference is asked of pictures of unlike sizes.
        """
        for slot, shown in zip(self._slots, (left, right), strict=True):
            if shown is not None:
                slot.update(shown)
        self._gl.glBindFramebuffer(GL_FRAMEBUFFER, target)
        self._gl.glViewport(0, 0, round(place.pane[0]), round(place.pane[1]))
        self._gl.glDisable(GL_BLEND)
        self._gl.glDisable(GL_SCISSOR_TEST)
        self._gl.glDisable(GL_DEPTH_TEST)
        self._gl.glClearColor(*self._background, 1.0)
        self._gl.glClear(GL_COLOR_BUFFER_BIT)
        if left is None and right is None:
            return
        first = self._slots[0] if left is not None else self._slots[1]
        second = self._slots[1] if right is not None else self._slots[0]
        line = place.pane[0] + 1 if place.split is None else place.split
        program = self._show
        program.bind()
        for unit, (name, slot) in enumerate((("left", first), ("right", second))):
            program.setUniformValue1i(program.uniformLocation(f"{name}_dithered"), int(slot.dithers))
            self._gl.glActiveTexture(GL_TEXTURE0 + unit)
            self._gl.glBindTexture(GL_TEXTURE_2D, slot.texture)
            program.setUniformValue1i(program.uniformLocation(name), unit)
        for name, pair in (("pane", place.pane), ("origin", place.origin), ("scale", place.scale)):
            program.setUniformValue(program.uniformLocation(name), QVector2D(*pair))
        program.setUniformValue1f(program.uniformLocation("split"), line)
        program.setUniformValue1i(program.uniformLocation("magnify"), int(place.magnify))
        program.setUniformValue1i(program.uniformLocation("minify"), int(place.minify))
        program.setUniformValue1f(program.uniformLocation("largest_code"), 1023.0 if self.ten_bits else 255.0)
        program.setUniformValue(program.uniformLocation("background"), QVector3D(*self._background))
        self._strip()
        program.release()
        self._gl.glActiveTexture(GL_TEXTURE0)
        self._gl.glBindTexture(GL_TEXTURE_2D, 0)

    def release(self) -> None:
        """Give back what lies on the graphics card."""
        for slot in self._slots:
            slot.release()
        self._vertices.destroy()

    def convert(self, shown: Shown, textures: "dict[str, QOpenGLTexture]", target: QOpenGLFramebufferObject) -> None:
        """First pass: fill `target` (as large as the picture) from uploaded planes."""
        program, look = self._convert, shown.look
        target.bind()
        self._gl.glViewport(0, 0, shown.picture.width, shown.picture.height)
        self._gl.glDisable(GL_BLEND)
        self._gl.glDisable(GL_SCISSOR_TEST)
        self._gl.glDisable(GL_DEPTH_TEST)
        program.bind()
        for unit, (name, texture) in enumerate(textures.items()):
            texture.bind(unit)
            program.setUniformValue1i(program.uniformLocation(name), unit)
        for name, picture in (("take", shown.picture), ("reference", shown.reference or shown.picture)):
            matrix, offset = rgb_matrix(picture.colour)
            values = QMatrix3x3([float(value) for value in matrix.ravel()])
            program.setUniformValue(program.uniformLocation(f"{name}_matrix"), values)
            program.setUniformValue(program.uniformLocation(f"{name}_offset"), QVector3D(*map(float, offset)))
        # A sampler gives 0 to 1: of codes of 10 bits in words of 16 that is a little, in codes of 8 bits a quarter.
        largest = 65535 / 4 if self.deep_of(shown) is not None else 255.0
        program.setUniformValue1f(program.uniformLocation("largest_sample"), largest)
        program.setUniformValue1i(program.uniformLocation("mode"), _mode(look))
        program.setUniformValue1i(program.uniformLocation("gain"), 1 if look is None else look.gain)
        program.setUniformValue1i(program.uniformLocation("toned"), int(shown.tone is not Transfer.SDR))
        program.setUniformValue1i(program.uniformLocation("whole_codes"), int(not shown.dithers))
        self._strip()
        program.release()
        for unit, texture in enumerate(textures.values()):
            texture.release(unit)
        target.release()

    def deep_of(self, shown: Shown) -> DeepPlanes | None:
        """The planes of 10 bits, where there are some and they can be shown; differences are of 8 bits."""
        return shown.picture.deep if self.ten_bits and shown.dithers else None

    def _strip(self) -> None:
        self._vertices.bind()
        self._gl.glDrawArrays(GL_TRIANGLE_STRIP, 0, 4)
        self._vertices.release()


class _Slot:
    """One picture on the graphics card: its planes, and what the first pass drew of them."""

    def __init__(self, renderer: GlRenderer) -> None:
        self._renderer = renderer
        self._shown: Shown | None = None
        self._textures: dict[str, QOpenGLTexture] = {}
        self._target: QOpenGLFramebufferObject | None = None

    @property
    def texture(self) -> int:
        """Name of the texture with the result."""
        return 0 if self._target is None else self._target.texture()

    @property
    def dithers(self) -> bool:
        """True when the result holds what lies between codes."""
        return self._shown is not None and self._shown.dithers

    def update(self, shown: Shown) -> None:
        """Upload and convert, unless this is what lies there already."""
        if shown.same_as(self._shown):
            return
        checked = _comparable(shown)
        self._upload("take", self._renderer.deep_of(checked) or checked.picture)
        self._upload("reference", checked.reference or checked.picture)
        self._upload_table(checked.look or DifferenceLook())
        self._upload_tone(checked.tone)
        size, form = (checked.picture.width, checked.picture.height), GL_RGB10_A2 if checked.dithers else GL_RGBA8
        target = self._target
        if target is None or (target.width(), target.height(), target.format().internalTextureFormat()) != (
            *size,
            form,
        ):
            self._target = target = QOpenGLFramebufferObject(
                *size, QOpenGLFramebufferObject.Attachment.NoAttachment, GL_TEXTURE_2D, form
            )
        self._renderer.convert(checked, self._textures, target)
        self._shown = shown

    def release(self) -> None:
        """Give back textures and target."""
        for texture in self._textures.values():
            texture.destroy()
        self._textures.clear()
        self._target, self._shown = None, None

    def _upload(self, name: str, picture: Picture | DeepPlanes) -> None:
        kinds = QOpenGLTexture.TextureFormat
        for part, plane in zip(_PLANES, (picture.y, picture.u, picture.v), strict=True):
            form = kinds.R8_UNorm if plane.dtype == np.uint8 else kinds.R16_UNorm
            formats = form, QOpenGLTexture.PixelFormat.Red
            self._fill(f"{name}_{part}", np.ascontiguousarray(plane), plane.shape[1], plane.shape[0], formats)

    def _upload_table(self, look: DifferenceLook) -> None:
        colours = np.full((256, 4), 255, np.uint8)
        colours[:, :3] = scale_colours(look)
        formats = QOpenGLTexture.TextureFormat.RGBA8_UNorm, QOpenGLTexture.PixelFormat.RGBA
        self._fill("table", colours, 256, 1, formats)

    def _upload_tone(self, transfer: Transfer) -> None:
        values = np.full((1, 1, 4), 255, np.uint8)
        if transfer is not Transfer.SDR:
            values = np.full((tone.SIDE, tone.SIDE**2, 4), 255, np.uint8)
            values[:, :, :3] = tone.table(transfer).reshape(tone.SIDE, tone.SIDE**2, 3)
        formats = QOpenGLTexture.TextureFormat.RGBA8_UNorm, QOpenGLTexture.PixelFormat.RGBA
        self._fill("tone", values, values.shape[1], values.shape[0], formats)

    def _fill(
        self,
        name: str,
        values: np.ndarray,
        width: int,
        height: int,
        formats: tuple[QOpenGLTexture.TextureFormat, QOpenGLTexture.PixelFormat],
    ) -> None:
        texture = self._textures.get(name)
        words = QOpenGLTexture.PixelType.UInt8 if values.dtype == np.uint8 else QOpenGLTexture.PixelType.UInt16
        if texture is None or (texture.width(), texture.height(), texture.format()) != (width, height, formats[0]):
            if texture is not None:
                texture.destroy()
            texture = self._textures[name] = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
            texture.setFormat(formats[0])
            texture.setSize(width, height)
            texture.setMipLevels(1)
            texture.allocateStorage(formats[1], words)
            texture.setMinMagFilters(QOpenGLTexture.Filter.Nearest, QOpenGLTexture.Filter.Nearest)
        # Rows are as long as the plane is wide, whatever multiple of four that is not.
        options = QOpenGLPixelTransferOptions()
        options.setAlignment(1)
        # PySide's stubs leave out that VoidPtr takes a buffer, and that setData takes a VoidPtr.
        texture.setData(formats[1], words, VoidPtr(values), options)  # pyright: ignore[reportArgumentType, reportCallIssue]


def _program(header: str, fragment: str) -> QOpenGLShaderProgram:
    program = QOpenGLShaderProgram()
    for kind, name in (
        (QOpenGLShader.ShaderTypeBit.Vertex, "quad.vert"),
        (QOpenGLShader.ShaderTypeBit.Fragment, fragment),
    ):
        source = (resource_folder() / "shaders" / name).read_text(encoding="utf-8")
        if not program.addShaderFromSourceCode(kind, header + source):
            raise GlError(f"{name}: the graphics driver refuses the shader ({program.log().strip()}).")
    if not program.link():
        raise GlError(f"{fragment}: the graphics driver cannot link the shader ({program.log().strip()}).")
    return program


def _mode(look: DifferenceLook | None) -> int:
    if look is None:
        return 0
    return (1 if look.channels is Channels.LUMA else 3) + (look.sign is Sign.SIGNED)


def _comparable(shown: Shown) -> Shown:
    """The same with its one channel as the picture; of a difference with sizes checked, and luma of another matrix or
    range brought to the reference's codes."""
    picture, reference, look = shown.picture, shown.reference, shown.look
    if reference is None or look is None:
        return shown if shown.component is None else replace(shown, picture=shown.drawn)
    if picture.y.shape != reference.y.shape:
        sizes = f"{picture.width}x{picture.height} and {reference.width}x{reference.height}"
        raise MediaError(f"Pictures of {sizes} have no difference.")
    if look.channels is Channels.LUMA:
        picture = recoded(picture, reference.colour)
    return Shown(picture, reference, look, shown.transfer, shown.deep)
