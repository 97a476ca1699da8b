"""What would be encoded now: codec, λ and options, and the rival. Widgets show it and change it, actions encode it."""

from dataclasses import dataclass, replace
from enum import Enum

from psygnal import Signal

from app.state.recipes import Recipe, known_options
from app.state.settings import CodecChoice, Settings
from codec import registry
from codec.api import OptionValue
from codec.rivals.settings import RivalCodec


class RateMode(Enum):
    """How a rival's bitrate is found; the value is how the window names it."""

    MATCHED = "same bitrate as Seamscope"
    BITRATE = "bitrate"
    QUALITY = "constant quality"


@dataclass(frozen=True, slots=True)
class RivalDraft:
    """The rival that would be added."""

    codec: RivalCodec = RivalCodec.HEVC
    mode: RateMode = RateMode.MATCHED
    quality: float = 32.0
    """CRF or QP, used in the mode QUALITY."""
    kbps: float = 500.0
    """Used in the mode BITRATE."""
    preset: str = ""
    """Empty: the codec's default."""

    @property
    def recipe(self) -> Recipe:
        """What is to be encoded."""
        return Recipe(
            self.codec,
            quality=self.quality if self.mode is RateMode.QUALITY else None,
            kbps=self.kbps if self.mode is RateMode.BITRATE else None,
            preset="" if self.preset == self.codec.default_preset else self.preset,
        )


class Draft:
    """The recipes of the next takes. A codec that was left keeps its λ and options."""

    changed = Signal()
    """Codec, λ or an option of the neural recipe."""
    rival_changed = Signal()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        usable = registry.usable()
        fallback = registry.DEFAULT if registry.DEFAULT in usable or not usable else next(iter(usable))
        self._codec = settings.codec if settings.codec in usable else fallback
        self._choices: dict[str, CodecChoice] = {}
        self._rival = RivalDraft()

    @property
    def codec(self) -> str:
        """Id of the neural recipe's codec."""
        return self._codec

    @property
    def choice(self) -> CodecChoice:
        """Its λ and options."""
        return self._choices.get(self._codec) or self._settings.choice(self._codec)

    @property
    def lmbda(self) -> float:
        """λ of the neural recipe, within the codec's range."""
        return self.choice.lmbda

    @property
    def recipe(self) -> Recipe:
        """What is to be encoded with the neural codec."""
        choice = self.choice
        return Recipe(None, choice.lmbda, neural=self._codec, options=choice.options)

    @property
    def rival(self) -> RivalDraft:
        """What is to be encoded with a rival."""
        return self._rival

    def choose_codec(self, codec: str) -> None:
        """Another codec, with the λ and options it last had. Raises SettingError for one that is not installed."""
        if codec != self._codec:
            self._codec = registry.named(codec).id
            self.changed.emit()

    def set_lmbda(self, lmbda: float) -> None:
        """Another λ, clamped to the codec's range."""
        low, high = registry.named(self._codec).settings.lambda_range
        self._choose(replace(self.choice, lmbda=min(high, max(low, lmbda))))

    def set_option(self, name: str, value: OptionValue) -> None:
        """Another value of an option of the codec; one that it cannot have becomes its default."""
        options = known_options(self._codec, {**dict(self.choice.options), name: value})
        self._choose(replace(self.choice, options=options))

    def _choose(self, choice: CodecChoice) -> None:
        if choice != self.choice:
            self._choices[self._codec] = choice
            self.changed.emit()

    def set_rival(self, rival: RivalDraft) -> None:
        """Another rival."""
        if rival != self._rival:
            self._rival = rival
            self.rival_changed.emit()
