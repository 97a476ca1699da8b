"""Which pair is voted on next, and votes on disk."""

import json
from pathlib import Path
from random import Random

import pytest

from app.jobs.blind import votes
from app.jobs.blind.journals import BlindError, journals_folder
from app.jobs.blind.votes import Ballot
from app.state.blind.preferences import Vote
from app.state.voting import next_pair
from codec.context import QUIET

TAKES = [(3, "a"), (5, "b"), (9, "c")]


def ballot(**changes: object) -> Ballot:
    values: dict[str, object] = {
        "folder": "/clips", "clip": "city.mkv", "content": "sha256:1", "left": "a", "right": "b", "share": 1.0,
        "at": "2026-03-01T10:00:00+00:00", "frame": 3, "zoom": "1:1", "commands": ("one", "other"),
    }  # fmt: skip
    return Ballot(**{**values, **changes})  # type: ignore[arg-type]


def test_pairs_come_evenly_and_on_either_side() -> None:
    random, cast, before = Random(1), [], None
    names = dict(TAKES)
    for _ in range(30):
        pair = next_pair(TAKES, cast, before, random)
        assert pair is not None and (before is None or set(pair) != set(before))
        cast.append(Vote(names[pair[0]], names[pair[1]], 1.0))
        before = pair
    counts = [sum({vote.left, vote.right} == {one, other} for vote in cast) for one, other in ("ab", "bc", "ac")]
    assert max(counts) - min(counts) <= 2
    assert 5 < sum(vote.left < vote.right for vote in cast) < 25
    assert next_pair(TAKES[:1], [], None, random) is None
    assert set(next_pair(TAKES[:2], [], (3, 5), random) or ()) == {3, 5}


def test_votes_of_other_folders_and_damaged_lines_are_passed_over() -> None:
    votes.add(QUIET, ballot())
    votes.add(QUIET, ballot(folder="/elsewhere"))
    with votes.votes_file().open("a") as file:
        file.write(
            '[1]\n{"type": "vote"}\nnot json\n' + json.dumps({"type": "vote", "version": 1, "share": "1"}) + "\n"
        )
        file.write('{"type": "vote", "cut off')
    found, scores = votes.add(QUIET, ballot(share=0.5, left="b", right="c"))
    assert found == (Vote("a", "b", 1.0, "sha256:1"), Vote("b", "c", 0.5, "sha256:1"))
    assert scores[0].item == "a"


def test_a_vote_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = journals_folder()
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file in the folder's place")
    with pytest.raises(BlindError, match="cannot be written"):
        votes.add(QUIET, ballot())
