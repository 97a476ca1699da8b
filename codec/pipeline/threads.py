"""GoPs side by side on CPU threads, with the one step between them that has an order.

Analysis and synthesis of different GoPs are independent, the natural grain of parallel work (section 4 of the paper);
the latents of chained GoPs are not: those are linked one after another on a thread of their own, a small share of the
work. Every network runs on one thread, so the result does not depend on the number of cores: a convolution split over
two threads may add in another order than one that is not, and a picture's last bit with it.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from codec.allocator import keep_freed

_NICE = 5

Item = TypeVar("Item")
Prepared = TypeVar("Prepared")
Result = TypeVar("Result")


def worker_count(threads: int, device: torch.device) -> int:
    """Workers for a thread count as asked for (0: the machine's cores). An accelerator gets four at most: they convert
    colours and code symbols while it computes, and each holds a group of GoPs in its memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(4, threads or cores) if device.type != "cpu" else threads or cores


class GopThreads:
    """Threads that GoPs are worked on; a context manager that waits for what has begun when it is left."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        keep_freed()
        self._pool = ThreadPoolExecutor(workers, "gop", initializer=_behind_the_chain)
        self._lane = ThreadPoolExecutor(1, "chain", initializer=_one_thread)

    def __enter__(self) -> "GopThreads":
        return self

    def __exit__(self, *exc: object) -> None:
        self._lane.shutdown(cancel_futures=True)
        self._pool.shutdown(cancel_futures=True)

    def in_order(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """work(item) for every item, computed side by side, yielded in the items' order.

        At most workers + 1 results wait at any time. Leaving the iteration early drops what has not begun.
        """
        return _drain((self._pool.submit(work, item) for item in items), self.workers)

    def linked(
        self, prepare: Callable[[Item], Prepared], link: Callable[[Prepared], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """prepare(item) side by side, then link(prepared) strictly one after another, yielded in the items' order."""

        def submit(item: Item) -> Future[Result]:
            prepared = self._pool.submit(prepare, item)
            return self._lane.submit(lambda: link(prepared.result()))

        return _drain((submit(item) for item in items), self.workers)


def _drain(futures: Iterable[Future[Result]], ahead: int) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    try:
        for future in futures:
            waiting.append(future)
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _one_thread() -> None:
    torch.set_num_threads(1)


def _behind_the_chain() -> None:
    """What can be done side by side lets the chain, which everything waits for, go first: 4 % on two cores. The window
    comes before both."""
    _one_thread()
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
