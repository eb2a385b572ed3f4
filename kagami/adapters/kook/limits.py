"""How often KOOK lets itself be asked: what the headers of its answers say, bucket by bucket. Pure.

`X-Rate-Limit-Bucket` names what a path shares its limit with, `-Remaining` how many more requests it takes, `-Reset` in
how many seconds it is full again; `-Global` is there when everything has to wait.
Source: https://developer.kookapp.cn/doc/rate-limit. Times are monotonic seconds given by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AT_LEAST_S = 1.0
MOST_PATHS = 500

_HEAD = "x-rate-limit-"


@dataclass(slots=True)
class _Bucket:
    left: int = 1
    full_at: float = 0.0


class Limits:
    """Names of headers are in lower case."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._buckets: dict[str, _Bucket] = {}
        self._everything_at = 0.0

    def wait(self, path: str, now: float) -> float:
        """Seconds until the path may be asked; 0.0 when it may be now."""
        bucket = self._buckets.get(self._names.get(path, path))
        opens = bucket.full_at if bucket is not None and bucket.left <= 0 else 0.0
        return max(0.0, opens - now, self._everything_at - now)

    def spend(self, path: str) -> None:
        """A request goes out."""
        bucket = self._buckets.get(self._names.get(path, path))
        if bucket is not None:
            bucket.left -= 1

    def heard(self, path: str, headers: Mapping[str, str], now: float, *, refused: bool) -> None:
        """An answer came; `refused` when it is that there were too many."""
        if not refused and f"{_HEAD}remaining" not in headers:
            return
        if len(self._names) >= MOST_PATHS:
            self._names.clear()
            self._buckets.clear()
        name = self._names[path] = headers.get(f"{_HEAD}bucket", path)
        reset = max(_number(headers.get(f"{_HEAD}reset")), AT_LEAST_S if refused else 0.0)
        left = 0 if refused else int(_number(headers.get(f"{_HEAD}remaining")))
        # An answer that was overtaken must not give back what was spent since.
        before = self._buckets.get(name)
        if before is not None and now < before.full_at:
            left = min(left, before.left)
        self._buckets[name] = _Bucket(left, now + reset)
        if f"{_HEAD}global" in headers:
            self._everything_at = now + max(reset, AT_LEAST_S)


def _number(text: str | None) -> float:
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if 0 <= number < 86_400 else 0.0  # noqa: PLR2004 - a day
