from fractions import Fraction
from pathlib import Path

import pytest

from app.state.playback import Playback
from app.state.settings import CodecChoice, Settings, load_settings, save_settings
from app.state.view import View
from codec.media.picture import Timing


def playback(*starts_ms: int, end_ms: int) -> Playback:
    made = Playback()
    made.set_timing(Timing(starts_ms, Fraction(1, 1000), Fraction(25), end_ms / 1000))
    return made


def test_frames_fall_due_by_their_own_times() -> None:
    p = playback(0, 40, 80, 280, 320, end_ms=360)
    p.play(100.0)
    assert [p.due(100 + s) for s in (0.0, 0.039, 0.041, 0.2, 0.281, 0.33)] == [0, 0, 1, 2, 3, 4]
    assert p.due(100.37) == 0
    p.toggle_loop()
    assert p.due(105.0) == 4
    p.shown(4, 105.0)
    assert not p.playing
    assert p.skipped == 3


def test_speed_range_and_seek_do_not_jump() -> None:
    p = playback(*range(0, 400, 40), end_ms=400)
    p.set_in(2)
    p.set_out(5)
    p.seek(3)
    p.play(10.0)
    p.set_speed(2.0, 10.0)
    assert p.due(10.0) == 3
    assert p.due(10.021) == 4
    assert p.due(10.0 + 0.06 + 0.001) == 2
    p.seek(99)
    assert p.frame == 9
    assert p.upcoming(4)[:2] == [9, 2]


def test_zoom_box_and_pan() -> None:
    view = View()
    picture, pane = (200.0, 100.0), (400.0, 300.0)
    assert view.scale(picture, pane) == 2.0
    view.show_box((100, 100, 200, 50), picture, pane)
    assert view.scale(picture, pane) == pytest.approx(4.0)
    view.pan((40, 0), picture, pane)
    assert view.centre[0] == pytest.approx(0.5 - 40 / 4 / 200)


def test_settings_survive_and_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    assert load_settings(path) == Settings()
    settings = Settings(device="cpu", codec="vae", choices={"vae": CodecChoice(0.7)})
    for i in range(14):
        settings = settings.with_recent(Path(f"/clips/{i % 12}.mp4"))
    save_settings(path, settings)
    assert load_settings(path) == settings
    assert settings.recent[0] == "/clips/1.mp4"
    assert len(settings.recent) == 10
    path.write_text('{"recent": 7, "lmbda": []')
    assert load_settings(path) == Settings()
    assert path.with_suffix(".damaged").exists()
