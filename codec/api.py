"""What a codec is to the rest of the program: settings, coded GoPs, decoded GoPs, and the calls between.

Window, command line, study, reports and projects speak of codecs through this file and `codec.registry` alone. Nothing
here loads torch: the window imports it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from codec.context import WorkContext
from codec.errors import SettingError
from codec.gop import Gop, Structure
from codec.media.picture import FrameSource, Picture

if TYPE_CHECKING:
    from codec.container.header import Header
    from codec.container.stream import Stream

DEVICES = ("auto", "cuda", "mps", "cpu")

PRECISIONS = ("auto", "full")
"""Of codecs with networks; auto: 16-bit ones where the hardware gains from them; full: 32-bit everywhere. Symbols
decode the same."""

DECODERS = ("auto", "fast", "full")
"""For codecs that have two decoders of one stream; auto: full on an accelerator, fast on a CPU."""

OptionValue = int | str | bool


@dataclass(frozen=True, slots=True)
class Option:
    """A setting that one codec has and others need not: what the window's field and the command line's flag are made
    of. A whole number from `low` to `high`, one of `choices`, or (neither given) yes or no."""

    label: str
    """As a form's label: "Key interval"."""
    tip: str
    """One sentence: what it does, and what it costs."""
    low: int = 0
    high: int = 0
    unit: str = ""
    """Behind the number, with its space: " GoPs"."""
    at_low: str = ""
    """Shown in place of the lowest number."""
    choices: tuple[str, ...] = ()
    name: str = ""
    """The field's; filled in by `options_of`."""
    default: OptionValue = False
    """The field's; filled in by `options_of`."""

    @property
    def flag(self) -> str:
        """On the command line: "--key-interval"."""
        return "--" + self.name.replace("_", "-")

    def words(self, value: OptionValue) -> list[str]:
        """The command line's words that ask for a value."""
        if isinstance(value, bool):
            return [self.flag if value else "--no-" + self.flag.removeprefix("--")]
        return [self.flag, str(value)]

    def check(self, value: object) -> None:
        """Raises SettingError for a value outside what can be chosen."""
        if self.choices:
            if value not in self.choices:
                raise SettingError(f"{self.label} must be one of {', '.join(self.choices)}, not {value!r}.")
        elif self.high > self.low:
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not self.low <= int(str(value)) <= self.high:
                label = self.label[:1].lower() + self.label[1:]
                raise SettingError(f"The {label} must lie between {self.low} and {self.high}, not {value}.")
        elif not isinstance(value, bool):
            raise SettingError(f"{self.label} must be yes or no, not {value!r}.")


def option(default: OptionValue, described: Option) -> Any:
    """A field of a settings class that the window and the command line offer."""
    return field(default=default, metadata={"option": described})


@dataclass(frozen=True, slots=True)
class CodecSettings:
    """One encode, as every codec can be asked for it; a codec's own class adds fields made by `option`. Raises
    SettingError on construction when a value is outside its range."""

    lambda_range: ClassVar[tuple[float, float]] = (1e-3, 1e2)
    """Smallest and largest λ: few bits, many bits."""
    lambda_start: ClassVar[float] = 0.32
    """λ that a new window offers."""
    lambda_marks: ClassVar[tuple[float, ...]] = ()
    """λ that the slider marks."""
    has_networks: ClassVar[bool] = True
    """Whether `device` and `precision` change anything."""

    lmbda: float
    structure: Structure = Structure.OVERLAP
    device: str = "auto"
    """Where networks run; no matter to a codec that has none. So is `precision`."""
    first_gop: int = 0
    """GoP that is encoded (and handed to `on_gop`) before the others; the file is in order all the same."""
    reconstruct: bool = True
    """Decode each GoP's bytes and hand the pictures on; False: sizes only, faster."""
    weights: str = ""
    """Name of the weights, as `seamscope weights` lists them; "": the codec's default ones."""
    precision: str = "auto"
    """One of PRECISIONS."""
    threads: int = 0
    """GoPs coded side by side on the CPU, one thread each; 0: as many as there are cores. Never changes the result."""

    def __post_init__(self) -> None:
        low, high = self.lambda_range
        if not (math.isfinite(self.lmbda) and low <= self.lmbda <= high):
            raise SettingError(f"λ must lie between {low} and {high}, not {self.lmbda}.")
        if self.device not in DEVICES:
            raise SettingError(f"The device must be one of {', '.join(DEVICES)}, not {self.device!r}.")
        if self.precision not in PRECISIONS:
            raise SettingError(f"The precision must be one of {', '.join(PRECISIONS)}, not {self.precision!r}.")
        if self.threads < 0 or self.first_gop < 0:
            raise SettingError("Thread count and first GoP cannot be negative.")
        for each in options_of(type(self)):
            each.check(getattr(self, each.name))

    @property
    def decoder(self) -> str:
        """Which of DECODERS makes the pictures of such a take, wherever its stream is decoded again."""
        return "auto"

    @property
    def options(self) -> dict[str, OptionValue]:
        """Values of the codec's own fields, by name."""
        return {each.name: getattr(self, each.name) for each in options_of(type(self))}


def options_of(settings: type[CodecSettings]) -> tuple[Option, ...]:
    """The fields that a codec's settings add, in their order."""
    found = []
    for one in fields(settings):
        described: Option | None = one.metadata.get("option")
        if described is not None:
            values = {each.name: getattr(described, each.name) for each in fields(Option)}
            found.append(Option(**{**values, "name": one.name, "default": one.default}))
    return tuple(found)


def checked_options(settings: type[CodecSettings], values: Mapping[str, object]) -> dict[str, OptionValue]:
    """`values` where the codec has such options and the values fit, its defaults for the rest: for values from
    elsewhere, a project or another version."""
    chosen: dict[str, OptionValue] = {}
    for each in options_of(settings):
        value = values.get(each.name, each.default)
        try:
            each.check(value)
        except SettingError:
            value = each.default
        assert isinstance(value, int | str)
        chosen[each.name] = value
    return chosen


@dataclass(frozen=True, slots=True)
class GopCoding:
    """How a GoP was coded, as its record in the stream says."""

    chained: bool = False
    """With what the GoP before left; False: a key GoP, which decodes on its own."""
    cut: int = 0
    """Number, within the GoP, of its first picture of a new scene; 0: none."""


@dataclass(frozen=True, slots=True)
class EncodedGop:
    """A GoP's bytes, and (where asked for) the pictures that they decode to."""

    gop: Gop
    payload: bytes = field(repr=False)
    coding: GopCoding
    pictures: list[Picture] = field(repr=False)
    decoder: str = ""
    """Which decoder made the pictures, "fast" or "full"; empty for a codec that has one."""


@dataclass(frozen=True, slots=True)
class DecodedGop:
    """Pictures [gop.start, gop.stop) as the decoder makes them of the stream's bytes."""

    gop: Gop
    pictures: list[Picture] = field(repr=False)
    size_bytes: int
    """Bytes of the GoP's record in the file, framing included."""
    coding: GopCoding = GopCoding()
    decoder: str = ""
    """As of `EncodedGop`."""


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Where and how a stream is decoded; the symbols are the same everywhere."""

    device: str = "auto"
    precision: str = "auto"
    """One of PRECISIONS."""
    threads: int = 0
    """GoPs decoded side by side on the CPU; 0: as many as there are cores."""
    decoder: str = "auto"
    """One of DECODERS."""


class StreamDecoder(Protocol):
    """A stream being decoded. Not for two threads at once."""

    decoder: str
    """Which decoder makes the pictures, "fast" or "full"; empty for a codec that has one."""

    def gops(self, wanted: Iterable[int]) -> Iterator[tuple[int, list[Picture] | None]]:
        """Pictures of GoPs by ascending number, several GoPs worked on side by side; None where the bytes pass their
        checksum but do not decode. Raises Cancelled."""
        ...

    def gop(self, index: int) -> list[Picture] | None:
        """One GoP's pictures, on this thread, with what it is chained to decoded on the way."""
        ...


class Codec(Protocol):
    """A codec. Its module is light: what needs torch is imported when a method is called."""

    @property
    def id(self) -> str:
        """As streams, projects and the command line name it: at most 32 small letters, digits and hyphens."""
        ...

    @property
    def name(self) -> str:
        """As the window names it."""
        ...

    @property
    def settings(self) -> type[CodecSettings]:
        """What can be asked of it."""
        ...

    @property
    def needs_weights(self) -> bool:
        """False for a codec that codes without any."""
        ...

    def weights(self) -> dict[str, Path]:
        """Its weights by name, the default ones first; empty where there are none."""
        ...

    def weights_id(self, path: Path) -> str:
        """Sixteen hexadecimal digits that tell the weights in a file from others; "" when it cannot be read."""
        ...

    def model_id(self, settings: CodecSettings) -> bytes:
        """Eight bytes in every stream that tell which weights decode it. Raises ModelError naming what there is."""
        ...

    def codec_data(self, settings: CodecSettings) -> bytes:
        """Bytes for the stream's header that only this codec reads."""
        ...

    def numbers(self, device: str, precision: str) -> str:
        """Device and number type it computes in, for a reader: "cuda, float16". Raises ModelError."""
        ...

    def encode(
        self, clip: FrameSource, header: "Header", settings: CodecSettings, context: WorkContext
    ) -> Iterator[EncodedGop]:
        """Every GoP of the clip, number `settings.first_gop` first, the others in any order. Raises MediaError,
        ModelError, StreamError (a GoP does not decode to what was encoded) and Cancelled."""
        ...

    def decoder(self, stream: "Stream", settings: DecodeSettings, context: WorkContext) -> StreamDecoder:
        """Raises StreamError for a header that this codec does not write, ModelError when the weights it names are not
        there."""
        ...


def exact_text(lmbda: float) -> str:
    """λ as the shortest decimal that reads back as the very same number."""
    short = f"{lmbda:g}"
    return short if float(short) == lmbda else repr(lmbda)


def flags_of(settings: CodecSettings) -> list[str]:
    """Words of the command line for what is asked of the codec's own options, where it is not their default."""
    words: list[str] = []
    for each in options_of(type(settings)):
        value = getattr(settings, each.name)
        if value != each.default:
            words += each.words(value)
    return words
