"""What can be asked of the `vae` codec. No torch here: the window imports this."""

from dataclasses import dataclass
from typing import ClassVar

from codec.api import DECODERS, CodecSettings, Option, option
from codec.vae.lambdas import LAMBDA_MAX, LAMBDA_MIN, PAPER_LAMBDAS


@dataclass(frozen=True, slots=True)
class VaeSettings(CodecSettings):
    """One encode with the `vae` codec."""

    lambda_range: ClassVar[tuple[float, float]] = (LAMBDA_MIN, LAMBDA_MAX)
    lambda_start: ClassVar[float] = 0.2
    lambda_marks: ClassVar[tuple[float, ...]] = PAPER_LAMBDAS

    autoencoder: str = option(
        "auto",
        Option(
            label="Autoencoder",
            tip="full: the pretrained picture autoencoder, slow on a CPU; fast: the small one distilled from it; auto: "
            "full on an accelerator. A stream of either is decoded by both",
            choices=DECODERS,
        ),
    )
    """Which picture autoencoder codes, and makes the pictures."""

    @property
    def decoder(self) -> str:
        """The same autoencoder."""
        return self.autoencoder
