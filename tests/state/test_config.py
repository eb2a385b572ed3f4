"""An address is looked at before anybody is asked."""

from __future__ import annotations

import pytest

from kagami.core.secrets import Secret
from kagami.state.config import RedisConfig


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("", ""),
        ("redis://:secret@127.0.0.1:6379/0", ""),
        ("redis://redis", ""),
        ("rediss://user:secret@r.example:6380/3?ssl_ca_certs=/ca.pem", ""),
        ("unix:///run/redis.sock?db=2", ""),
        ("redis://h:abc", "its port is no number"),
        ("redis://h:99999", "its port is no number"),
        ("http://h:6379", "it begins with none of redis://, rediss:// and unix://"),
        ("h:6379", "it begins with none of redis://, rediss:// and unix://"),
        ("redis://:secret@", "it names no host"),
        ("unix://", "it names no host"),
        ("redis://h/first", "its database is no number"),
        ("redis://h?retry_on_timeout=yes", "it names an option that is not known"),
    ],
)
def test_an_address_is_fit_or_it_is_said_why_not(url: str, trouble: str) -> None:
    assert RedisConfig(url=Secret(url)).trouble() == trouble
