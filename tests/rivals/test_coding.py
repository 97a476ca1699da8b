from pathlib import Path

import pytest

from codec.media import Colour, Matrix, open_clip
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, RivalSource
from codec.rivals.encode import build_command
from tests.proofs.coding import CASES, Case, is_off, make_source, prove

# Half of the rivals' cases, each pair of settings among them; of the neural codec one of each range.
SOME = [
    case
    for case in CASES
    if (case.full + (case.matrix is Matrix.BT709) + (case.depth == 10)) % 2 == 0
    and (case.encoder != "neural" or case.depth == 8)
]


@pytest.mark.parametrize(
    "case", SOME, ids=lambda c: f"{c.encoder}-{c.matrix.name}-{'full' if c.full else 'limited'}-{c.depth}"
)
def test_what_comes_back_from_an_encoder_is_read_in_the_coding_that_went_in(tmp_path: Path, case: Case) -> None:
    for what, slope, mean in prove(case, tmp_path):
        assert not is_off(slope, mean), (what, slope, mean)


def test_a_stream_that_tells_another_coding_is_still_read_as_the_clip(tmp_path: Path) -> None:
    # Limited range is what any stream without a word on it means.
    path = make_source(tmp_path / "x.mkv", Case("hevc", Matrix.BT601, False, 8))
    clips_own = Colour(Matrix.BT709, True)
    with open_clip(path) as clip:
        planes = clip.picture(0)
    source = RivalSource(path, 96, 64, 3, clips_own)
    found = source.picture(0)
    source.close()
    assert found.colour == clips_own
    assert (found.y == planes.y).all()
    assert (found.u == planes.u).all()


@pytest.mark.parametrize("matrix", Matrix)
def test_rivals_are_told_the_matrix_and_range_of_their_pictures(tmp_path: Path, matrix: Matrix) -> None:
    with open_clip(make_source(tmp_path / "x.mkv", Case("vvc", matrix, True, 8))) as clip:
        settings = RivalSettings(RivalCodec.VVC, ConstantQuality(30))
        command = build_command(clip, clip.timing, clip.info.colour, settings, [], tmp_path / "y.mkv")
    assert command.count(matrix.value) == command.count("pc") == 2
    assert "Range=full" in command
