from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from kagami.core.secrets import Secret
from kagami.errors import ConfigUnreadable, SettingError, UnknownSetting
from kagami.sources import (
    ConfigFile,
    Environment,
    Given,
    database_names,
    find_file,
    key_lines,
    loosen,
    read_file,
    settable,
    variable,
)

KEYS: dict[str, Any] = {
    "gateway.port": Annotated[int, msgspec.Meta(ge=0)],
    "gateway.token": Secret,
    "web.port": int,
    "web.jwt_secret": Secret,
    "privacy.enabled": bool,
    "log.level": Literal["debug", "info", "warning"],
    "store.url": Secret,
    "redis.url": Secret,
    "admins": tuple[str, ...],
    "prefix": str,
    "plugins.settings": dict[str, Any],
}


def read(**environ: str) -> dict[str, Given]:
    return {each.key: each for each in Environment(environ).read(KEYS)}


# --- the file ---


def test_a_home_without_a_file_is_fine(tmp_path: Path) -> None:
    assert find_file(tmp_path, None, str) is None


@pytest.mark.parametrize("name", ["kagami.toml", "config.json"])
def test_a_file_in_the_home_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert find_file(tmp_path, None, str) == tmp_path / name


def test_two_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kagami.toml").touch()
    (tmp_path / "config.json").touch()
    with pytest.raises(ConfigUnreadable, match="--config"):
        find_file(tmp_path, None, str)


def test_a_named_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / "kagami.toml").touch()
    assert find_file(tmp_path, tmp_path / "other.toml", str) == tmp_path / "other.toml"


def test_both_spellings_give_the_same_tree(tmp_path: Path) -> None:
    tree = {"gateway": {"port": 5}, "admins": ["qq:1"]}
    (tmp_path / "a.toml").write_text('admins = ["qq:1"]\n[gateway]\nport = 5\n')
    (tmp_path / "a.json").write_text(json.dumps(tree))
    assert read_file(tmp_path / "a.toml", str).tree == read_file(tmp_path / "a.json", str).tree == tree


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", b"x = "),
        ("a.toml", b"\xff\xfe"),
        ("a.json", b"{"),
        ("a.json", b"[1]"),
        ("a.json", b"[" * 100_000),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigUnreadable, match=name):
        read_file(tmp_path / name, str)


def test_an_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnreadable, match=r"none\.toml"):
        read_file(tmp_path / "none.toml", str)


def test_lines_of_keys_are_known() -> None:
    text = """language = "zh"

[gateway]
port = 1
  host = "x"
[[bots]]
url = "a"
[[bots]]
"url" = "b"
[plugins.settings.x]
y=1
"""
    assert key_lines(text) == {
        "language": 1,
        "gateway": 3,
        "gateway.port": 4,
        "gateway.host": 5,
        "bots.0": 6,
        "bots.0.url": 7,
        "bots.1": 8,
        "bots.1.url": 9,
        "plugins.settings.x": 10,
        "plugins.settings.x.y": 11,
    }


def test_origins_name_lines_where_they_are_known() -> None:
    file = ConfigFile(
        "kagami.toml",
        {"bots": [{"url": "a"}], "gateway": {"port": 1}, "admins": ["a"]},
        {"gateway.port": 7, "admins": 9},
    )
    assert file.origins() == {
        "bots": "kagami.toml",
        "bots.0": "kagami.toml",
        "bots.0.url": "kagami.toml",
        "gateway": "kagami.toml",
        "gateway.port": "kagami.toml:7",
        "admins": "kagami.toml:9",
        "admins.0": "kagami.toml:9",
    }


# --- the environment ---


@pytest.mark.parametrize("text", ["3005", ":3005", " 3005 "])
def test_a_port_may_begin_with_a_colon(text: str) -> None:
    assert read(WS_PORT=text)["gateway.port"] == Given("gateway.port", 3005, "environment WS_PORT")


def test_every_key_has_a_variable() -> None:
    assert variable("gateway.port") == "KAGAMI_GATEWAY__PORT"
    assert read(KAGAMI_PREFIX="!")["prefix"].value == "!"


def test_the_exact_spelling_wins() -> None:
    given = Environment({"WS_PORT": "1", "KAGAMI_GATEWAY__PORT": "2"}).read(KEYS)
    assert [each.value for each in given] == [1, 2]


def test_a_misspelt_variable_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownSetting, match="Did you mean KAGAMI_GATEWAY__PORT"):
        read(KAGAMI_GATEWAY__PROT="1")


def test_a_strange_variable_is_to_be_unset() -> None:
    with pytest.raises(UnknownSetting, match="Unset it"):
        read(KAGAMI_QQQQQQQQQQQQ__X="1")


def test_variables_that_an_orchestrator_adds_are_left_alone() -> None:
    assert read(KAGAMI_PORT="tcp://10.0.0.1:80", KAGAMI_SERVICE_HOST="10.0.0.1", KAGAMI_HOME="/x") == {}


def test_an_empty_variable_counts_as_absent() -> None:
    assert read(WS_PORT="", LOG_LEVEL="", DB_HOST="", REDIS_ADDR="", KAGAMI_ADMINS="", KAGAMI_PREFIX="") == {}


def test_an_empty_secret_is_a_value() -> None:
    assert read(KAGAMI_GATEWAY__TOKEN="")["gateway.token"].value == ""


def test_a_file_may_hold_the_value(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("3005\n")
    (tmp_path / "token").write_text("abc\n")
    given = read(WS_PORT_FILE=str(tmp_path / "port"), KAGAMI_GATEWAY__TOKEN_FILE=str(tmp_path / "token"))
    assert given["gateway.port"] == Given("gateway.port", 3005, "file of WS_PORT_FILE")
    assert given["gateway.token"].value == "abc"


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("1")
    with pytest.raises(SettingError, match="given twice"):
        read(WS_PORT="1", WS_PORT_FILE=str(tmp_path / "port"))


def test_a_secret_given_twice_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        read(JWT_SECRET="hidden", JWT_SECRET_FILE=str(tmp_path / "secret"))
    assert "hidden" not in str(caught.value)


def test_an_unreadable_file_is_refused_with_its_variable() -> None:
    with pytest.raises(SettingError, match="environment WS_PORT_FILE"):
        read(WS_PORT_FILE="/nowhere/port")


@pytest.mark.parametrize("name", ["JWT_SECRET", "KAGAMI_GATEWAY__TOKEN", "KAGAMI_PLUGINS__SETTINGS"])
def test_what_may_hold_a_secret_leaves_the_environment(name: str) -> None:
    environ = {name: "{}"}
    Environment(environ).read(KEYS)
    assert environ == {}


def test_passwords_leave_the_environment() -> None:
    environ = {"DB_HOST": "db", "DB_PASSWORD": "p", "REDIS_ADDR": "redis:6379", "REDIS_PWD": "r", "WS_PORT": "1"}
    Environment(environ).read(KEYS)
    assert environ == {"DB_HOST": "db", "REDIS_ADDR": "redis:6379", "WS_PORT": "1"}


def test_the_database_is_put_together() -> None:
    given = read(DB_HOST="db", DB_USER="u", DB_PASSWORD="p@s/s", DB_NAME="n")["store.url"]
    assert given == Given("store.url", "postgresql://u:p%40s%2Fs@db:5432/n", "environment DB_HOST")


def test_the_database_may_be_behind_a_socket() -> None:
    given = read(DB_HOST="/run/postgresql", DB_USER="u", DB_PASSWORD="p")["store.url"]
    assert given.value == "postgresql://u:p@/kagami?host=%2Frun%2Fpostgresql&port=5432"


def test_the_database_may_be_in_files(tmp_path: Path) -> None:
    given = {"DB_HOST": "::1", "DB_PORT": "6432", "DB_NAME": "机器人", "DB_USER": "a b", "DB_PASSWORD": "p@/\\:?#"}
    for name, text in given.items():
        (tmp_path / name).write_text(f"{text}\n")
    found = read(**{f"{name}_FILE": str(tmp_path / name) for name in given})["store.url"]
    assert found.origin == "file of DB_HOST_FILE"
    parts = urlsplit(found.value)
    assert (parts.hostname, parts.port, unquote(parts.path)) == ("::1", 6432, "/机器人")
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("a b", "p@/\\:?#")


def test_redis_is_put_together() -> None:
    assert read(REDIS_ADDR="r:6379", REDIS_PWD="a b")["redis.url"].value == "redis://:a%20b@r:6379"
    assert read(REDIS_ADDR="r")["redis.url"].value == "redis://:@r"
    assert read(REDIS_ADDR="rediss://r:1/2", REDIS_PWD="p")["redis.url"].value == "rediss://:p@r:1/2"
    assert read(REDIS_ADDR="rediss://u:p@r:1")["redis.url"].value == "rediss://u:p@r:1"


def test_address_and_password_of_redis_may_be_in_files(tmp_path: Path) -> None:
    (tmp_path / "addr").write_text("r:6379\n")
    (tmp_path / "pwd").write_text("p@/\n")
    given = read(REDIS_ADDR_FILE=str(tmp_path / "addr"), REDIS_PWD_FILE=str(tmp_path / "pwd"))["redis.url"]
    assert (given.value, given.origin) == ("redis://:p%40%2F@r:6379", "file of REDIS_ADDR_FILE")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3001", int, 3001),
        ("many", int, "many"),
        ("0.5", float, 0.5),
        ("Yes", bool, True),
        ("off", bool, False),
        ("perhaps", bool, "perhaps"),
        ("WARN", Literal["warning"], "warning"),
        ("INFO", Literal["info"], "info"),
        ("a, b,", tuple[str, ...], ["a", "b"]),
        ('["a,b"]', tuple[str, ...], ["a,b"]),
        ('{"a":1}', dict[str, Any], {"a": 1}),
        ("{", dict[str, Any], "{"),
        (" x ", str, " x "),
    ],
)
def test_a_text_is_loosened(text: str, kind: Any, value: Any) -> None:
    assert loosen(text, kind) == value


@pytest.mark.parametrize(
    ("key", "origin", "expected"),
    [
        ("gateway.port", "default", "gateway.port (WS_PORT)"),
        ("gateway.port", "environment KAGAMI_GATEWAY__PORT", "gateway.port (KAGAMI_GATEWAY__PORT)"),
        ("web.port", "kagami.toml:3", "web.port (kagami.toml:3)"),
        ("web.jwt_secret", "file of JWT_SECRET_FILE", "web.jwt_secret (JWT_SECRET_FILE)"),
        ("store.keep_days", "default", "store.keep_days (KAGAMI_STORE__KEEP_DAYS)"),
    ],
)
def test_what_a_person_can_change_is_named_as_it_was_set(key: str, origin: str, expected: str) -> None:
    assert settable(key, origin) == expected


def test_a_database_that_was_given_in_parts_is_corrected_in_parts() -> None:
    assert database_names("store.url", "environment DB_HOST")["login"] == "DB_USER, DB_PASSWORD"
    assert database_names("store.url", "environment KAGAMI_STORE__URL")["login"] == "store.url (KAGAMI_STORE__URL)"
