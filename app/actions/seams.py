"""Looking at GoP boundaries."""

from collections.abc import Callable

from app.actions.spec import ActionSpec, Context, has_clip
from app.state.seam_loop import nearest_boundary
from codec.gop import SeamMode

THETA_STEP = 0.1


def _has_boundary(c: Context) -> bool:
    return has_clip(c) and bool(c.session.boundaries)


def _looping(c: Context) -> bool:
    return c.session.view.seam_loop.boundary is not None


def _blended(c: Context) -> bool:
    return has_clip(c) and c.session.seam_mode.is_blended


def _toggle_loop(c: Context) -> None:
    session, loop = c.session, c.session.view.seam_loop
    boundary = nearest_boundary(session.playback.frame, session.boundaries)
    if _looping(c):
        middle = loop.boundary
        loop.stop()
        if middle is not None:
            session.playback.seek(middle)
    elif boundary is not None:
        loop.start(boundary, session.playback.frame_count, c.now_s())


def _step_rate(direction: int) -> Callable[[Context], None]:
    return lambda c: c.session.view.seam_loop.step_rate(direction, c.now_s())


def _step_theta(direction: int) -> Callable[[Context], None]:
    return lambda c: c.session.set_theta(round(c.session.theta + direction * THETA_STEP, 6))


def _mode(mode: SeamMode) -> ActionSpec:
    return ActionSpec(
        f"seam_{mode.value.replace(' ', '_')}",
        f"Seams {mode.value}",
        (),
        "Seams",
        lambda c: c.session.set_seam_mode(mode),
        checked_when=lambda c: c.session.seam_mode is mode,
    )


def _scan_here(c: Context) -> None:
    """The row under the mouse; without one the middle; again on the same row: no slice."""
    inspection, clip = c.session.view.inspection, c.session.clip
    if clip is None:
        return
    row = clip.height // 2 if inspection.cursor is None else inspection.cursor[1]
    inspection.set_scan_line(None if row == inspection.scan_line else row, clip.height)
    if inspection.scan_line is not None and not c.screen.panel_shown("seams"):
        c.screen.toggle_panel("seams")


def _can_measure(c: Context) -> bool:
    return c.seams.measurable is not None and not c.seams.busy


def _measure(c: Context) -> None:
    """The seam ratio of the take at hand, told in the panel."""
    c.seams.measure()
    if not c.screen.panel_shown("seams"):
        c.screen.toggle_panel("seams")


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "gop_marks",
        "GoP boundaries marked",
        ("G",),
        "Seams",
        lambda c: c.session.toggle_gop_marks(),
        checked_when=lambda c: c.session.gop_marks,
    ),
    ActionSpec(
        "seam_mode",
        "Next: blended / blended wide / hard cut / disjoint",
        ("Shift+G",),
        "Seams",
        lambda c: c.session.cycle_seam_mode(),
    ),
    *(_mode(mode) for mode in (SeamMode.BLENDED, SeamMode.WIDE, SeamMode.HARD_CUT, SeamMode.DISJOINT)),
    ActionSpec("theta_up", "More of the earlier GoP (θ)", ("Ctrl+Right",), "Seams", _step_theta(1), _blended),
    ActionSpec("theta_down", "Less of the earlier GoP (θ)", ("Ctrl+Left",), "Seams", _step_theta(-1), _blended),
    ActionSpec("seam_loop", "Ping-pong around the seam", ("J",), "Seams", _toggle_loop, _has_boundary, _looping),
    ActionSpec("seam_loop_faster", "Ping-pong faster", ("}",), "Seams", _step_rate(1), _looping),
    ActionSpec("seam_loop_slower", "Ping-pong slower", ("{",), "Seams", _step_rate(-1), _looping),
    ActionSpec(
        "scan_line",
        "Follow the scan line under the mouse over time",
        ("Shift+Y",),
        "Seams",
        _scan_here,
        checked_when=lambda c: c.session.view.inspection.scan_line is not None,
    ),
    ActionSpec("measure_seams", "Measure the seam ratio", ("Ctrl+J",), "Seams", _measure, _can_measure),
)
