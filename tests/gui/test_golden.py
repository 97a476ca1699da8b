"""What is on the screen against what ffmpeg makes of the same files: colours, places, split and difference, for Qt's
painter and for the shaders."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.render.choice import VARIABLE, driver_works, use_opengl
from app.render.shown import Shown
from app.state.layouts import Channels, DifferenceLook, Sign
from app.state.takes import Status, Take
from app.views.main_window import MainWindow
from app.views.pictures.pane import Pane
from codec.ffmpeg import ffmpeg_program
from codec.media.picture import Transfer
from codec.rivals.settings import RivalCodec
from tests.conftest import make_clip
from tests.gui.conftest import WAIT_MS
from tests.gui.test_layouts import rgb, settle, visible
from tests.render.test_dither import off_mean

FRAME = 7
WIDTH, HEIGHT = 96, 64
Takes = tuple[Take, Take]


@pytest.fixture(params=["software", "opengl"], autouse=True)
def renderer(request: pytest.FixtureRequest, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Who draws; before any window is made."""
    no_screen = QGuiApplication.platformName() in ("offscreen", "minimal")
    if request.param == "opengl" and (no_screen or not driver_works(allow_software=True)):
        pytest.skip("no screen with OpenGL here")
    monkeypatch.setenv(VARIABLE, request.param)
    use_opengl.cache_clear()
    yield request.param
    use_opengl.cache_clear()


@pytest.fixture
def takes(renderer: str, qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], small_clip: Path) -> Takes:
    """A clip with motion, noise and colours, and a coarse HEVC take of it, at 1:1 at one frame."""
    shows(small_clip)
    take = window.engine.encode_rival(RivalCodec.HEVC, 40)
    qtbot.waitUntil(lambda: take.status is not Status.RUNNING, timeout=WAIT_MS)
    assert take.status is Status.READY, take.error
    window.session.playback.seek(FRAME)
    window.session.view.set_zoom(1.0)
    if window.session.gop_marks:
        window.session.toggle_gop_marks()
    settle(qtbot, window)
    return next(iter(window.session.takes)), take


def by_ffmpeg(file: Path, form: str, shape: tuple[int, ...]) -> np.ndarray:
    """One frame of a file in a pixel format."""
    exact = "scale=in_color_matrix=bt709:in_range=limited:out_range=full:flags=bicubic+accurate_rnd"
    steps = f"select=eq(n\\,{FRAME})"
    if form == "rgb24":
        steps += f",{exact}+full_chroma_int+full_chroma_inp"
    command = [ffmpeg_program(), "-v", "error", "-i", str(file), "-vf", steps, "-frames:v", "1"]
    done = subprocess.run([*command, "-pix_fmt", form, "-f", "rawvideo", "-"], capture_output=True, check=True)
    whole = np.frombuffer(done.stdout, np.uint8)
    return whole[: int(np.prod(shape))].reshape(shape).astype(int)


def colours(take: Take, window: MainWindow) -> np.ndarray:
    file = take.encoded.file or window.session.clip.path
    return by_ffmpeg(file, "rgb24", (HEIGHT, WIDTH, 3))


def luma(take: Take, window: MainWindow) -> np.ndarray:
    return by_ffmpeg(take.encoded.file or window.session.clip.path, "yuv420p", (HEIGHT, WIDTH))


def on_screen(pane: Pane) -> np.ndarray:
    """The picture of a pane at 1:1, read off its pixels."""
    canvas = pane.canvas
    image = canvas.grabFramebuffer() if hasattr(canvas, "grabFramebuffer") else canvas.grab().toImage()
    left, top = (round(value) for value in canvas.place().origin)
    return rgb(image)[top : top + HEIGHT, left : left + WIDTH].astype(int)


def worst(a: np.ndarray, b: np.ndarray) -> int:
    """Largest difference away from the edges, where swscale weighs chroma otherwise."""
    return int(np.abs(a - b)[3:-3, 3:-3].max())


def test_colours_are_those_of_ffmpeg(qtbot: QtBot, window: MainWindow, takes: Takes) -> None:
    assert worst(colours(takes[0], window), colours(takes[1], window)) > 40
    for take in takes:
        assert worst(on_screen(window.panes[take.id]), colours(take, window)) <= 2


@pytest.mark.parametrize("layout", ["layout_row", "layout_column", "layout_grid"])
def test_layouts_put_each_take_where_it_belongs(qtbot: QtBot, window: MainWindow, takes: Takes, layout: str) -> None:
    window.menus.trigger(layout)
    settle(qtbot, window)
    QApplication.processEvents()
    settle(qtbot, window)
    panes = visible(window)
    assert len(panes) == 2
    for pane in panes:
        take = window.session.takes.by_id(pane.tile.left)
        qtbot.waitUntil(lambda p=pane, t=take: worst(on_screen(p), colours(t, window)) <= 2, timeout=WAIT_MS)
    corners = [pane.mapTo(window.stage.grid, QPoint(0, 0)) for pane in panes]
    apart = corners[1] - corners[0]
    assert (apart.x() > 0, apart.y() > 0) == (layout != "layout_column", layout == "layout_column")


def test_a_split_has_either_take_on_its_side(qtbot: QtBot, window: MainWindow, takes: Takes) -> None:
    window.menus.trigger("layout_split")
    settle(qtbot, window)
    (pane,) = visible(window)
    QApplication.processEvents()
    line = round(pane.canvas.split_x() - pane.canvas.place().origin[0])
    assert 20 < line < WIDTH - 20
    shown, left, right = on_screen(pane), colours(takes[0], window), colours(takes[1], window)
    # The line and its handle stand over a few columns.
    assert worst(shown[:, : line - 6], left[:, : line - 6]) <= 2
    assert worst(shown[:, line + 6 :], right[:, line + 6 :]) <= 2


@pytest.mark.parametrize("gain", [1, 8])
@pytest.mark.parametrize("sign", Sign)
def test_differences_are_those_of_the_luma_ffmpeg_decodes(
    qtbot: QtBot, window: MainWindow, takes: Takes, sign: Sign, gain: int
) -> None:
    layouts = window.session.view.layouts
    layouts.difference = DifferenceLook(Channels.LUMA, sign, gain)
    layouts.toggle_difference()
    settle(qtbot, window)
    away = gain * (luma(takes[1], window) - luma(takes[0], window))
    shown = on_screen(window.panes[takes[1].id])[:24].sum(axis=2)
    away = away[:24]
    assert np.all(shown[away == 0] <= 3)
    # Larger differences are brighter, in a direction of their own colour: judged by rank, as an eye does.
    for side in (away[away > 0], -away[away < 0]):
        assert len(side) > 50
    for chosen in (away > 0, away < 0):
        sizes, bright = np.minimum(255, np.abs(away[chosen])), shown[chosen]
        order = [bright[sizes == size].mean() for size in np.unique(sizes)]
        assert np.all(np.diff(order) >= -1)
        assert order[-1] > order[0]


def test_a_clip_of_10_bits_shows_no_bands_and_says_what_is_shown(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], slow_slope: Path
) -> None:
    shows(slow_slope)
    window.session.view.set_zoom(0.25)
    settle(qtbot, window)
    window._refresh_all()
    (pane,) = visible(window)
    assert "10-bit, dithered" in pane.label.text()

    def pixels() -> np.ndarray:
        image = (
            pane.canvas.grabFramebuffer() if hasattr(pane.canvas, "grabFramebuffer") else pane.canvas.grab().toImage()
        )
        left, top = (round(value) for value in pane.canvas.place().origin)
        return rgb(image)[top : top + 64, left : left + 128]

    qtbot.waitUntil(lambda: off_mean(pixels()) < 0.2, timeout=WAIT_MS)


def test_an_hdr_clip_is_tone_mapped_and_says_so(
    qtbot: QtBot, window: MainWindow, shows: Callable[[Path], None], clips: Path
) -> None:
    pq = "log-level=0:transfer=smpte2084:colormatrix=bt2020nc:colorprim=bt2020"
    hdr = make_clip(clips / "hdr.mkv", "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", pq)
    shows(hdr)
    window.session.view.set_zoom(1.0)
    settle(qtbot, window)
    window._refresh_all()
    (pane,) = visible(window)
    assert window.session.clip.info.transfer is Transfer.PQ
    assert "PQ tone-mapped" in pane.label.text()
    assert any("HDR source (PQ)" in note for note in window.session.clip.info.notes)
    picture = window.session.clip.picture(0)
    toned, plain = (
        rgb(Shown(picture, transfer=transfer).image()).astype(int) for transfer in (Transfer.PQ, Transfer.SDR)
    )
    assert worst(toned, plain) > 30
    qtbot.waitUntil(lambda: worst(on_screen(pane), toned) <= 12, timeout=WAIT_MS)
    window.menus.trigger("tone_mapping")
    settle(qtbot, window)
    window._refresh_all()
    assert "not tone-mapped" in pane.label.text()
    qtbot.waitUntil(lambda: worst(on_screen(pane), plain) <= 2, timeout=WAIT_MS)
