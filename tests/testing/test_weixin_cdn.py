"""The fake CDN takes what was announced, and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import aiohttp
import pytest

from kagami.testing.weixin import open_weixin
from kagami.testing.weixin_cdn import Cdn, seal, unseal

KEY = bytes(range(16))
NAME = "0123456789abcdef" * 2
CONTENT = b"hello"


def announced(**more: Any) -> dict[str, Any]:
    body = {"filekey": NAME, "media_type": 1, "rawsize": 5, "filesize": 16, "aeskey": KEY.hex()}
    return body | {"rawfilemd5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()} | more


def test_the_platforms_vector() -> None:
    assert (seal(CONTENT, KEY).hex(), unseal(seal(CONTENT, KEY), KEY)) == ("5d8749e2af7531b2bf6661e9e5daf012", CONTENT)


@pytest.mark.parametrize("more", [{"filekey": "x"}, {"aeskey": "x"}, {"media_type": 9}, {"filesize": 5}])
def test_what_is_not_well_announced_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Cdn().announce(announced(**more))


@pytest.mark.parametrize(
    ("more", "content", "kind", "status"),
    [
        ({}, CONTENT, "application/octet-stream", 200),
        ({}, CONTENT, "text/plain", 400),
        ({}, b"other", "application/octet-stream", 400),
        ({"rawfilemd5": "x"}, CONTENT, "application/octet-stream", 400),
    ],
)
async def test_only_what_was_announced_is_taken(more: dict[str, Any], content: bytes, kind: str, status: int) -> None:
    async with open_weixin() as there, aiohttp.ClientSession() as session:
        _, url = there.cdn.announce(announced(**more))
        async with session.post(url, data=seal(content, KEY), headers={"Content-Type": kind}) as answer:
            assert (answer.status, "x-encrypted-param" in answer.headers) == (status, status == 200)


async def test_what_lies_there_is_given_as_it_lies() -> None:
    async with open_weixin() as there, aiohttp.ClientSession() as session:
        told = there.cdn.medium(CONTENT)
        async with session.get(told["full_url"]) as answer:
            assert len(await answer.read()) == 16
        async with session.get(f"{there.cdn.url}/download?encrypted_query_param=x") as answer:
            assert answer.status == 404
