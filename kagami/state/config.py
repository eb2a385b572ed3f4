"""Where what is shared lives."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec

from kagami.core.secrets import Secret
from kagami.i18n import mark

Prefix = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]{1,32}$", examples=["kg"])]
SCHEMES = ("redis", "rediss", "unix")
# How the other side is proven, and ourselves; all else is not for an address to say.
OPTIONS = frozenset({"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"})


class RedisConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a `url` each process is alone. Two Kagamis on one Redis need different prefixes."""

    url: Secret = Secret()
    prefix: Prefix = "kg"

    def trouble(self) -> str:
        """What is wrong with the address, as a key of the catalogue; empty when nothing is, or there is none."""
        return trouble_of(self.url.reveal()) if self.url else ""


def trouble_of(url: str) -> str:
    try:
        given = urlsplit(url)
        _ = given.port
    except ValueError:
        return mark("its port is no number")
    if given.scheme not in SCHEMES:
        return mark("it begins with none of redis://, rediss:// and unix://")
    if not (given.path if given.scheme == "unix" else given.hostname):
        return mark("it names no host")
    database = given.path.removeprefix("/")
    if given.scheme != "unix" and database and not database.isdigit():
        return mark("its database is no number")
    return mark("it names an option that is not known") if set(parse_qs(given.query)) - OPTIONS else ""
