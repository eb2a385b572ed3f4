from __future__ import annotations

import pytest

from kagami.plugins.extra.moderation.links import foreign, hosts


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("看 https://evil.top/x?a=1", "evil.top"),
        ("HTTP://EVIL.TOP", "evil.top"),
        ("点开evil.com看", "evil.com"),
        ("www.evil.com.cn", "www.evil.com.cn"),
        ("https://good.com@evil.top/", "evil.top"),
        ("https://good.com\\@evil.top/", "good.com"),
        ("ｈｔｔｐｓ：／／evil．top", "evil.top"),
        ("http://[::1", "http://[::1"),
        ("https://evil.top，快看", "evil.top"),
        ("https://evil.top快看", "evil.top"),
        ("https://good.com/evil.top", "good.com"),
        ("https://例子.中国/x", "例子.中国"),
    ],
)
def test_a_link_leads_to_its_host(text: str, host: str) -> None:
    assert list(hosts(text)) == [host]


@pytest.mark.parametrize(
    "text", ["版本 3.5", "main.py", "mail me at a@b.com", "你好。com", "...", "e.g. this", "https://"]
)
def test_other_dots_are_no_links(text: str) -> None:
    assert list(hosts(text)) == []


@pytest.mark.parametrize("text", ["https://bilibili.com/1", "https://www.bilibili.com", "bilibili.com", "没有链接"])
def test_an_allowed_host_allows_those_below_it(text: str) -> None:
    assert foreign(text, ["BiliBili.com"]) is None


@pytest.mark.parametrize("text", ["https://notbilibili.com", "https://bilibili.com.evil.top", "bilibili.com evil.top"])
def test_every_other_host_is_foreign(text: str) -> None:
    assert foreign(text, ["*.bilibili.com"]) is not None
