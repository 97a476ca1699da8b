"""Codecs on the command line: `--codec`, and a flag for every option that any codec has."""

import argparse
from dataclasses import dataclass
from typing import Any

from codec import registry
from codec.api import CodecSettings, Option, OptionValue, options_of
from codec.errors import SettingError

Options = tuple[tuple[str, OptionValue], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A codec and what is asked of its own options; those not named have their defaults."""

    codec: str = registry.DEFAULT
    options: Options = ()

    def settings(self, lmbda: float, **common: Any) -> CodecSettings:
        """One encode at λ; `common`: fields of CodecSettings. Raises SettingError for what the codec does not have or
        take."""
        asked: dict[str, Any] = {**common, **dict(self.options)}
        try:
            return registry.named(self.codec).settings(lmbda, **asked)
        except TypeError as error:
            raise SettingError(f"The codec {self.codec} does not have this option ({error}).") from error

    @property
    def lambda_range(self) -> tuple[float, float]:
        """Smallest and largest λ of the codec. Raises SettingError for one there is not."""
        return registry.named(self.codec).settings.lambda_range


DEFAULT = Choice()
"""The codec that is meant where none is named."""


def add_codec(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """`--codec` (or `--codecs`, comma separated) and the options of all codecs."""
    names = ", ".join(registry.codecs())
    if several:
        parser.add_argument("--codecs", default="", metavar="ID,...", help=f"of {names}; default: all with weights")
    else:
        parser.add_argument("--codec", default=registry.DEFAULT, metavar="ID", help=f"of {names}")
    for found, owners in _options().items():
        help_text = f"{', '.join(owners)}: {found.tip[:1].lower()}{found.tip[1:]}"
        if found.choices:
            parser.add_argument(found.flag, dest=_target(found), choices=found.choices, help=help_text)
        elif found.high > found.low:
            text = f"{help_text} ({found.low} to {found.high}, default {found.default})"
            parser.add_argument(found.flag, dest=_target(found), type=int, metavar="N", help=text)
        else:
            switch = argparse.BooleanOptionalAction
            parser.add_argument(found.flag, dest=_target(found), action=switch, help=help_text)


def chosen(arguments: argparse.Namespace) -> Choice:
    """The one codec named. Raises SettingError for an option that it does not have."""
    return _choice(arguments.codec, arguments, strict=True)


def several_chosen(arguments: argparse.Namespace) -> tuple[Choice, ...]:
    """The codecs named, by default all that can encode here; an option goes to those that have it. Raises SettingError
    for an option that none has."""
    names = [name.strip() for name in arguments.codecs.split(",") if name.strip()] or list(registry.usable())
    found = tuple(_choice(name, arguments, strict=len(names) == 1) for name in dict.fromkeys(names))
    taken = {name for choice in found for name, _ in choice.options}
    _refuse({each.name: each.flag for each in _given(arguments) if each.name not in taken}, ", ".join(names))
    return found


def _choice(name: str, arguments: argparse.Namespace, *, strict: bool) -> Choice:
    own = {each.name for each in options_of(registry.named(name).settings)}
    given = _given(arguments)
    if strict:
        _refuse({each.name: each.flag for each in given if each.name not in own}, name)
    values = ((each.name, getattr(arguments, _target(each))) for each in given if each.name in own)
    return Choice(name, tuple(values))


def _refuse(foreign: dict[str, str], codecs: str) -> None:
    if foreign:
        raise SettingError(f"{', '.join(foreign.values())}: {codecs} does not have this.")


def _given(arguments: argparse.Namespace) -> list[Option]:
    return [each for each in _options() if getattr(arguments, _target(each)) is not None]


def _options() -> dict[Option, list[str]]:
    """Every option once, with the ids of the codecs that have it. Of two of one name the first one counts."""
    found: dict[str, Option] = {}
    owners: dict[str, list[str]] = {}
    for name, codec in registry.codecs().items():
        for each in options_of(codec.settings):
            found.setdefault(each.name, each)
            owners.setdefault(each.name, []).append(name)
    return {each: owners[name] for name, each in found.items()}


def _target(found: Option) -> str:
    return f"option_{found.name}"
