"""One table of everything a user can do; menus, keys, the key sheet and the tests grow from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.jobs.engine import Engine
from app.state.session import Session
from app.state.takes import Kind, Status, Take


class Screen(Protocol):
    """What actions need of the window, besides state and engine."""

    def now_s(self) -> float: ...
    def ask_clip(self) -> None: ...
    def encode_neural(self) -> None: ...
    def add_rival(self) -> None: ...
    def save_frames(self) -> None: ...
    def ask_save_stream(self) -> None: ...
    def toggle_charts(self) -> None: ...
    def toggle_info(self) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def leave_full_screen(self) -> None: ...
    def toggle_keys(self) -> None: ...
    def copy_command(self) -> None: ...
    def blink(self) -> None: ...
    def charts_shown(self) -> bool: ...
    def info_shown(self) -> bool: ...
    def close_window(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What an action works on."""

    session: Session
    engine: Engine
    screen: Screen


def _always(context: Context) -> bool:
    del context
    return True


def _has_clip(context: Context) -> bool:
    return context.session.clip is not None


def _has_running(context: Context) -> bool:
    return any(take.status is Status.RUNNING for take in context.session.takes)


def _has_stream(context: Context) -> bool:
    return context.engine.newest_neural is not None


def _has_command(context: Context) -> bool:
    return any(take.command for take in context.session.takes)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `keys` in Qt's portable text; `menu` is the menu's title; the first key is shown."""

    id: str
    text: str
    keys: tuple[str, ...]
    menu: str
    run: Callable[[Context], None]
    enabled_when: Callable[[Context], bool] = field(default=_has_clip)
    checked_when: Callable[[Context], bool] | None = None


def _toggle_play(c: Context) -> None:
    if c.session.playback.playing:
        c.session.playback.pause()
    else:
        c.session.playback.play(c.screen.now_s())


def _step(delta: int) -> Callable[[Context], None]:
    def run(c: Context) -> None:
        c.session.playback.pause()
        c.session.playback.seek(c.session.playback.frame + delta)

    return run


def _seek_seconds(delta: float) -> Callable[[Context], None]:
    return lambda c: c.session.playback.seek_seconds(delta, c.screen.now_s())


def _seek_boundary(direction: int) -> Callable[[Context], None]:
    def run(c: Context) -> None:
        frame, boundaries = c.session.playback.frame, c.session.boundaries
        ahead = [b for b in boundaries if (b > frame if direction > 0 else b < frame)]
        if ahead:
            c.session.playback.seek(ahead[0] if direction > 0 else ahead[-1], c.screen.now_s())

    return run


def _show_take(number: int) -> Callable[[Context], None]:
    def run(c: Context) -> None:
        takes: list[Take] = list(c.session.takes)
        if number <= len(takes):
            take = takes[number - 1]
            c.session.set_focus(None if c.session.focus == take.id else take)

    return run


def _show_source(c: Context) -> None:
    source = next((take for take in c.session.takes if take.kind is Kind.SOURCE), None)
    c.session.set_focus(source)


def open_recent(context: Context, path: str) -> None:
    """Open a clip from the list of recent ones."""
    context.engine.open(Path(path))


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", "Open clip…", ("Ctrl+O",), "File", lambda c: c.screen.ask_clip(), _always),
    ActionSpec("save_frames", "Save frames as PNG…", ("Ctrl+S",), "File", lambda c: c.screen.save_frames()),
    ActionSpec(
        "save_stream", "Save neural stream…", ("Ctrl+E",), "File", lambda c: c.screen.ask_save_stream(), _has_stream
    ),
    ActionSpec("quit", "Quit", ("Ctrl+Q",), "File", lambda c: c.screen.close_window(), _always),
    ActionSpec("encode", "Encode with the neural codec", ("Ctrl+Return",), "Takes", lambda c: c.screen.encode_neural()),
    ActionSpec("rival", "Add rival", ("Ctrl+Shift+Return",), "Takes", lambda c: c.screen.add_rival()),
    ActionSpec("cancel", "Cancel encodes", ("Ctrl+.",), "Takes", lambda c: c.engine.cancel_all(), _has_running),
    ActionSpec(
        "copy_command", "Copy commands", ("Ctrl+Shift+C",), "Takes", lambda c: c.screen.copy_command(), _has_command
    ),
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
    ActionSpec("first", "First frame", ("Home",), "Playback", lambda c: c.session.playback.seek(0, c.screen.now_s())),
    ActionSpec(
        "last",
        "Last frame",
        ("End",),
        "Playback",
        lambda c: c.session.playback.seek(c.session.playback.frame_count - 1, c.screen.now_s()),
    ),
    ActionSpec("gop_back", "Previous GoP boundary", ("PgUp",), "Playback", _seek_boundary(-1)),
    ActionSpec("gop_forward", "Next GoP boundary", ("PgDown",), "Playback", _seek_boundary(1)),
    ActionSpec("slower", "Slower", ("[",), "Playback", lambda c: c.session.playback.step_speed(-1, c.screen.now_s())),
    ActionSpec("faster", "Faster", ("]",), "Playback", lambda c: c.session.playback.step_speed(1, c.screen.now_s())),
    ActionSpec(
        "normal_speed",
        "Speed 1×",
        ("Backspace",),
        "Playback",
        lambda c: c.session.playback.set_speed(1.0, c.screen.now_s()),
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
    ActionSpec("zoom_one", "Zoom 1:1", ("Ctrl+0",), "View", lambda c: c.session.view.set_zoom(1.0)),
    ActionSpec("zoom_fit", "Fit", ("Ctrl+9",), "View", lambda c: c.session.view.set_zoom(None)),
    ActionSpec("zoom_reset", "Reset view", ("R",), "View", lambda c: c.session.view.reset()),
    ActionSpec(
        "gop_marks",
        "GoP boundaries",
        ("G",),
        "View",
        lambda c: c.session.toggle_gop_marks(),
        checked_when=lambda c: c.session.gop_marks,
    ),
    ActionSpec(
        "seam_mode",
        "Seams: blended / hard cut / disjoint",
        ("Shift+G",),
        "View",
        lambda c: c.session.cycle_seam_mode(),
    ),
    ActionSpec("blink", "Blink between the last two takes", ("B",), "View", lambda c: c.screen.blink()),
    ActionSpec("all_panes", "All panes", ("0",), "View", lambda c: c.session.set_focus(None)),
    ActionSpec("source", "Source alone (hold S)", (), "View", _show_source),
    *(ActionSpec(f"take_{n}", f"Take {n} alone", (str(n),), "View", _show_take(n)) for n in range(1, 10)),
    ActionSpec(
        "charts",
        "Charts",
        ("P",),
        "View",
        lambda c: c.screen.toggle_charts(),
        _always,
        lambda c: c.screen.charts_shown(),
    ),
    ActionSpec(
        "info", "Clip and take information", ("V",), "View", lambda c: c.screen.toggle_info(), _always,
        lambda c: c.screen.info_shown(),
    ),
    ActionSpec("full_screen", "Full screen", ("F11", "F"), "View", lambda c: c.screen.toggle_full_screen(), _always),
    ActionSpec("leave", "Leave full screen", ("Esc",), "View", lambda c: c.screen.leave_full_screen(), _always),
    ActionSpec("keys", "Keys", ("?", "H"), "Help", lambda c: c.screen.toggle_keys(), _always),
)  # fmt: skip


def by_id(name: str) -> ActionSpec:
    """The action with an id. Raises KeyError."""
    return next(spec for spec in ACTIONS if spec.id == name)
