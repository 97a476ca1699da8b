import math

import pytest

from codec.bench.ladder import Ladder


class Encoder:
    """Rates that fall by `octaves` a step from `top` at step 0; counts what is encoded."""

    def __init__(self, top: float, octaves: float, wobble: float = 0.0) -> None:
        self.top, self.octaves, self.wobble = top, octaves, wobble
        self.asked: list[int] = []

    def rate(self, step: int) -> float:
        return self.top * 2 ** (-self.octaves * step + self.wobble * math.sin(step))

    def __call__(self, step: int) -> float:
        self.asked.append(step)
        return self.rate(step)


@pytest.mark.parametrize("octaves", [1 / 6, 0.1, 0.3])
@pytest.mark.parametrize("start", [10, 32, 50])
def test_steps_lie_near_the_rates_and_beyond_both_ends(octaves: float, start: int) -> None:
    encoder = Encoder(4.0, octaves, wobble=0.05)
    targets = [encoder.rate(45), encoder.rate(40) * 1.03, encoder.rate(34), encoder.rate(27), encoder.rate(20) * 1.02]
    steps = Ladder(encoder, 0, 51, start).choose(targets)
    assert steps == sorted(steps, reverse=True)
    assert encoder.rate(steps[0]) <= min(targets)
    assert encoder.rate(steps[-1]) >= max(targets)
    for target in targets:
        assert min(abs(math.log2(encoder.rate(step) / target)) for step in steps) <= max(octaves, 0.12)
    assert len(encoder.asked) == len(set(encoder.asked)) <= 2 * len(targets) + 2


def test_rates_out_of_reach_end_at_the_last_step() -> None:
    encoder = Encoder(1.0, 1 / 6)
    steps = Ladder(encoder, 0, 51, 32).choose([0.0001, 0.0005, 0.01, 0.1])
    assert steps[0] == 51
    assert encoder.rate(51) > 0.0005


def test_steps_that_an_encoder_treats_alike_are_one_point() -> None:
    encoder = Encoder(1.0, 1 / 6)
    ladder = Ladder(lambda step: encoder(step // 2), 0, 51, 30)
    steps = ladder.choose([encoder.rate(15), encoder.rate(14), encoder.rate(13)])
    assert len(steps) >= 4
    assert len({ladder.rates[step] for step in steps}) == len(steps)
    assert all(step % 2 == 0 or step - 1 not in ladder.rates for step in steps)
    assert len(Ladder(lambda step: 1.0, 0, 51, 30).choose([0.5, 2.0])) == 1


def test_rates_close_together_still_give_enough_steps() -> None:
    encoder = Encoder(1.0, 1 / 6)
    near = encoder.rate(30)
    steps = Ladder(encoder, 0, 51, 30).choose([near * 0.999, near, near * 1.001])
    assert len(steps) >= 4
    assert max(steps) - min(steps) <= 5
    assert len(Ladder(encoder, 49, 51, 50).choose([0.5])) == 3
