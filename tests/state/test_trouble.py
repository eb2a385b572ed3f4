"""Errors in words of ours."""

from __future__ import annotations

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from kagami.state import trouble
from kagami.state.trouble import concerns_all, told


def _caused(cause: OSError) -> RedisConnectionError:
    error = RedisConnectionError("Error 111 connecting to somewhere:6379 with a password")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RedisConnectionError("closed by server"), trouble.HANGS_UP),
        (_caused(ConnectionRefusedError()), trouble.NOBODY),
        (_caused(FileNotFoundError()), trouble.NO_FILE),
        (TimeoutError(), trouble.SILENT),
        (ResponseError("NOAUTH Authentication required."), trouble.LOGIN),
        (ResponseError("MASTERDOWN Link with MASTER is down"), "it is a replica whose primary is away"),
        (ResponseError("MOVED 1 h:1"), trouble.CLUSTER),
        (ResponseError("WRONGTYPE Operation against a key"), trouble.REFUSES),
    ],
)
def test_an_error_is_told_without_its_own_words(error: BaseException, words: str) -> None:
    assert told(error) == words


def test_a_single_wrong_command_says_nothing_of_the_rest() -> None:
    assert not concerns_all(ResponseError("WRONGTYPE Operation against a key"))
    assert concerns_all(ResponseError("OOM command not allowed"))
