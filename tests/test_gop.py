import pytest

from codec import gop
from codec.gop import SeamMode, Slot, Structure


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("frames", [1, 2, 8, 9, 10, 17, 18, 65])
def test_every_frame_is_coded_and_slots_name_every_coded_picture_once(frames: int, structure: Structure) -> None:
    gops = gop.split(frames, structure)
    named = [slot for frame in range(frames) for slot in gop.slots(frame, frames, structure)]
    assert sorted((s.gop, s.offset) for s in named) == [(g.index, i) for g in gops for i in range(g.length)]
    assert all(1 <= g.length <= gop.GOP_LENGTH for g in gops)


def test_overlapping_gops_share_one_frame_earlier_first() -> None:
    assert gop.slots(8, 17, Structure.OVERLAP) == [Slot(0, 8), Slot(1, 0)]
    assert gop.slots(9, 18, Structure.DISJOINT) == [Slot(1, 0)]
    assert gop.boundaries(25, Structure.OVERLAP) == [8, 16]


@pytest.mark.parametrize("frames", [1, 2, 8, 9, 10, 11, 17, 18, 65])
def test_blended_wide_every_frame_reaches_to_the_shared_ones_about_it(frames: int) -> None:
    for frame in range(frames):
        reach = gop.reach(frame, frames)
        slots = gop.slots(frame, frames, Structure.OVERLAP)
        if len(slots) == 2:
            assert reach is None
            continue
        assert reach is not None and [reach.own] == slots
        start = 8 * slots[0].gop
        ends = [start, min(start + 8, frames - 1)]
        for end, pair in zip(ends, (reach.earlier, reach.later), strict=True):
            shared = gop.slots(end, frames, Structure.OVERLAP)
            assert set(pair or ()) == (set(shared) if len(shared) == 2 else set())
            assert pair is None or pair[0].gop == reach.own.gop
        assert reach.share == pytest.approx((frame - ends[0]) / max(1, ends[1] - ends[0]))


def test_a_clip_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        gop.count(0, Structure.OVERLAP)
    assert SeamMode.HARD_CUT.structure is Structure.OVERLAP
