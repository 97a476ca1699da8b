"""λ of the `vae` codec as an integer. λ is that of Eq. 2 of the paper, λ(α·MSE + β·LPIPS) + R, R in bits a pixel."""

import math

LAMBDA_MIN = 0.003125
LAMBDA_MAX = 3.2
PAPER_LAMBDAS = (0.05, 0.1, 0.2)
"""The three λ of the paper's experiments."""
QUALITY_MAX = 255
"""λ as the stream and the scale path carry it: an integer, geometric from LAMBDA_MIN (0) to LAMBDA_MAX (255)."""


def quality_of(lmbda: float) -> int:
    """The integer quality nearest to λ, 0 .. QUALITY_MAX. Raises ValueError outside the range of λ."""
    if not LAMBDA_MIN <= lmbda <= LAMBDA_MAX:
        raise ValueError(f"λ must lie between {LAMBDA_MIN} and {LAMBDA_MAX}, not {lmbda:.3g}.")
    return round(QUALITY_MAX * math.log(lmbda / LAMBDA_MIN) / math.log(LAMBDA_MAX / LAMBDA_MIN))
