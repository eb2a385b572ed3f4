from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from kagami.net import oswords
from kagami.net.oswords import os_words


def numbered(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), oswords.REFUSED),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 99] x"), oswords.REFUSED),
        (numbered(errno.ECONNRESET), oswords.RESET),
        (numbered(errno.EPIPE), oswords.CLOSED),
        (numbered(errno.EHOSTUNREACH), oswords.NO_ROUTE),
        (numbered(errno.ETIMEDOUT), oswords.TIMED_OUT),
        (TimeoutError(), oswords.TIMED_OUT),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), oswords.NAME_UNKNOWN),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), oswords.NAME_UNANSWERED),
        (UnicodeError("label too long"), oswords.NAME_UNKNOWN),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), None),
        (numbered(errno.EIO), "Input/output error"),
        (OSError(), "OSError"),
        (ValueError("something else"), "something else"),
    ],
)
def test_what_the_system_says_is_told_in_words(error: BaseException, words: str | None) -> None:
    told = os_words(error)
    assert told == words if words else told.startswith("the encrypted connection failed: ")
    assert "Errno" not in told


def test_a_certificate_that_is_not_trusted_says_why() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    assert os_words(error) == "its certificate is not trusted: self-signed certificate"
