from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from app.state.imports import (
    Difference,
    FileFacts,
    ImportDecision,
    ImportQuestion,
    ImportRefused,
    Mismatch,
    Pairing,
    check,
    compare,
    covered_frames,
    nearest_frames,
    rate_of,
    to_decide,
)
from app.state.takes import RateBasis
from codec.gop import Structure
from codec.media import open_clip
from codec.media.picture import Timing


def steady(frames: int, fps: int) -> Timing:
    return Timing(tuple(range(frames)), Fraction(1, fps), Fraction(fps), frames / fps)


TIMING = steady(20, 25)
FACTS = FileFacts(Path("x.mkv"), 96, 64, 20, Fraction(25), 0.8, 5000, "hevc")


def test_a_file_like_the_clip_needs_no_decision(small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        assert compare(FACTS, clip) == ()
        assert compare(replace(FACTS, frame_rate=Fraction(25001, 1000)), clip) == ()
    check(ImportQuestion(FACTS, ()), ImportDecision(), TIMING)


def test_every_difference_is_named_with_both_values_and_refused_until_it_is_resolved(small_clip: Path) -> None:
    other = replace(FACTS, width=48, height=32, frame_count=18, frame_rate=Fraction(24000, 1001))
    with open_clip(small_clip) as clip:
        found = compare(other, clip)
    assert [m.difference for m in found] == [Difference.SIZE, Difference.RATE, Difference.LENGTH]
    assert found[0].text == "its pictures are 48x32, the clip's 96x64"
    assert found[1].text == "it runs at 23.98 fps, the clip at 25"
    assert found[2].text == "it has 18 frames, the clip 20"
    question = ImportQuestion(other, found)
    some = frozenset({Difference.SIZE, Difference.RATE})
    with pytest.raises(ImportRefused, match=r"x\.mkv: it has 18 frames, the clip 20; it was not imported\."):
        check(question, ImportDecision(resolved=some), TIMING)
    check(question, ImportDecision(resolved=some | {Difference.LENGTH}), TIMING)


def test_a_stream_of_another_size_is_refused(small_clip: Path) -> None:
    stream = replace(FACTS, width=48, structure=Structure.OVERLAP, lmbda=0.3)
    with open_clip(small_clip) as clip, pytest.raises(ImportRefused, match="only with the clip it was made of"):
        compare(stream, clip)


@pytest.mark.parametrize("kbps", [0.0, -3.0, float("nan"), float("inf"), 1e9])
def test_a_bitrate_that_cannot_be_is_refused(kbps: float) -> None:
    with pytest.raises(ImportRefused, match="bitrate"):
        check(ImportQuestion(FACTS, ()), ImportDecision(stated_kbps=kbps), TIMING)


def test_the_rate_says_whether_it_was_stated_or_is_the_files_own() -> None:
    own = rate_of(FACTS, None, 96 * 64)
    assert (own.kbps, own.basis) == (pytest.approx(50.0), RateBasis.OWN_SIZE)
    assert own.bpp == pytest.approx(5000 * 8 / (96 * 64 * 20))
    assert own.text == "50.0 kbps (file size) · 0.3255 bpp"
    stated = rate_of(FACTS, 12.5, 96 * 64)
    assert stated.text == f"12.5 kbps (stated) · {12500 / 25 / (96 * 64):.4f} bpp"
    measured = rate_of(replace(FACTS, structure=Structure.OVERLAP), None, 96 * 64)
    assert measured.basis is RateBasis.MEASURED and "(" not in measured.text


def test_frames_are_paired_with_the_nearest_in_time() -> None:
    assert nearest_frames(steady(4, 25), steady(8, 50)) == (0, 2, 4, 6)
    assert nearest_frames(steady(8, 50), steady(4, 25)) == (0, 0, 1, 1, 2, 2, 3, 3)
    assert nearest_frames(steady(6, 30), steady(5, 24)) == (0, 1, 2, 2, 3, 4)
    # The file ends before the clip does.
    assert nearest_frames(steady(10, 25), steady(8, 50)) == (0, 2, 4, 6)
    uneven = Timing((0, 10, 90), Fraction(1, 100), Fraction(3, 1), 1.0)
    assert nearest_frames(steady(5, 5), uneven) == (0, 1, 1, 2, 2)


def test_by_time_a_file_that_lasts_as_long_has_the_clips_length() -> None:
    fast = replace(FACTS, frame_count=40, frame_rate=Fraction(50))
    question = ImportQuestion(fast, (Mismatch(Difference.RATE, "faster"), Mismatch(Difference.LENGTH, "longer")))
    assert covered_frames(fast, TIMING, Pairing.TIME) == 20
    assert [m.difference for m in to_decide(question, TIMING, Pairing.TIME)] == [Difference.RATE]
    assert len(to_decide(question, TIMING, Pairing.NUMBER)) == 2
    rate = frozenset({Difference.RATE})
    check(question, ImportDecision(resolved=rate, pairing=Pairing.TIME), TIMING)
    with pytest.raises(ImportRefused, match="longer"):
        check(question, ImportDecision(resolved=rate), TIMING)
    short = replace(fast, frame_count=20, duration_s=0.4)
    assert covered_frames(short, TIMING, Pairing.TIME) == 10
    with pytest.raises(ImportRefused, match="longer"):
        check(replace(question, facts=short), ImportDecision(resolved=rate, pairing=Pairing.TIME), TIMING)
