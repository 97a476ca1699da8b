"""Looking closely: values, magnifier, region, where LPIPS lies."""

from app.actions.spec import ActionSpec, Context, always
from app.state.components import Component
from app.state.inspection import Inspection, Overlay


def _aids(c: Context) -> Inspection:
    return c.session.view.inspection


def _clear_region(c: Context) -> None:
    _aids(c).set_region(None, (0, 0))


def _overlay(name: str, text: str, key: str, overlay: Overlay) -> ActionSpec:
    return ActionSpec(
        name,
        text,
        (key,),
        "Inspect",
        lambda c: _aids(c).toggle_overlay(overlay),
        lambda c: len(c.session.takes) > 1,
        lambda c: _aids(c).overlay is overlay,
    )


def _next_component(c: Context) -> None:
    shown = c.session.view.component
    c.session.view.show_component(next(iter(Component)) if shown is None else shown.following)


def _component(component: Component) -> ActionSpec:
    def toggle(c: Context) -> None:
        view = c.session.view
        view.show_component(None if view.component is component else component)

    return ActionSpec(
        f"component_{component.name.lower()}",
        f"{component.value[0].upper()}{component.value[1:]} alone",
        (),
        "Inspect",
        toggle,
        checked_when=lambda c: c.session.view.component is component,
    )


def _panel(name: str, text: str, key: str) -> ActionSpec:
    return ActionSpec(
        f"panel_{name}",
        text,
        (key,),
        "Inspect",
        lambda c: c.screen.toggle_panel(name),
        always,
        lambda c: c.screen.panel_shown(name),
    )


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "values",
        "Pixel values of every take",
        ("C",),
        "Inspect",
        lambda c: _aids(c).toggle_values(),
        checked_when=lambda c: _aids(c).values_shown,
    ),
    ActionSpec(
        "magnifier",
        "Magnifier: ×4, ×8, ×16, off",
        ("Z",),
        "Inspect",
        lambda c: _aids(c).cycle_magnifier(),
        checked_when=lambda c: _aids(c).magnifier is not None,
    ),
    ActionSpec(
        "clear_region",
        "Give up the region (Ctrl+drag marks one)",
        ("Shift+R",),
        "Inspect",
        _clear_region,
        lambda c: _aids(c).region is not None,
    ),
    _overlay("heat", "Where LPIPS lies", "Y", Overlay.LPIPS),
    _overlay("texture", "Texture: where detail was blurred or invented", "Shift+T", Overlay.TEXTURE),
    _panel("scopes", "Histogram, vectorscope and waveform", "F2"),
    _panel("worst", "Worst frames", "F3"),
    _panel("seams", "Seam inspector", "F4"),
    _panel("watch", "Training run", "F7"),
)

COMPONENT_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "component_next", "Next channel: luma, red, green, blue, Cb, Cr, all", ("Q",), "Inspect", _next_component
    ),
    ActionSpec(
        "component_none",
        "All colours",
        ("Shift+Q",),
        "Inspect",
        lambda c: c.session.view.show_component(None),
        lambda c: c.session.view.component is not None,
    ),
    *(_component(component) for component in Component),
)
