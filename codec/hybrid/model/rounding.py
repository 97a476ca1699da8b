"""Rounding, flooring and clamping that pass gradients (straight-through estimators, Bengio et al. 2013)."""

import torch
from torch import Tensor


def ste_round(x: Tensor) -> Tensor:
    """round(x) forward, identity backward."""
    return x + (torch.round(x) - x).detach()


def ste_floor(x: Tensor) -> Tensor:
    """floor(x) forward, identity backward."""
    return x + (torch.floor(x) - x).detach()


class _InwardClamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.bounds = (low, high)
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx, *grads: Tensor):
        (x,) = ctx.saved_tensors
        (grad,) = grads
        low, high = ctx.bounds
        # A gradient descent step moves against `grad`: keep what moves a clamped value back inside.
        outward = ((x < low) & (grad > 0)) | ((x > high) & (grad < 0))
        return grad.masked_fill(outward, 0.0), None, None


def inward_clamp(x: Tensor, low: float, high: float) -> Tensor:
    """clamp(x, low, high) forward; backward, a value outside still feels gradients that pull it inside."""
    result = _InwardClamp.apply(x, low, high)
    assert isinstance(result, Tensor)
    return result
