import subprocess
import sys

import torch
from torch import Tensor

from codec.training.hybrid.losses import psnr_db
from codec.training.hybrid.trees import ClipTrees


def pictures() -> Tensor:
    """Two of (3, 48, 64): slopes of other directions in each colour, and one of them with something to code on top."""
    row, column = torch.linspace(-0.9, 0.9, 48)[:, None], torch.linspace(-0.9, 0.9, 64)[None]
    smooth = torch.stack([row.expand(48, 64), column.expand(48, 64), 0.5 * (row - column)])
    waves = 0.3 * torch.sin(40 * row * column) + 0.1 * torch.randn(48, 64, generator=torch.Generator().manual_seed(4))
    return torch.stack([smooth, (smooth + waves).clamp(-1, 1)])


def psnr(decoded: Tensor, source: Tensor) -> Tensor:
    return psnr_db((decoded - source).square().mean(dim=(1, 2, 3)) * 127.5**2)


def test_a_keys_colours_come_back() -> None:
    source = pictures()[:1]
    decoded, bits = ClipTrees(1).keys(source, torch.tensor([16.0]))
    # In every colour: one that was mistaken for another would be at 10 dB.
    for colour in range(3):
        assert float(psnr(decoded[:, colour : colour + 1], source[:, colour : colour + 1])) > 38
    assert 0 < float(bits) < 2 * 48 * 64
    flat = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    assert float((ClipTrees(1).keys(flat, torch.tensor([16.0]))[0] - flat).abs().max()) < 4 / 127.5


def test_a_key_gets_closer_and_dearer_as_the_level_rises() -> None:
    source = pictures()[1:].expand(3, -1, -1, -1)
    decoded, bits = ClipTrees(2).keys(source, torch.tensor([0.0, 8.0, 16.0]))
    assert decoded.shape == source.shape and bits.shape == (3,)
    assert float(decoded.abs().max()) <= 1
    assert (psnr(decoded, source).diff() > 1).all()
    assert (bits.diff() > 0).all()


def test_keys_of_a_batch_are_those_of_its_pictures() -> None:
    source, levels = pictures(), torch.tensor([4.0, 12.0])
    decoded, bits = ClipTrees(2).keys(source, levels)
    for k in range(2):
        alone, bits_alone = ClipTrees(1).keys(source[k : k + 1], levels[k : k + 1])
        assert torch.equal(alone[0], decoded[k]) and float(bits_alone) == float(bits[k])


def test_trees_correct_a_wrong_prediction_and_leave_a_right_one() -> None:
    source, levels = pictures(), torch.tensor([12.0, 12.0])
    known = source.clone().requires_grad_()
    right, bits_right = ClipTrees(2).anchors(known, source, levels)
    torch.testing.assert_close(right, source)
    right.sum().backward()
    assert known.grad is not None and torch.equal(known.grad, torch.ones_like(source))
    wrong = source.flip(-1)
    better, bits = ClipTrees(2).anchors(wrong, source, levels)
    assert (bits > 4 * bits_right).all()
    assert (psnr(better, source) > psnr(wrong, source) + 6).all()


def test_training_needs_no_pyav() -> None:
    asked = "import sys; sys.modules['av'] = None; import codec.training.hybrid.run"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
