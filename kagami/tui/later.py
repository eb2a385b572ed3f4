"""Work for a worker of Textual as what makes the coroutine: one that ends before it began leaves none unawaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.worker import WorkType


def later(work: Callable[[], Coroutine[None, None, None]]) -> WorkType[None]:
    """The same, with the one of `run_worker`'s types that it has: `run_worker(later(self.read_now))`."""
    return work
