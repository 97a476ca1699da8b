"""What a window does before its first encode."""

from pathlib import Path

import pytest

from codec.errors import Cancelled, ModelError
from codec.stream.warm import warm_up


def test_warming_up_encodes_and_decodes_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert warm_up("cpu") == "cpu"
    assert list(tmp_path.iterdir()) == []


def test_warming_up_can_be_cancelled_and_says_why_a_device_cannot_be_had() -> None:
    class Impatient:
        def report(self, fraction: float, message: str = "") -> None: ...
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        warm_up("cpu", context=Impatient())
    with pytest.raises(ModelError, match="not available on this machine"):
        warm_up("mps")
