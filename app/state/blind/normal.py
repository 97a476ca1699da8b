"""The normal and Student's t distribution, as far as the test needs them."""

import math
from statistics import NormalDist

import numpy as np

_REACH, _STEPS = 8.0, 4096
_Z = np.linspace(-_REACH, _REACH, _STEPS + 1)
_CDF = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in _Z])
STANDARD = NormalDist()


def normal_cdf(z: np.ndarray) -> np.ndarray:
    """Φ(z) of any shape, by a table; the error is below 1e-6."""
    return np.interp(z, _Z, _CDF)


def t_quantile(probability: float, freedom: int) -> float:
    """The point below which `probability` (0.5 to 0.9999) of Student's t with `freedom` >= 1 degrees lies."""
    # With t = tan(a) * sqrt(freedom) the density becomes cos(a) ** (freedom - 1) on a finite range.
    angles = np.linspace(0.0, math.pi / 2, 20001)
    density = np.cos(angles) ** (freedom - 1)
    areas = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
    angle = np.interp(2 * probability - 1, areas / areas[-1], angles)
    return float(math.sqrt(freedom) * math.tan(angle))
