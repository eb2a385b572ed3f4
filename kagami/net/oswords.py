"""What the system says of a connection, in words: numbers of errors and names of their classes help nobody."""

from __future__ import annotations

import errno
import re
import socket
import ssl

REFUSED = "the connection was refused"
RESET = "the other side broke the connection off"
TIMED_OUT = "there was no answer in time"
NO_ROUTE = "no way leads there from this network"
NAME_UNKNOWN = "the name is not known"
NAME_UNANSWERED = "the name server does not answer"
CLOSED = "the connection broke"

_WORDS = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.EPIPE: CLOSED,
    errno.ECONNABORTED: CLOSED,
    errno.ENOTCONN: CLOSED,
    errno.ETIMEDOUT: TIMED_OUT,
    errno.ENETUNREACH: NO_ROUTE,
    errno.EHOSTUNREACH: NO_ROUTE,
    errno.EADDRNOTAVAIL: NO_ROUTE,
    errno.ENETDOWN: "the network is down",
    errno.EACCES: "the system does not allow it",
    errno.EPERM: "the system does not allow it",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
}
# Of several addresses that were tried asyncio tells in one text.
_NUMBER = re.compile(r"\[Errno (-?\d+)\]")
_CODE = re.compile(r"\[SSL: (\w+)\]")
LONGEST = 200


def os_words(error: BaseException) -> str:
    """English and without numbers where it is known; never empty. What others wrote into it is cut."""
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)[:LONGEST]
    if isinstance(error, socket.gaierror):
        return NAME_UNANSWERED if error.errno == socket.EAI_AGAIN else NAME_UNKNOWN
    if isinstance(error, TimeoutError):
        return TIMED_OUT
    if isinstance(error, UnicodeError):  # a name that no name server could have
        return NAME_UNKNOWN
    return _of_number(error) if isinstance(error, OSError) else str(error)[:LONGEST] or type(error).__name__


def _of_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    code = _CODE.search(str(error))
    return f"the encrypted connection failed: {code[1].replace('_', ' ').lower() if code else error}"


def _of_number(error: OSError) -> str:
    numbers = [error.errno] if error.errno else [int(each) for each in _NUMBER.findall(str(error))]
    for number in numbers:
        if number in _WORDS:
            return _WORDS[number]
    return (error.strerror or str(error))[:LONGEST] or type(error).__name__
