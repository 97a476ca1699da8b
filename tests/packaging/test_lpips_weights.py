import importlib.util
import io
import pickle
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "packaging" / "make_lpips_weights.py"


def test_the_weights_unpickler_builds_arrays_and_nothing_else() -> None:
    spec = importlib.util.spec_from_file_location("make_lpips_weights", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    good = pickle.dumps({"a": np.arange(4, dtype=np.float32)}, protocol=4)
    loaded = module.ArrayUnpickler(io.BytesIO(good)).load()
    assert loaded["a"].tolist() == [0, 1, 2, 3]
    hostile = b"cos\nsystem\n(S'echo harm'\ntR."
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        module.ArrayUnpickler(io.BytesIO(hostile)).load()
