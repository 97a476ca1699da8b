"""A session without a window, and what it says."""

from pathlib import Path

import pytest

from app.state.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "settings.json")


@pytest.fixture
def messages(session: Session) -> list[str]:
    told: list[str] = []
    session.message.connect(told.append)
    return told
