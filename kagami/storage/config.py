"""The `[store]` section of the configuration."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from kagami.core.secrets import Secret

# Why a backup was made.
SCHEDULED, ASKED = "scheduled", "asked"
# Made by itself before something is done that a backup may have to undo.
BEFORE_MIGRATION, BEFORE_RESTORE, BEFORE_MOVE = "before migration", "before restore", "before move"
# An address that lost a sign: `postgres//…`, `postgresql:/…`, `user:password@host/name`.
_MISTYPED = re.compile(r"(?![\w+]+://)(?:\w{2,}(?::|//)|[^/.~][^/]*@)")


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is a path, `sqlite:///path`, `postgresql://user:password@host:port/name`, or empty for `kagami.db` in the
    home. `read_url` is the same database under an account that may only read, for everything that only reads.

    Messages and traces older than `keep_days`, and the oldest ones above `keep_mb` (MiB of content), are removed each
    hour; 0 keeps them for ever. Rows of the audit stay `keep_audit_days`, and go up to a signed anchor only.
    """

    url: Secret = Secret()
    read_url: Secret = Secret()
    keep_days: float = 365
    keep_mb: int = 2048
    keep_audit_days: float = 400


class BackupConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup is made every so many hours (0: never by itself), without secrets.

    Of those, the newest `keep_newest` stay, and the last of each of the `keep_days` latest days and `keep_weeks` latest
    weeks that have one. What an operator asked for stays until somebody deletes it. With a `passphrase`, every backup
    is encrypted: whoever loses it has lost the backups.
    """

    hours: float = 1
    keep_newest: int = 3
    keep_days: int = 7
    keep_weeks: int = 4
    passphrase: Secret = Secret()


def is_plain(url: str) -> bool:
    """Whether an address of a server means to everybody what it means to its driver: else errors would quote parts."""
    parts = urlsplit(url)
    login, _, places = parts.netloc.rpartition("@")
    ports = [place.rpartition("]")[2].partition(":")[2] for place in places.split(",")]
    odd = parts.fragment or "@" in login or "@" in parts.path or "@" in parts.query
    return not odd and all(port.isdecimal() or not port for port in ports)


def is_mistyped(url_or_path: str) -> bool:
    """Whether it was meant as an address of a server, but would be taken for a path."""
    return _MISTYPED.match(url_or_path) is not None
