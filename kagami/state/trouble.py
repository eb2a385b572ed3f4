"""What is wrong with a Redis, in words of ours: its own may hold names, and are in no language."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from kagami.i18n import mark

# All that a command can raise.
ERRORS = (RedisError, OSError, TimeoutError)

LOGIN = mark("it refuses the name or the password")
LOADING = mark("it is loading its data")
FULL = mark("its memory is full")
REPLICA = mark("it is a read-only replica")
RIGHTS = mark("the account may not do what is needed")
CERTIFICATE = mark("its certificate is not trusted")
NO_TLS = mark("it does not speak TLS as we do")
NO_NAME = mark("its name cannot be found")
NO_FILE = mark("a file that redis.url names is not there")
NOBODY = mark("nobody listens there")
SILENT = mark("it does not answer")
HANGS_UP = mark("it hangs up")
REFUSES = mark("it refuses a command")
CLUSTER = mark("it is a part of a Redis Cluster, which is not supported")

_KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((AuthenticationError, AuthenticationWrongNumberOfArgsError), LOGIN),
    (BusyLoadingError, LOADING),
    (OutOfMemoryError, FULL),
    (ReadOnlyError, REPLICA),
    (NoPermissionError, RIGHTS),
    (ssl.SSLCertVerificationError, CERTIFICATE),
    (ssl.SSLError, NO_TLS),
    (socket.gaierror, NO_NAME),
    (FileNotFoundError, NO_FILE),
    (ConnectionRefusedError, NOBODY),
    ((TimeoutError, RedisTimeoutError), SILENT),
)
# How an answer begins that the library has no class for.
_CODES = {
    "NOAUTH": LOGIN,
    "WRONGPASS": LOGIN,
    "OOM": FULL,
    "READONLY": REPLICA,
    "LOADING": LOADING,
    "NOPERM": RIGHTS,
    "MISCONF": mark("it cannot write its data to disk and therefore takes no more"),
    "MASTERDOWN": mark("it is a replica whose primary is away"),
    "NOREPLICAS": mark("it has too few replicas and therefore takes no more"),
    "CLUSTERDOWN": CLUSTER,
    "MOVED": CLUSTER,
    "CROSSSLOT": CLUSTER,
}


def told(error: BaseException) -> str:
    """Why it does not work, as a text that the catalogue knows."""
    causes = tuple(_causes(error))
    for kind, words in _KINDS:
        if any(isinstance(each, kind) for each in causes):
            return words
    if isinstance(error, ResponseError):
        return _CODES.get(str(error).partition(" ")[0], REFUSES)
    return HANGS_UP


def concerns_all(error: BaseException) -> bool:
    """Whether an error says that nothing works at the moment; else one command alone was wrong."""
    return told(error) != REFUSES


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
