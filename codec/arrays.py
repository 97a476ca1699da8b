"""Names of arrays by their numbers and dimensions, for the signatures of compiled loops: `Int32_2d` has two dimensions
of 32-bit integers. What the dimensions mean is said where an array is made or taken.

`Int` and `Float` are single numbers, Python's and numpy's alike: compiled loops take both.
"""

from typing import Any, TypeAlias

import numpy as np

Int: TypeAlias = int | np.integer[Any]
Float: TypeAlias = float | np.floating[Any]
_One: TypeAlias = tuple[int]
_Two: TypeAlias = tuple[int, int]
_Three: TypeAlias = tuple[int, int, int]
_Four: TypeAlias = tuple[int, int, int, int]

UInt8_1d: TypeAlias = np.ndarray[_One, np.dtype[np.uint8]]
UInt8_2d: TypeAlias = np.ndarray[_Two, np.dtype[np.uint8]]
UInt8_3d: TypeAlias = np.ndarray[_Three, np.dtype[np.uint8]]
Int8_3d: TypeAlias = np.ndarray[_Three, np.dtype[np.int8]]
Int32_1d: TypeAlias = np.ndarray[_One, np.dtype[np.int32]]
Int32_2d: TypeAlias = np.ndarray[_Two, np.dtype[np.int32]]
Int32_3d: TypeAlias = np.ndarray[_Three, np.dtype[np.int32]]
Int32_4d: TypeAlias = np.ndarray[_Four, np.dtype[np.int32]]
Int64_1d: TypeAlias = np.ndarray[_One, np.dtype[np.int64]]
Int64_2d: TypeAlias = np.ndarray[_Two, np.dtype[np.int64]]
Int64_3d: TypeAlias = np.ndarray[_Three, np.dtype[np.int64]]
Float32_1d: TypeAlias = np.ndarray[_One, np.dtype[np.float32]]
Float32_2d: TypeAlias = np.ndarray[_Two, np.dtype[np.float32]]
Float32_3d: TypeAlias = np.ndarray[_Three, np.dtype[np.float32]]
Float32_4d: TypeAlias = np.ndarray[_Four, np.dtype[np.float32]]
