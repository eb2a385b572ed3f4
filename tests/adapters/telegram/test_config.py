from __future__ import annotations

import pytest

from kagami.adapters.telegram.config import TelegramConfig
from kagami.core.secrets import Secret

TOKEN = "4711:AAH-x_y"


def config(token: str = TOKEN, **more: str) -> TelegramConfig:
    return TelegramConfig(token=Secret(token), **more)  # type: ignore[arg-type]


def test_the_account_is_in_the_token_and_the_address_shows_no_more_of_it() -> None:
    assert (config().account, config().address) == ("4711", "api.telegram.org/4711")


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:8080", "socks5://u:p@proxy.example:1080", "socks5h://h:1"])
def test_a_sound_table_has_no_trouble(proxy: str) -> None:
    assert config(proxy=proxy).trouble() is None


@pytest.mark.parametrize("token", ["", "4711", "4711:", "x:AAH", "4711:AA/../x", "4711:AA?b", "4711:AA\n", "４７:A"])
def test_what_is_no_token_is_refused_and_not_shown(token: str) -> None:
    trouble = config(token).trouble()
    assert trouble is not None
    assert (trouble.key, trouble.shown) == ("token", "•••")


@pytest.mark.parametrize("proxy", ["127.0.0.1:1080", "socks5://host", "ftp://host:1", "http://h:99999", "http://h :1"])
def test_what_is_no_proxy_is_refused(proxy: str) -> None:
    trouble = config(proxy=proxy).trouble()
    assert trouble is not None
    assert trouble.key == "proxy"


def test_a_refused_proxy_does_not_show_its_password() -> None:
    trouble = config(proxy="gopher://ada:s3cret@host:1").trouble()
    assert trouble is not None
    assert trouble.shown == "host:1"


def test_an_address_that_is_none_is_refused() -> None:
    trouble = config(api_url="api.telegram.org").trouble()
    assert trouble is not None
    assert trouble.key == "api_url"
