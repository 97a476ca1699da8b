import io
import pickle

import numpy as np
import pytest

from resources.make.lpips_weights import ArrayUnpickler


def test_the_weights_unpickler_builds_arrays_and_nothing_else() -> None:
    good = pickle.dumps({"a": np.arange(4, dtype=np.float32)}, protocol=4)
    loaded = ArrayUnpickler(io.BytesIO(good)).load()
    assert loaded["a"].tolist() == [0, 1, 2, 3]
    hostile = b"cos\nsystem\n(S'echo harm'\ntR."
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        ArrayUnpickler(io.BytesIO(hostile)).load()
