"""Ways of looking at the pictures."""

from collections.abc import Callable

from app.actions.spec import ActionSpec, Context, always, has_clip
from app.state.layouts import Layout
from app.state.scaling import Magnify, Minify
from app.state.takes import Kind, Take
from codec.media.picture import Transfer


def _two_takes(c: Context) -> bool:
    return has_clip(c) and len(c.session.takes) > 1


def _split(c: Context) -> bool:
    layouts = c.session.view.layouts
    return _two_takes(c) and layouts.layout is Layout.SPLIT and c.session.focus is None


def _differing(c: Context) -> bool:
    return _two_takes(c) and c.session.view.layouts.differing


def _blinking(c: Context) -> bool:
    return c.session.view.layouts.blinking


def _hdr(c: Context) -> bool:
    clip = c.session.clip
    return clip is not None and clip.info.transfer is not Transfer.SDR


def _is_file(c: Context) -> bool:
    """Images of a sequence have no fields."""
    return c.session.clip is not None and c.session.clip.info.can_deinterlace


def _deinterlace(c: Context) -> None:
    """Open the clip again with its lines of one moment, or as it is; frame and notes stay."""
    session, clip = c.session, c.session.clip
    if clip is None:
        return
    if len(session.takes) > 1:
        session.message.emit("Remove the takes first: they are of the clip's pictures as they are shown now.")
        return
    frame, notes = session.playback.frame, session.notes

    def then() -> None:
        session.set_notes(notes)
        session.playback.seek(frame)

    stop = clip.start + clip.frame_count
    c.engine.open(clip.path, clip.start, stop, deinterlace=not clip.info.deinterlaced, then=then)


def _show_take(number: int) -> Callable[[Context], None]:
    """Alone; in a split the take that is compared, unless it is the reference."""

    def run(c: Context) -> None:
        takes: list[Take] = list(c.session.takes)
        if number > len(takes):
            return
        take, layouts = takes[number - 1], c.session.view.layouts
        pair = layouts.pair([t.id for t in takes], [t.id for t in c.session.takes.shown])
        if _split(c) and pair is not None and take.id != pair[0]:
            layouts.set_partner(take.id)
        else:
            c.session.set_focus(None if c.session.focus == take.id else take)

    return run


def _show_source(c: Context) -> None:
    source = next((take for take in c.session.takes if take.kind is Kind.SOURCE), None)
    c.session.set_focus(source)


def _set_layout(layout: Layout) -> Callable[[Context], None]:
    def run(c: Context) -> None:
        c.session.set_focus(None)
        c.session.view.layouts.set_layout(layout)

    return run


def _layout(name: str, text: str, key: str, layout: Layout) -> ActionSpec:
    def checked(c: Context) -> bool:
        return c.session.view.layouts.layout is layout

    return ActionSpec(name, text, (key,), "Layout", _set_layout(layout), checked_when=checked)


def _next_reference(c: Context) -> None:
    ids, layouts = [take.id for take in c.session.takes], c.session.view.layouts
    current = layouts.reference if layouts.reference in ids else ids[0]
    layouts.set_reference(ids[(ids.index(current) + 1) % len(ids)])


LAYOUT_ACTIONS: tuple[ActionSpec, ...] = (
    _layout("layout_grid", "Grid, pictures as large as they fit", "N", Layout.GRID),
    _layout("layout_row", "Side by side", "D", Layout.ROW),
    _layout("layout_column", "One above the other", "U", Layout.COLUMN),
    _layout("layout_split", "Split by a line", "W", Layout.SPLIT),
    ActionSpec(
        "follow_mouse",
        "Split follows the mouse",
        ("T",),
        "Layout",
        lambda c: c.session.view.layouts.toggle_follow(),
        checked_when=lambda c: c.session.view.layouts.follow_mouse,
    ),
    ActionSpec("swap", "Swap sides of the split", ("X",), "Layout", lambda c: c.session.view.layouts.swap(), _split),
    ActionSpec(
        "difference",
        "Differences from the reference",
        ("E",),
        "Layout",
        lambda c: c.session.view.layouts.toggle_difference(),
        _two_takes,
        lambda c: c.session.view.layouts.differing,
    ),
    ActionSpec(
        "difference_kind",
        "Difference: luma / RGB, absolute / signed",
        ("M",),
        "Layout",
        lambda c: c.session.view.layouts.cycle_difference(),
        _two_takes,
    ),
    ActionSpec(
        "gain_up",
        "Amplify the difference",
        ("Ctrl+Up",),
        "Layout",
        lambda c: c.session.view.layouts.step_gain(1),
        _differing,
    ),
    ActionSpec(
        "gain_down",
        "Amplify the difference less",
        ("Ctrl+Down",),
        "Layout",
        lambda c: c.session.view.layouts.step_gain(-1),
        _differing,
    ),
    ActionSpec("reference", "Next take as the reference", ("Ctrl+R",), "Layout", _next_reference, _two_takes),
    ActionSpec("blink", "Blink between the last two looks", ("B",), "Layout", lambda c: c.view.blink()),
    ActionSpec(
        "auto_blink",
        "Blink by itself",
        ("Shift+B",),
        "Layout",
        lambda c: c.session.view.layouts.set_blinking(not c.session.view.layouts.blinking),
        _two_takes,
        _blinking,
    ),
    ActionSpec(
        "blink_faster", "Blink faster", ("Alt+Up",), "Layout", lambda c: c.session.view.layouts.step_blink(1), _blinking
    ),
    ActionSpec(
        "blink_slower",
        "Blink slower",
        ("Alt+Down",),
        "Layout",
        lambda c: c.session.view.layouts.step_blink(-1),
        _blinking,
    ),
    ActionSpec("all_panes", "All takes of the layout", ("0",), "Layout", lambda c: c.session.set_focus(None)),
    ActionSpec("source", "Source alone (hold S)", (), "Layout", _show_source),
    *(ActionSpec(f"take_{n}", f"Take {n} alone", (str(n),), "Layout", _show_take(n)) for n in range(1, 10)),
)


def _zoom(name: str, text: str, key: str, zoom: float) -> ActionSpec:
    return ActionSpec(name, text, (key,), "View", lambda c: c.session.view.set_zoom(zoom))


def _pan(name: str, text: str, key: str, right: int, down: int) -> ActionSpec:
    return ActionSpec(name, text, (key,), "View", lambda c: c.view.pan(right, down))


ZOOM_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("zoom_in", "Zoom in", ("+", "=", "Ctrl++", "Ctrl+=", "Shift+Up"), "View", lambda c: c.view.zoom(1)),
    ActionSpec("zoom_out", "Zoom out", ("-", "Ctrl+-", "Shift+Down"), "View", lambda c: c.view.zoom(-1)),
    _zoom("zoom_half", "Zoom 50 %", "Ctrl+5", 0.5),
    _zoom("zoom_2", "Zoom 200 %", "Ctrl+2", 2.0),
    _zoom("zoom_4", "Zoom 400 %", "Ctrl+4", 4.0),
    _zoom("zoom_8", "Zoom 800 %", "Ctrl+8", 8.0),
    _pan("pan_left", "Look further left", "Alt+Shift+Left", -1, 0),
    _pan("pan_right", "Look further right", "Alt+Shift+Right", 1, 0),
    _pan("pan_up", "Look further up", "Alt+Shift+Up", 0, -1),
    _pan("pan_down", "Look further down", "Alt+Shift+Down", 0, 1),
)


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("zoom_one", "Zoom 1:1", ("Ctrl+0",), "View", lambda c: c.session.view.set_zoom(1.0)),
    ActionSpec("zoom_fit", "Fit", ("Ctrl+9",), "View", lambda c: c.session.view.set_zoom(None)),
    ActionSpec("zoom_reset", "Reset view", ("R",), "View", lambda c: c.session.view.reset()),
    *ZOOM_ACTIONS,
    ActionSpec("copy_view", "Copy the view as a picture", ("Ctrl+C",), "View", lambda c: c.view.copy()),
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
    ActionSpec(
        "tone_mapping",
        "HDR clips tone-mapped",
        ("Ctrl+T",),
        "View",
        lambda c: c.session.view.toggle_tone_mapping(),
        _hdr,
        lambda c: c.session.view.tone_mapping,
    ),
    ActionSpec(
        "deinterlace",
        "Deinterlace the clip (bwdif)",
        ("Ctrl+Alt+D",),
        "View",
        _deinterlace,
        _is_file,
        lambda c: c.session.clip is not None and c.session.clip.info.deinterlaced,
    ),
    ActionSpec("full_screen", "Full screen", ("F11", "F"), "View", lambda c: c.screen.toggle_full_screen(), always),
    ActionSpec(
        "smooth",
        "Smooth when magnified",
        ("K",),
        "View",
        lambda c: c.session.view.toggle_magnify(),
        checked_when=lambda c: c.session.view.magnify is Magnify.BILINEAR,
    ),
    ActionSpec(
        "lanczos",
        "Lanczos when minified",
        ("Shift+K",),
        "View",
        lambda c: c.session.view.toggle_minify(),
        checked_when=lambda c: c.session.view.minify is Minify.LANCZOS,
    ),
    ActionSpec(
        "present",
        "Presentation",
        ("F5",),
        "View",
        lambda c: c.screen.toggle_presentation(),
        checked_when=lambda c: c.session.view.presenting,
    ),
    ActionSpec(
        "second_window",
        "Second window, on another screen if there is one",
        ("F6",),
        "View",
        lambda c: c.screen.toggle_second(),
        checked_when=lambda c: c.screen.second_shown(),
    ),
    ActionSpec("leave", "Leave full screen", ("Esc",), "View", lambda c: c.screen.leave_full_screen(), always),
    ActionSpec("keys", "Keys", ("?", "H"), "Help", lambda c: c.screen.toggle_keys(), always),
)  # fmt: skip
