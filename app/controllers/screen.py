"""Parts of the window come and go: charts, panels, key sheet, full screen, second window; and the settings."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from app.controllers.person import Person
from app.jobs.engine import Engine
from app.render.presenter import Presenter
from app.state.settings import Settings


class Part(Protocol):
    """Something that is shown or hidden as a whole."""

    def show(self) -> object: ...
    def hide(self) -> object: ...
    def isHidden(self) -> bool: ...


class Tabs(Part, Protocol):
    """The inspector: tabs "seams", "worst", "scopes"."""

    def toggle(self, name: str) -> None: ...
    def shows(self, name: str) -> bool: ...


class KeySheet(Part, Protocol):
    """The keys, over everything."""

    def open_keys(self) -> None: ...


class Second(Part, Protocol):
    """The second window."""

    def open(self) -> None: ...


class Frame(Protocol):
    """The window itself."""

    @property
    def full(self) -> bool:
        """It fills the screen."""
        ...

    def set_full(self, on: bool) -> None: ...
    def where(self) -> str:
        """Place and size as text."""
        ...

    def close(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the screen is made of, beside the pictures."""

    frame: Frame
    info: Part
    inspector: Tabs
    keys: KeySheet
    charts: Callable[[], Part | None]
    """None until they are loaded."""
    second: Callable[[], Second]
    """Made when it is first asked for."""
    second_made: Callable[[], Part | None]
    around: tuple[Part, ...]
    """Goes in full screen, with charts and inspector."""
    about: tuple[Part, ...]
    """Goes while presenting, too."""
    names: tuple[Part, ...]
    """Tells names of takes, with charts, inspector and second window."""
    open_palette: Callable[[], None]


class Screen:
    """Shows and hides the parts."""

    def __init__(self, engine: Engine, presenter: Presenter, person: Person, parts: Parts) -> None:
        self._engine, self._session, self._presenter = engine, engine.session, presenter
        self._person, self._parts = person, parts
        self._place = ""
        """Where the window stood before the full screen, as text."""
        self._put_away: list[Part] = []
        """Parts hidden by the full screen."""
        self._nameless: list[Part] = []
        """Parts hidden because they tell names."""

    def toggle_charts(self) -> None:
        """Show or hide the charts."""
        charts = self._parts.charts()
        if charts is not None:
            _toggle(charts)

    def charts_shown(self) -> bool:
        """True while the charts are there."""
        charts = self._parts.charts()
        return charts is not None and not charts.isHidden()

    def toggle_panel(self, name: str) -> None:
        """Show or hide a tab of the inspector: "seams", "worst" or "scopes"."""
        self._parts.inspector.toggle(name)

    def panel_shown(self, name: str) -> bool:
        """True while that tab is in front."""
        return self._parts.inspector.shows(name)

    def toggle_info(self) -> None:
        """Show or hide facts about clip and takes."""
        _toggle(self._parts.info)

    def info_shown(self) -> bool:
        """True while the information is there."""
        return not self._parts.info.isHidden()

    def toggle_full_screen(self) -> None:
        """Pictures alone on the whole screen, or back."""
        parts, frame = self._parts, self._parts.frame
        if frame.full:
            self._session.view.present(False)
            for part in self._put_away:
                part.show()
            self._put_away = []
            frame.set_full(False)
            return
        self._place = frame.where()
        self._put_parts_away(*parts.around, parts.charts(), parts.inspector)
        frame.set_full(True)

    @property
    def place(self) -> str:
        """Where the window stands, as text; in full screen where it stood before, which systems may not tell then."""
        frame = self._parts.frame
        return self._place if self._place and frame.full else frame.where()

    def toggle_presentation(self) -> None:
        """Full screen with large labels and nothing but pictures, or back."""
        if self._session.view.presenting:
            self.toggle_full_screen()
            return
        if not self._parts.frame.full:
            self.toggle_full_screen()
        self._put_parts_away(*self._parts.about, self._parts.info)
        self._session.view.present(True)

    def toggle_second(self) -> None:
        """The pictures once more in a second window, or no longer."""
        second = self._parts.second()
        if second.isHidden():
            second.open()
        else:
            second.hide()

    def second_shown(self) -> bool:
        """True while there is a second window."""
        second = self._parts.second_made()
        return second is not None and not second.isHidden()

    def leave_full_screen(self) -> None:
        """Back to the window; also puts the key sheet away."""
        self._parts.keys.hide()
        if self._parts.frame.full:
            self.toggle_full_screen()

    def hide_names(self) -> None:
        """Put away what tells names of takes; what the user had hidden stays hidden afterwards."""
        parts = self._parts
        others = (parts.charts(), parts.inspector, parts.second_made())
        shown = [part for part in (*parts.names, *others) if part is not None and not part.isHidden()]
        self._nameless += shown
        for part in shown:
            part.hide()

    def show_names(self) -> None:
        """Bring it back."""
        for part in self._nameless:
            part.show()
        self._nameless = []

    def _put_parts_away(self, *parts: Part | None) -> None:
        """Hide parts until full screen ends; what the user had hidden stays hidden then."""
        shown = [part for part in parts if part is not None and not part.isHidden()]
        self._put_away += shown
        for part in shown:
            part.hide()

    def toggle_keys(self) -> None:
        """The key sheet over everything."""
        keys = self._parts.keys
        if keys.isHidden():
            keys.open_keys()
        else:
            keys.hide()

    def show_palette(self) -> None:
        """Every action by its name."""
        self._parts.open_palette()

    def show_settings(self) -> None:
        """The settings dialog."""
        self._person.ask_settings(self._session.settings, self._set)

    def _set(self, wanted: Settings) -> None:
        before = self._session.settings
        # Recent files may have come while the dialog was open.
        kept = replace(wanted, recent=before.recent, codec=before.codec, choices=before.choices)
        self._session.update_settings(kept)
        self._presenter.cache.set_limit(kept.cache_limit_bytes)
        if (kept.device, kept.precision) != (before.device, before.precision):
            self._engine.set_device(kept.device)

    def close_window(self) -> None:
        """Quit."""
        self._parts.frame.close()


def _toggle(part: Part) -> None:
    if part.isHidden():
        part.show()
    else:
        part.hide()
