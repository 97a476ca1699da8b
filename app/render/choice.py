"""Whether pictures are drawn by OpenGL or by Qt's own painter."""

import os
from functools import lru_cache

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QOpenGLFunctions, QSurfaceFormat

from codec.errors import SeamscopeError

VARIABLE = "SEAMSCOPE_RENDERER"
"""Environment variable: "opengl", "software", or anything else for a choice by what is there."""
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic", "basic render")
"""Drivers that draw on the processor: Qt's painter does that better."""
_GL_RENDERER = 0x1F01


def surface_format() -> QSurfaceFormat:
    """OpenGL 3.3 core, or what comes nearest (OpenGL ES 3 where that is all there is)."""
    wanted = QSurfaceFormat()
    if QOpenGLContext.openGLModuleType() is QOpenGLContext.OpenGLModuleType.LibGL:
        wanted.setVersion(3, 3)
        wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    return wanted


@lru_cache(maxsize=1)
def use_opengl() -> bool:
    """Asked once, when the first pane is made: trying the driver takes some tens of milliseconds."""
    wish = os.environ.get(VARIABLE, "").lower()
    if wish == "software" or (wish != "opengl" and QGuiApplication.platformName() in ("offscreen", "minimal")):
        return False
    return driver_works(allow_software=wish == "opengl")


TEN_BITS = 30
"""Depth of a screen that shows 10 bits a channel, as X11 counts it."""


def shows_ten_bits() -> bool:
    """True when pictures are drawn by OpenGL on a screen of 10 bits a channel."""
    screen = QGuiApplication.primaryScreen()
    desktop = QOpenGLContext.openGLModuleType() is QOpenGLContext.OpenGLModuleType.LibGL
    return screen is not None and screen.depth() == TEN_BITS and use_opengl() and desktop


def driver_works(*, allow_software: bool) -> bool:
    """True when a context can be made and its driver takes the shaders."""
    from app.render.gl import GlRenderer

    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.setFormat(surface_format())
    surface.create()
    context.setFormat(surface_format())
    if not context.create() or not context.makeCurrent(surface):
        return False
    try:
        name = str(QOpenGLFunctions(context).glGetString(_GL_RENDERER)).lower()
        if not allow_software and any(word in name for word in _SOFTWARE):
            return False
        GlRenderer((0.0, 0.0, 0.0)).release()
    except SeamscopeError:
        return False
    finally:
        context.doneCurrent()
    return True
