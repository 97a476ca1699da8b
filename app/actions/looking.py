"""Ways of looking at the pictures."""

from collections.abc import Callable

from app.actions.spec import ActionSpec, Context, always
from app.state.takes import Kind, Take


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


ACTIONS: tuple[ActionSpec, ...] = (
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
        always,
        lambda c: c.screen.charts_shown(),
    ),
    ActionSpec(
        "info", "Clip and take information", ("V",), "View", lambda c: c.screen.toggle_info(), always,
        lambda c: c.screen.info_shown(),
    ),
    ActionSpec("full_screen", "Full screen", ("F11", "F"), "View", lambda c: c.screen.toggle_full_screen(), always),
    ActionSpec("leave", "Leave full screen", ("Esc",), "View", lambda c: c.screen.leave_full_screen(), always),
    ActionSpec("keys", "Keys", ("?", "H"), "Help", lambda c: c.screen.toggle_keys(), always),
)  # fmt: skip
