"""What is asked of a codec: enough to encode a take again, and the words that tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codec import registry
from codec.api import CodecSettings, Option, OptionValue, checked_options, options_of
from codec.gop import Structure
from codec.rivals.settings import RivalCodec

FIRST_CODEC = "hybrid"
"""Projects and settings that name no codec are of this one."""

Options = tuple[tuple[str, OptionValue], ...]
"""A codec's own settings by name, in the codec's order."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do to encode a take again. `codec` None: the codec `neural` at `lmbda`, or at the λ that gives `kbps`. A
    rival has a `quality` (CRF or
    QP), or a bitrate `kbps`, or follows the bitrate of the neural take numbered `matched_to` (None: the newest)."""

    codec: RivalCodec | None
    lmbda: float | None = None
    quality: float | None = None
    matched_to: int | None = None
    kbps: float | None = None
    preset: str = ""
    """A rival's; empty: the codec's default."""
    neural: str = registry.DEFAULT
    """Id of a neural take's codec, which need not be installed here."""
    options: Options = ()
    """A neural take's; what is left out is as the codec has it by default."""


def own_options(codec: str) -> tuple[Option, ...]:
    """The settings that a codec has beside λ; none of one that is not installed."""
    found = registry.codecs().get(codec)
    return () if found is None else options_of(found.settings)


def known_options(codec: str, values: Mapping[str, object]) -> Options:
    """All options of an installed codec: `values` where they fit, else its defaults."""
    found = registry.codecs().get(codec)
    return () if found is None else tuple(checked_options(found.settings, values).items())


def codec_name(codec: str) -> str:
    """As takes are called: the codec's name, the id of one that is not installed."""
    found = registry.codecs().get(codec)
    return codec if found is None else found.name


def unusual_options(codec: str, options: Options) -> tuple[tuple[Option, OptionValue], ...]:
    """Those that are not as the codec has them by default."""
    chosen = dict(options)
    found = ((option, chosen.get(option.name, option.default)) for option in own_options(codec))
    return tuple((option, value) for option, value in found if value != option.default)


def request_text(codec: str, lmbda: float, options: Options) -> str:
    """As takes show it: "λ 0.32, key interval 4"."""
    words = [f"λ {lmbda:.3g}"]
    for option, value in unusual_options(codec, options):
        label = option.label[:1].lower() + option.label[1:]
        words.append(f"{label} {value}" if not isinstance(value, bool) else label if value else f"no {label}")
    return ", ".join(words)


def decoder_of(codec: str, values: Mapping[str, object]) -> str:
    """Which decoder a take's pictures are made by, one of DECODERS: of a project, whose codec need not be here."""
    if codec not in registry.codecs():
        return "auto"
    return codec_settings(Recipe(None, neural=codec, options=known_options(codec, values)), "auto", "auto").decoder


def codec_settings(
    recipe: Recipe, device: str, precision: str, structure: Structure = Structure.OVERLAP, first_gop: int = 0
) -> CodecSettings:
    """A neural recipe as its codec takes it. Raises SettingError for a codec that is not installed and for a λ out of
    its range."""
    codec = registry.named(recipe.neural)
    lmbda = codec.settings.lambda_start if recipe.lmbda is None else recipe.lmbda
    own: dict[str, Any] = {**checked_options(codec.settings, dict(recipe.options))}
    return codec.settings(lmbda, structure, device, first_gop, precision=precision, **own)
