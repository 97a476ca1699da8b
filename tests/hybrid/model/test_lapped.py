"""The filter across patch borders."""

import pytest
import torch

from codec.hybrid.model.heard import heard
from codec.hybrid.model.lapped import lap, painted, unlap


@pytest.mark.parametrize("size", [(8, 8), (16, 8), (48, 64)])
def test_lapping_is_undone_and_keeps_energy_and_constants(size: tuple[int, int]) -> None:
    picture = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(unlap(lap(picture)), picture, atol=1e-5, rtol=0)
    assert float(lap(picture).norm()) == pytest.approx(float(picture.norm()), rel=1e-5)
    torch.testing.assert_close(lap(torch.ones(1, 1, *size)), torch.ones(1, 1, *size))


def test_what_is_painted_into_one_patch_fades_out_in_its_neighbours() -> None:
    painted = torch.zeros(1, 1, 24, 24)
    painted[..., 8:16, 8:16] = 1.0
    shown = unlap(painted)[0, 0]
    middle = shown[12]
    assert float(middle[11:13].min()) > 0.9
    assert (middle[4:12].diff() > 0).all() and (middle[12:20].diff() < 0).all()
    # Without it, the step at the border would be the whole height.
    assert float(middle.diff().abs().max()) < 0.35
    torch.testing.assert_close(middle[:4], torch.zeros(4))


def test_the_processors_way_of_painting_is_that_of_the_tensors() -> None:
    generator = torch.Generator().manual_seed(3)
    patches, ground = torch.rand(2, 192, 3, 5, generator=generator), torch.rand(2, 6, 24, 40, generator=generator)
    by_loops = painted(patches, ground)
    by_tensors = painted(patches.clone().requires_grad_(), ground)
    assert by_tensors.requires_grad
    torch.testing.assert_close(by_loops, by_tensors.detach(), atol=1e-5, rtol=0)


def test_a_share_of_nothing_leaves_the_ground_as_it_is() -> None:
    generator = torch.Generator().manual_seed(5)
    patches, ground = torch.rand(1, 192, 2, 4, generator=generator), torch.rand(1, 6, 16, 32, generator=generator)
    share = torch.zeros(1, 16, 32)
    share[..., 16:] = 1.0
    for source in (patches, patches.clone().requires_grad_()):
        found = painted(source, ground, share).detach()
        assert torch.equal(found[..., :16], ground[:, :3, :, :16])
        torch.testing.assert_close(found[..., 16:], painted(patches, ground)[..., 16:], atol=1e-5, rtol=0)


def test_a_latent_is_heard_where_it_speaks_and_beside() -> None:
    y_hat = torch.zeros(1, 5, 5, 9)
    assert not heard(y_hat).any()
    y_hat[0, 3, 2, 2] = -2.0
    share = heard(y_hat)[0]
    assert share.shape == (80, 144)
    assert (share[24:56, 24:56] == 1).all() and not share[:, 80:].any()
