"""Files and encodes."""

from app.actions.spec import ActionSpec, Context, always
from app.state.takes import Status


def _has_running(context: Context) -> bool:
    return context.engine.opening.under_way or any(take.status is Status.RUNNING for take in context.session.takes)


def _has_stream(context: Context) -> bool:
    return context.session.takes.newest_neural is not None


def _has_command(context: Context) -> bool:
    return any(take.command for take in context.session.takes)


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", "Open clip…", ("Ctrl+O",), "File", lambda c: c.files.ask_clip(), always),
    ActionSpec("save_frames", "Save frames as PNG…", ("Ctrl+S",), "File", lambda c: c.exports.ask_frames()),
    ActionSpec(
        "save_stream", "Save Seamscope stream…", ("Ctrl+E",), "File", lambda c: c.takes.ask_save_stream(), _has_stream
    ),
    ActionSpec("encode", "Encode with Seamscope's codec", ("Ctrl+Return",), "Takes", lambda c: c.takes.encode_neural()),
    ActionSpec("ladder", "Encode a ladder…", ("Ctrl+L",), "Takes", lambda c: c.ladders.ask()),
    ActionSpec("rival", "Add rival", ("Ctrl+Shift+Return",), "Takes", lambda c: c.takes.add_rival()),
    ActionSpec(
        "cancel", "Cancel encodes and opening", ("Ctrl+.",), "Takes", lambda c: c.engine.cancel_all(), _has_running
    ),
    ActionSpec(
        "copy_command", "Copy commands", ("Ctrl+Shift+C",), "Takes", lambda c: c.takes.copy_commands(), _has_command
    ),
)  # fmt: skip
