"""Where the networks run: one question, one answer, and the sentence that explains it."""

import torch

from codec.errors import ModelError


def pick(asked: str) -> torch.device:
    """The device for "auto", "cuda", "mps" or "cpu". Raises ModelError when the one asked for is not there."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if asked == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    if (asked == "cuda" and not cuda) or (asked == "mps" and not mps):
        raise ModelError(f"The device {asked!r} is not available on this machine; use auto or cpu.")
    return torch.device(asked)


def is_out_of_memory(error: BaseException) -> bool:
    """True for the errors torch raises when an accelerator's memory is full."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
    )
