"""What a run shows of itself beside the curves of its log: a panel of held-out crops."""

from pathlib import Path

import torch
from torch import Tensor


def draw_panel(out: Path, sources: Tensor, decoded: list[Tensor]) -> None:
    """One row a crop: the source, then each reconstruction; (B, 3, h, w) in [-1, 1] each."""
    from PIL import Image

    columns = [torch.cat(list(column), dim=-2) for column in (sources, *decoded)]
    picture = ((torch.cat(columns, dim=-1).clamp(-1, 1) + 1) * 127.5).round().byte()
    Image.fromarray(picture.permute(1, 2, 0).cpu().numpy()).save(out)
