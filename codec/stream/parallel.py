"""GoPs side by side: each on one CPU thread, as many at once as there are cores.

GoPs are independent, so this is the natural grain of parallel work (section 4 of the paper). It also makes the result
independent of the number of cores: a convolution split over two threads may add in another order than one that is not,
and a picture's last bit with it.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def worker_count(threads: int, device: torch.device) -> int:
    """Workers for a thread count as asked for (0: the machine's cores). An accelerator gets two: one feeds it while the
    other codes."""
    if device.type != "cpu":
        return 2
    if threads > 0:
        return threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """work(item) for every item, computed `workers` at a time, yielded in the items' order.

    At most workers + 1 results wait at any time. Leaving the iteration early drops what has not begun and waits for
    what has.
    """
    with ThreadPoolExecutor(workers, "gop", initializer=_one_thread) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _one_thread() -> None:
    torch.set_num_threads(1)
