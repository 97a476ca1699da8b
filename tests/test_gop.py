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


def test_a_clip_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        gop.count(0, Structure.OVERLAP)
    assert SeamMode.HARD_CUT.structure is Structure.OVERLAP
