"""Where the networks run: one question, one answer, and what happens when its memory is full."""

from collections.abc import Callable
from typing import Generic, TypeVar

import torch

from codec.context import WorkContext
from codec.errors import ModelError

Model = TypeVar("Model")
Result = TypeVar("Result")


def pick(asked: str) -> torch.device:
    """The device for "auto", "cuda", "mps" or "cpu". Raises ModelError when the one asked for is not there."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if asked == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    if (asked == "cuda" and not cuda) or (asked == "mps" and not mps):
        raise ModelError(f"The device {asked!r} is not available on this machine; use auto or cpu.")
    return torch.device(asked)


def network_type(device: torch.device, precision: str) -> torch.dtype:
    """Number type of networks that make pictures: float16 on CUDA, bfloat16 on a CPU that multiplies it, else float32;
    always float32 when `precision` is "full"."""
    if precision == "full":
        return torch.float32
    if device.type == "cuda":
        return torch.float16
    # The instruction set decides, never a stopwatch: two runs on one machine must give the same pictures. Older
    # versions of torch do not tell it.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.bfloat16 if device.type == "cpu" and capabilities.get("avx512_bf16") else torch.float32


def numbers(asked: str, precision: str) -> str:
    """Device and number type of the networks, for a reader: "cpu, bfloat16". Raises ModelError as `pick`."""
    chosen = pick(asked)
    return f"{chosen}, {str(network_type(chosen, precision)).removeprefix('torch.')}"


def is_out_of_memory(error: BaseException) -> bool:
    """True for the errors torch raises when an accelerator's memory is full."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
    )


class Placed(Generic[Model]):
    """A model on a device; moves to the CPU for good when the accelerator's memory is full, and says so."""

    def __init__(self, load: Callable[[torch.device], Model], device: torch.device, context: WorkContext) -> None:
        self._load, self._device, self._context = load, device, context
        self._model = load(device)

    def run(self, work: Callable[[Model], Result]) -> Result:
        """work(model). `work` moves its inputs to the model's device itself, and may be called twice."""
        try:
            return work(self._model)
        except RuntimeError as error:
            if not is_out_of_memory(error) or self._device.type == "cpu":
                raise
        self._context.report(0.0, "the accelerator's memory is full, going on with the CPU")
        self._model = self._load(torch.device("cpu"))
        return work(self._model)


def numbers_only(x: torch.Tensor) -> bool:
    """Whether nothing but the numbers of `x` is wanted, on the CPU: no gradient, no accelerator. Compiled loops do
    then."""
    return x.device.type == "cpu" and not (torch.is_grad_enabled() and x.requires_grad)


def one_by_one(work: Callable[..., torch.Tensor], *batches: torch.Tensor) -> torch.Tensor:
    """work(*batches) of batches (N, ...) that `work` treats sample by sample. A CPU that wants nothing but the numbers
    gets them one at a time: what one sample takes stays in its cache."""
    count = len(batches[0])
    if count == 1 or torch.is_grad_enabled() or not all(map(numbers_only, batches)):
        return work(*batches)
    return torch.cat([work(*(batch[i : i + 1] for batch in batches)) for i in range(count)])
