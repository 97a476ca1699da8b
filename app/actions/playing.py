"""Where the playback is, and how fast it goes."""

from collections.abc import Callable

from app.actions.spec import ActionSpec, Context


def _toggle_play(c: Context) -> None:
    if c.session.playback.playing:
        c.session.playback.pause()
    else:
        c.session.playback.play(c.now_s())


def _step(delta: int) -> Callable[[Context], None]:
    def run(c: Context) -> None:
        c.session.playback.pause()
        c.session.playback.seek(c.session.playback.frame + delta)

    return run


def _seek_seconds(delta: float) -> Callable[[Context], None]:
    return lambda c: c.session.playback.seek_seconds(delta, c.now_s())


def _seek_boundary(direction: int) -> Callable[[Context], None]:
    def run(c: Context) -> None:
        frame, boundaries = c.session.playback.frame, c.session.boundaries
        ahead = [b for b in boundaries if (b > frame if direction > 0 else b < frame)]
        if ahead:
            c.session.playback.seek(ahead[0] if direction > 0 else ahead[-1], c.now_s())

    return run


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "play",
        "Play / pause",
        ("Space",),
        "Playback",
        _toggle_play,
        checked_when=lambda c: c.session.playback.playing,
    ),
    ActionSpec("step_back", "Frame back", ("Left", ","), "Playback", _step(-1)),
    ActionSpec("step_forward", "Frame forward", ("Right", "."), "Playback", _step(1)),
    ActionSpec("second_back", "1 s back", ("Shift+Left",), "Playback", _seek_seconds(-1.0)),
    ActionSpec("second_forward", "1 s forward", ("Shift+Right",), "Playback", _seek_seconds(1.0)),
    ActionSpec("first", "First frame", ("Home",), "Playback", lambda c: c.session.playback.seek(0, c.now_s())),
    ActionSpec(
        "last",
        "Last frame",
        ("End",),
        "Playback",
        lambda c: c.session.playback.seek(c.session.playback.frame_count - 1, c.now_s()),
    ),
    ActionSpec("gop_back", "Previous GoP boundary", ("PgUp",), "Playback", _seek_boundary(-1)),
    ActionSpec("gop_forward", "Next GoP boundary", ("PgDown",), "Playback", _seek_boundary(1)),
    ActionSpec("slower", "Slower", ("[",), "Playback", lambda c: c.session.playback.step_speed(-1, c.now_s())),
    ActionSpec("faster", "Faster", ("]",), "Playback", lambda c: c.session.playback.step_speed(1, c.now_s())),
    ActionSpec(
        "normal_speed",
        "Speed 1×",
        ("Backspace",),
        "Playback",
        lambda c: c.session.playback.set_speed(1.0, c.now_s()),
    ),
    ActionSpec(
        "set_in", "Set in point", ("I",), "Playback", lambda c: c.session.playback.set_in(c.session.playback.frame)
    ),
    ActionSpec(
        "set_out", "Set out point", ("O",), "Playback", lambda c: c.session.playback.set_out(c.session.playback.frame)
    ),
    ActionSpec(
        "loop",
        "Loop",
        ("L",),
        "Playback",
        lambda c: c.session.playback.toggle_loop(),
        checked_when=lambda c: c.session.playback.loop,
    ),
    ActionSpec(
        "backward",
        "Play backwards",
        ("Shift+Space",),
        "Playback",
        lambda c: c.session.playback.toggle_backward(c.now_s()),
        checked_when=lambda c: c.session.playback.backward,
    ),
    ActionSpec(
        "to_and_fro",
        "Loop to and fro",
        ("Shift+L",),
        "Playback",
        lambda c: c.session.playback.toggle_to_and_fro(c.now_s()),
        checked_when=lambda c: c.session.playback.to_and_fro,
    ),
)  # fmt: skip
