import torch

from codec.hybrid.model import store
from codec.hybrid.model.config import SIZES
from codec.hybrid.model.scales import MAGNITUDE_LIMIT, Z_LIMIT, FrozenScaleNet, ScaleNet


def inputs(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    z = torch.randint(-Z_LIMIT, Z_LIMIT + 1, (batch, SIZES["S"].z_channels, 6, 10), generator=generator).float()
    magnitude = torch.randint(
        0, MAGNITUDE_LIMIT + 1, (batch, SIZES["S"].y_channels, 23, 40), generator=generator
    ).float()
    return z, magnitude


def test_table_indices_are_the_same_whatever_way_they_are_computed() -> None:
    net = store.default_model(torch.device("cpu")).scale_net
    z, magnitude = inputs(3)
    expected = net(z, magnitude, 1500, 1)
    assert len(expected.unique()) > 4
    one_by_one = torch.cat([net(z[i : i + 1], magnitude[i : i + 1], 1500, 1) for i in range(3)])
    assert torch.equal(one_by_one, expected)
    last = net(z.to(memory_format=torch.channels_last), magnitude.to(memory_format=torch.channels_last), 1500, 1)
    assert torch.equal(last, expected)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert torch.equal(net(z, magnitude, 1500, 1), expected)
    finally:
        torch.set_num_threads(before)
    exact = {name: value.double() for name, value in net.named_buffers()}
    doubled = FrozenScaleNet.__new__(FrozenScaleNet)
    torch.nn.Module.__init__(doubled)
    for name, value in exact.items():
        doubled.register_buffer(name, value if "weight" in name or "bias" in name else value.long())
    assert torch.equal(doubled(z.double(), magnitude.double(), 1500, 1), expected)


def test_training_form_and_shipped_form_agree() -> None:
    torch.manual_seed(1)
    net = ScaleNet(SIZES["S"])
    frozen = FrozenScaleNet(net.frozen_tensors())
    z, magnitude = inputs(1)
    trained = net(z, magnitude, torch.tensor([4.0]), 0)
    assert torch.equal(trained.to(torch.uint8), frozen(z, magnitude, 4 * 256, 0))
