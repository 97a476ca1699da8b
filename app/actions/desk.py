"""Takes one by one, projects, exports, settings."""

from collections.abc import Callable

from app.actions.spec import ActionSpec, Context, always, has_clip
from app.state.takes import Kind, Status, Take

BIG_NUDGE = 10


def _has_take(c: Context) -> bool:
    return c.session.current is not None


def _has_whole_take(c: Context) -> bool:
    take = c.session.current
    # Of a watched run a few GoPs are there, and no file.
    return take is not None and take.status is Status.READY and not take.watched


def _has_recipe(c: Context) -> bool:
    take = c.session.current
    return take is not None and take.recipe is not None


def _has_neural_recipe(c: Context) -> bool:
    take = c.session.current
    return take is not None and take.kind is Kind.NEURAL and take.recipe is not None


def _on_take(run: Callable[[Context, Take], None]) -> Callable[[Context], None]:
    """An action on the current take; nothing without one."""

    def act(c: Context) -> None:
        take = c.session.current
        if take is not None:
            run(c, take)

    return act


def _watch(c: Context) -> None:
    if c.takes.ask_watch() and not c.screen.panel_shown("watch"):
        c.screen.toggle_panel("watch")


def _is_watching(c: Context) -> bool:
    return c.engine.watching.folder is not None


def _nudge(frames: int) -> Callable[[Context], None]:
    return _on_take(lambda c, take: c.takes.edits.nudge(take, take.nudge + frames))


def _move(places: int) -> Callable[[Context], None]:
    return _on_take(lambda c, take: c.takes.edits.move(take, places))


FILE_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open_project", "Open project…", ("Ctrl+Shift+O",), "File", lambda c: c.files.ask_open_project(), always
    ),
    ActionSpec("save_project", "Save project", ("Ctrl+Alt+S",), "File", lambda c: c.files.save_project()),
    ActionSpec(
        "save_project_as",
        "Save project as…",
        ("Ctrl+Alt+Shift+S",),
        "File",
        lambda c: c.files.ask_save_project(),
    ),
    ActionSpec("import", "Import a decoded file as a take…", ("Ctrl+I",), "File", lambda c: c.takes.ask_import()),
    ActionSpec("save_view", "Save the view as PNG…", ("Ctrl+Alt+C",), "File", lambda c: c.view.ask_save()),
    ActionSpec("save_crops", "Save crops as PNG…", ("Ctrl+Shift+S",), "File", lambda c: c.exports.ask_crops()),
    ActionSpec(
        "export_video",
        "Export side-by-side video…",
        ("Ctrl+Shift+V",),
        "File",
        lambda c: c.exports.ask_video(),
    ),
    ActionSpec(
        "export_charts",
        "Export charts…",
        ("Ctrl+Alt+E",),
        "File",
        lambda c: c.exports.ask_charts(),
        _has_take,
    ),
    ActionSpec(
        "save_worst",
        "Save the worst frames as PNG…",
        ("Ctrl+Alt+W",),
        "File",
        lambda c: c.exports.ask_worst(),
        _has_take,
    ),
    ActionSpec("export_page", "Export evidence page…", ("Ctrl+Shift+E",), "File", lambda c: c.exports.ask_page()),
    ActionSpec("export_verdict", "Export verdict…", ("Ctrl+Alt+V",), "File", lambda c: c.verdicts.ask()),
    ActionSpec("settings", "Settings…", ("Ctrl+;",), "File", lambda c: c.screen.show_settings(), always),
    ActionSpec("quit", "Quit", ("Ctrl+Q",), "File", lambda c: c.screen.close_window(), always),
)

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "undo",
        "Undo",
        ("Ctrl+Z",),
        "Takes",
        lambda c: c.session.history.undo(),
        lambda c: bool(c.session.history.undo_text),
    ),
    ActionSpec(
        "redo",
        "Redo",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "Takes",
        lambda c: c.session.history.redo(),
        lambda c: bool(c.session.history.redo_text),
    ),
    ActionSpec(
        "select_previous",
        "Choose the take above",
        ("Ctrl+PgUp",),
        "Takes",
        lambda c: c.session.select_next(-1),
        _has_take,
    ),
    ActionSpec(
        "select_next", "Choose the take below", ("Ctrl+PgDown",), "Takes", lambda c: c.session.select_next(1), _has_take
    ),
    ActionSpec(
        "rename",
        "Rename the take…",
        ("Ctrl+Shift+R",),
        "Takes",
        _on_take(lambda c, t: c.takes.rename(t)),
        _has_take,
    ),
    ActionSpec(
        "encode_again",
        "Encode the take again with its own settings",
        ("Ctrl+Shift+K",),
        "Takes",
        _on_take(lambda c, t: c.takes.encode_again(t)),
        _has_recipe,
    ),
    ActionSpec(
        "encode_anew",
        "Encode the take again with the codec, λ and options of the panel",
        ("Ctrl+Alt+K",),
        "Takes",
        _on_take(lambda c, t: c.takes.encode_anew(t)),
        _has_neural_recipe,
    ),
    ActionSpec(
        "other_decoder",
        "Show the take's stream by the other decoder too, fast or full",
        ("Ctrl+Alt+F",),
        "Takes",
        _on_take(lambda c, t: c.takes.show_by_other_decoder(t)),
        lambda c: (take := c.session.current) is not None and bool(take.other_decoder),
    ),
    ActionSpec(
        "hide",
        "Show or hide the take",
        ("Ctrl+H",),
        "Takes",
        _on_take(lambda c, t: c.takes.edits.set_visible(t, not t.visible)),
        _has_take,
        lambda c: (take := c.session.current) is not None and take.visible,
    ),
    ActionSpec("move_up", "Move the take up", ("Ctrl+Shift+Up",), "Takes", _move(-1), _has_take),
    ActionSpec("move_down", "Move the take down", ("Ctrl+Shift+Down",), "Takes", _move(1), _has_take),
    ActionSpec("nudge_later", "Shift the take by +1 frame", ("Alt+Right",), "Takes", _nudge(1), _has_take),
    ActionSpec("nudge_earlier", "Shift the take by -1 frame", ("Alt+Left",), "Takes", _nudge(-1), _has_take),
    ActionSpec(
        "nudge_later_10", "Shift the take by +10 frames", ("Ctrl+Shift+Right",), "Takes", _nudge(BIG_NUDGE), _has_take
    ),
    ActionSpec(
        "nudge_earlier_10", "Shift the take by -10 frames", ("Ctrl+Shift+Left",), "Takes", _nudge(-BIG_NUDGE), _has_take
    ),
    ActionSpec(
        "align",
        "Align the take by its pictures (within ±8 frames)",
        ("Ctrl+Shift+L",),
        "Takes",
        _on_take(lambda c, t: c.takes.edits.align(t)),
        _has_whole_take,
    ),
    ActionSpec("choose", "Choose this take…", ("A",), "Takes", _on_take(lambda c, t: c.choosing.ask(t)), _has_take),
    ActionSpec(
        "points",
        "Operating points of a folder…",
        ("Ctrl+Alt+P",),
        "File",
        lambda c: c.choosing.ask_table(),
        always,
    ),
    ActionSpec(
        "rate_lock",
        "Keep rivals at Seamscope's bitrate",
        ("Ctrl+Shift+B",),
        "Takes",
        lambda c: c.session.set_rate_lock(not c.session.rate_lock),
        has_clip,
        lambda c: c.session.rate_lock,
    ),
    ActionSpec(
        "export_take",
        "Export the take's file…",
        ("Ctrl+Alt+T",),
        "Takes",
        _on_take(lambda c, t: c.takes.ask_export(t)),
        _has_whole_take,
    ),
    ActionSpec("watch", "Watch a training run…", ("Ctrl+Alt+R",), "Takes", _watch, always),
    ActionSpec(
        "stop_watching",
        "Stop watching the training run",
        ("Ctrl+Alt+Shift+R",),
        "Takes",
        lambda c: c.takes.stop_watching(),
        _is_watching,
    ),
    ActionSpec(
        "remove",
        "Remove the take",
        ("Del",),
        "Takes",
        _on_take(lambda c, t: c.takes.edits.remove(t)),
        _has_take,
    ),
)

HELP_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("palette", "Commands…", ("Ctrl+Shift+P",), "Help", lambda c: c.screen.show_palette(), always),
)

TAKE_MENU: tuple[str | None, ...] = (
    "choose", "rename", "encode_again", "encode_anew", "other_decoder", "hide", None, "move_up", "move_down", None,
    "nudge_later", "nudge_earlier", "align", None, "export_take", "remove",
)  # fmt: skip
"""The menu of a take, in this order; None is a line between."""
