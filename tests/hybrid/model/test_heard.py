import pytest
import torch

from codec.hybrid.model.config import LatentKind
from codec.hybrid.model.heard import Part, heard, heard_parts, missed_parts


def covered(parts: list[Part], rows: int, columns: int) -> torch.Tensor:
    times = torch.zeros(rows, columns)
    for part in parts:
        times[part.samples] += 1
    return times


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spots", [1, 4, 20])
def test_every_sample_that_speaks_lies_in_one_part_with_others_around_it(seed: int, spots: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    y_hat = torch.zeros(2, 3, 23, 40)
    numbers = torch.randint(23 * 40, (spots,), generator=generator).tolist()
    places = [divmod(number, 40) for number in numbers]
    for row, column in places:
        y_hat[seed % 2, seed % 3, row, column] = 1.0
    share = heard(y_hat)
    parts = heard_parts(share)
    times = covered(parts, 23, 40)
    assert times.max() == 1
    for row, column in places:
        assert times[max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4].min() == 1
    for part in parts:
        assert share[(slice(None), *part.pixels)].any()


def test_what_is_silent_has_no_parts_and_what_is_loud_everywhere_one() -> None:
    silent = torch.full((1, 3, 9, 16), 0.05)
    assert heard_parts(heard(silent)) == []
    assert heard_parts(heard(silent * 20)) == [Part(0, 9, 0, 16)]


def test_pictures_are_analysed_where_their_prediction_fails_the_sooner_the_more_bits_are_worth() -> None:
    pictures, known = torch.zeros(7, 3, 160, 320), torch.zeros(7, 6, 160, 320)
    pictures[5, :, 64:80, 208:224] = 0.25
    found = [missed_parts(pictures, known, LatentKind.GROUP, lmbda) for lmbda in (0.01, 1.0)]
    assert found == [[], [Part(2, 7, 11, 16)]]
    assert missed_parts(known[:, :3], known, LatentKind.GROUP, 1.28) == []
