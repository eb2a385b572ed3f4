from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import msgspec
import pytest

from kagami.adapters.onebot11.config import OneBot11Config
from kagami.config import Document, Settings, load, origin_of
from kagami.core.secrets import Secret
from kagami.errors import SettingError, UnknownSetting
from kagami.home import Home
from kagami.model.ids import BotId
from kagami.shape import leaves
from kagami.sources import variable

Load = Callable[..., Settings]
BOT = '[[bots]]\nkind = "onebot11"\nurl = "ws://127.0.0.1:3002"\n'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def settle(home: Home) -> Load:
    """Load a configuration of a TOML text and of variables."""

    def settle(text: str = "", *, create: bool = True, **environ: str) -> Settings:
        home.path.mkdir(exist_ok=True)
        (home.path / "kagami.toml").write_text(text, encoding="utf-8")
        return load(home, environ=environ, create=create)

    return settle


def test_an_empty_home_gives_the_defaults(home: Home) -> None:
    settings = load(home, environ={})
    assert (settings.gateway.host, settings.gateway.port, settings.web.port) == ("127.0.0.1", 3001, 5000)
    assert (settings.limits.user_per_minute, settings.limits.chat_per_minute) == (60, 600)


def test_a_first_start_makes_secrets(home: Home) -> None:
    settings = load(home, environ={})
    assert len(settings.gateway.token.reveal()) >= 43
    assert stat.S_IMODE((home.secrets / "jwt_secret").stat().st_mode) == 0o600
    assert load(home, environ={}).gateway.token == settings.gateway.token


def test_looking_makes_nothing(home: Home) -> None:
    assert not load(home, environ={}, create=False).gateway.token
    assert not home.path.exists()


def test_the_file_overrides_the_default(settle: Load) -> None:
    assert settle("gateway.port = 4000").gateway.port == 4000


def test_the_environment_overrides_the_file(settle: Load) -> None:
    assert settle("gateway.port = 4000", WS_PORT="5000").gateway.port == 5000


def test_a_given_token_overrides_the_generated_one(settle: Load) -> None:
    assert settle('gateway.token = "mine"').gateway.token == Secret("mine")


def test_a_table_keeps_the_defaults_beside_it(settle: Load) -> None:
    settings = settle("[gateway]\nport = 4000\n")
    assert settings.gateway.token
    assert settings.gateway.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("key", "origin"),
    [
        ("gateway.host", "default"),
        ("gateway.port", "kagami.toml:2"),
        ("gateway.token", "secrets/gateway_token"),
        ("web.port", "environment WEBUI_PORT"),
        ("bots.0.url", "kagami.toml:5"),
        ("bots.0.token", "default"),
        ("admins.0", "environment KAGAMI_ADMINS"),
        ("plugins.settings.weather.city", "default"),
    ],
)
def test_every_value_knows_its_origin(settle: Load, key: str, origin: str) -> None:
    assert settle(f"[gateway]\nport = 1\n{BOT}", WEBUI_PORT="1", KAGAMI_ADMINS="qq:1").origin(key) == origin


def test_the_origin_of_a_file_of_a_secret_is_named(settle: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token_hex(32))
    settings = settle(KAGAMI_GATEWAY__TOKEN_FILE=str(tmp_path / "token"))
    assert settings.origin("gateway.token") == "file of KAGAMI_GATEWAY__TOKEN_FILE"


def test_json_has_the_same_keys(home: Home) -> None:
    home.path.mkdir()
    (home.path / "config.json").write_text(json.dumps({"gateway": {"port": 4000}}))
    settings = load(home, environ={})
    assert (settings.gateway.port, settings.origin("gateway.port")) == (4000, "config.json")


def test_another_file_can_be_named(home: Home, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("gateway.port = 4000")
    assert load(home, environ={}, config=tmp_path / "other.toml").origin("gateway.port") == "other.toml:1"


def test_every_key_can_come_from_the_environment(settle: Load) -> None:
    for key, _ in leaves(Document):
        with pytest.raises(UnknownSetting):  # the misspelling of a known variable: the variable itself is not refused
            settle(**{f"{variable(key)}__X": "1"})


def onebot(settings: Settings) -> OneBot11Config:
    (bot,) = settings.bots
    assert isinstance(bot, OneBot11Config)
    return bot


def test_bots_are_read(settle: Load) -> None:
    bot = onebot(settle(BOT + 'token = "t"\nname = "n"\nenabled = false'))
    assert (bot.url, bot.token, bot.name, bot.enabled) == ("ws://127.0.0.1:3002", Secret("t"), "n", False)


def test_bots_can_come_from_the_environment(settle: Load) -> None:
    assert onebot(settle(KAGAMI_BOTS='[{"kind": "onebot11", "url": "wss://a/b"}]')).url == "wss://a/b"


def test_settings_of_plugins_are_free(settle: Load) -> None:
    settings = settle('[plugins.settings."cn.weather"]\ncity = "上海"')
    assert settings.plugins.settings == {"cn.weather": {"city": "上海"}}


def test_no_secret_is_shown(settle: Load) -> None:
    settings = settle(BOT + f'token = "{token_hex(32)}"', JWT_SECRET=token_hex(32))
    shown = repr(settings) + msgspec.json.encode(settings, enc_hook=str).decode()
    secrets = (settings.gateway.token, settings.web.jwt_secret, onebot(settings).token)
    assert not [each for each in secrets if each.reveal() in shown]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "kagami.example", ""])  # noqa: S104
@pytest.mark.parametrize("token", ["napcat", "changeme", "short", "a" * 64])
def test_a_weak_token_is_refused_off_loopback(settle: Load, host: str, token: str) -> None:
    with pytest.raises(SettingError) as caught:
        settle(f'[gateway]\nhost = "{host}"\ntoken = "{token}"')
    assert caught.value.exit_code == 78
    assert "gateway.token" in str(caught.value)
    assert f"{token} " not in str(caught.value)


def test_an_empty_token_is_refused_anywhere(settle: Load) -> None:
    with pytest.raises(SettingError, match="it is empty"):
        settle('gateway.token = ""')


def test_a_weak_signing_secret_is_refused_off_loopback(settle: Load) -> None:
    with pytest.raises(SettingError, match=r"web\.jwt_secret .*web\.host = 0\.0\.0\.0"):
        settle('web.host = "0.0.0.0"', JWT_SECRET="a" * 64)


def test_a_short_signing_secret_is_refused_anywhere(settle: Load) -> None:
    with pytest.raises(SettingError, match="shorter than 32 bytes"):
        settle(JWT_SECRET="0123456789abcdef")


@pytest.mark.parametrize("name", ["JWT_SECRET", "KAGAMI_WEB__JWT_SECRET_BEFORE"])
@pytest.mark.parametrize(
    "secret",
    [
        "a" * 64,
        "your-secret-key-change-this-in-production",
        "Advanced_System_for_Text_Response_and_Bot_Operations_Tool",
    ],
)
def test_a_signing_secret_that_others_know_is_refused_anywhere(settle: Load, name: str, secret: str) -> None:
    with pytest.raises(SettingError, match=r"web\.jwt_secret"):
        settle(**{name: secret})


def test_what_is_no_proxy_is_refused(settle: Load) -> None:
    with pytest.raises(SettingError, match=r"web\.trusted_proxies\.1 = nginx"):
        settle('web.trusted_proxies = ["10.0.0.0/8", "nginx"]')


@pytest.mark.parametrize("variable", ["KAGAMI_ADMIN_PASSWORD", "KAGAMI_ADMIN_PASSWORD_FILE"])
def test_the_first_operators_password_is_read_once(tmp_path: Path, variable: str) -> None:
    (tmp_path / "password").write_text("seven purple geese\n")
    given = str(tmp_path / "password") if variable.endswith("_FILE") else "seven purple geese"
    environ = {variable: given}
    settings = load(Home(tmp_path / "home"), environ=environ)
    assert settings.admin_password.reveal() == "seven purple geese"
    assert "seven purple geese" not in f"{environ} {settings}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_on_loopback_a_short_token_will_do(settle: Load, host: str) -> None:
    assert settle(f'[gateway]\nhost = "{host}"\ntoken = "short"').gateway.token


def test_the_generated_token_opens_every_host(settle: Load) -> None:
    assert settle('gateway.host = "0.0.0.0"').gateway.host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("gateway = 3", {"WS_PORT": "1"}, "gateway = 3 (from kagami.toml:1) is refused: a table is expected"),
        ("limits.user_per_minute = -1", {}, "a whole number of at least 0"),
        ('admins = ["somebody"]', {}, "a text like qq:10001 is expected"),
        ('prefix = "#"', {}, "Choose another prefix."),
        ('prefix = "/ "', {}, "it holds a space"),
        ('prefix = ""', {}, "prefix"),
        ('[[bots]]\nkind = "icq"', {}, "there is no such kind"),
        (BOT.replace("ws://", "http://"), {}, "Give an address like ws://127.0.0.1:3001."),
        (BOT.replace("3002", "99999"), {}, "it is no WebSocket address"),
        (BOT.replace("3002", "abc"), {}, "it is no WebSocket address"),
        (BOT.replace("127.0.0.1", "[::1"), {}, "it is no WebSocket address"),
        (BOT.replace("127.0.0.1", "a b"), {}, "it is no WebSocket address"),
        (BOT + 'token = "a\\nX-Self-ID: 1"', {}, "it holds a control character"),
        ('plugins.dir = "~nobody-of-this-name/x"', {}, "there is no such user"),
        ('plugins.dir = "a\\u0000b"', {}, "a text is expected"),
        ('store.url = "a\\u0000b"', {}, "a text is expected"),
        ("hub.running = 0", {}, "a whole number of at least 1"),
        (BOT + 'name = "a"\n' + BOT + 'name = "a"', {}, "another bot has the same name"),
        ("", {"REDIS_ADDR": "redis:port"}, "its port is no number"),
        ("", {"REDIS_ADDR": "redis", "KAGAMI_REDIS__PREFIX": "a b"}, "redis.prefix"),
        ('[privacy]\npatterns = {order = "("}', {}, "it is no expression of RE2"),
        ('[privacy]\npatterns = {Phone = "1"}', {}, "all small"),
        ("", {"LOG_LEVEL": "loud"}, "one of debug, info, warning, error is expected"),
    ],
)
def test_what_cannot_be_is_refused(settle: Load, text: str, environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        settle(text, **environ)
    assert caught.value.exit_code == 78
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["KAGAMI_BOTS", "KAGAMI_PLUGINS__SETTINGS"])
def test_a_table_that_cannot_be_read_is_not_shown(settle: Load, name: str) -> None:
    with pytest.raises(SettingError) as caught:
        settle(**{name: '[{"token": "hidden"'})
    assert "hidden" not in str(caught.value)


def test_a_bots_address_is_not_shown_with_its_token(settle: Load) -> None:
    with pytest.raises(SettingError) as caught:
        settle('[[bots]]\nkind = "onebot11"\nurl = "http://x/?access_token=hidden"')
    assert "hidden" not in str(caught.value)


def test_sqlite_may_be_named(settle: Load) -> None:
    assert settle('store.url = "/somewhere/else.db"').database == "/somewhere/else.db"


def test_a_relative_database_is_in_the_home(settle: Load, home: Home) -> None:
    assert settle('store.url = "other.db"').database == str(home.path / "other.db")


def test_a_wrong_member_of_a_list_has_its_line(settle: Load) -> None:
    with pytest.raises(SettingError, match=r"admins\.1 = x \(from kagami\.toml:1\)"):
        settle('admins = ["qq:1", "x"]')


def test_a_missing_key_names_its_table(settle: Load) -> None:
    with pytest.raises(SettingError, match=r"bots\.0\.url is missing \(in kagami\.toml:2\)"):
        settle('\n[[bots]]\nkind = "onebot11"')


def test_paths_default_to_the_home(settle: Load, home: Home) -> None:
    settings = settle()
    assert (settings.database, settings.plugins_dir) == (str(home.database), home.plugins)


def test_a_relative_plugins_folder_is_in_the_home(settle: Load, home: Home) -> None:
    assert settle('plugins.dir = "mine"').plugins_dir == home.path / "mine"


def test_an_unknown_key_has_the_default_origin() -> None:
    assert origin_of("a.b", {}) == "default"


class TestWorkers:
    STRONG = "Zk3v9Q" * 8
    ONE = f'[[workers]]\nname = "app"\ntoken = "{STRONG}"\n'

    def test_they_are_read(self, settle: Load) -> None:
        (worker,) = settle(self.ONE + 'pool = "ai"\nweight = 2.5\nbots = ["qq:*"]\nactions = ["send_*"]').workers
        assert (worker.name, worker.pool, worker.weight, worker.late_seconds) == ("app", "ai", 2.5, 3600.0)
        assert (worker.admission.serves(BotId("telegram:1")), worker.admission.allows("send_msg")) == (False, True)

    def test_one_that_is_dialled_may_ask_for_no_token(self, settle: Load) -> None:
        (worker,) = settle('[[workers]]\nname = "app"\nurl = "ws://127.0.0.1:8080/onebot/v11/ws"').workers
        assert not worker.token

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('[[workers]]\nname = "app"', "workers.0.token = ••• .*it is empty"),
            (ONE + ONE, "workers.1.name = app .*another worker has the same name"),
            (ONE + ONE.replace("app", "b"), "workers.1.token = ••• .*it is used elsewhere too"),
            (f'[gateway]\ntoken = "{STRONG}"\n' + ONE, "workers.0.token = ••• .*it is used elsewhere too"),
            (ONE.replace("app", "plugins"), "workers.0.name = plugins .*something else"),
            (ONE + 'pool = "drop"', "workers.0.pool = drop .*something else"),
            (ONE + 'pool = "app"', "workers.0.pool = app .*something else"),
            (
                ONE + 'pool = "b"\n[[workers]]\nname = "b"\nurl = "ws://127.0.0.1:1"',
                "workers.0.pool = b .*something else",
            ),
            (ONE.replace("app", "a b"), "workers.0.name = a b .*a text like nonebot"),
            (ONE + 'url = "http://x/?access_token=hidden"', "workers.0.url = http://x/ .*it is no WebSocket address"),
            (ONE + 'channels = "x"', "workers.0.channels"),
            (f'gateway.host = "0.0.0.0"\n{ONE.replace(STRONG, "nonebot")}', "workers.0.token = ••• .*gateway.host"),
        ],
    )
    def test_what_cannot_be_is_refused(self, settle: Load, text: str, message: str) -> None:
        with pytest.raises(SettingError, match=message.replace(".0.", r"\.0\.")) as caught:
            settle(text)
        assert "hidden" not in str(caught.value)
        assert self.STRONG not in str(caught.value)

    def test_a_list_that_is_none_is_not_shown(self, settle: Load) -> None:
        with pytest.raises(SettingError) as caught:
            settle('workers = "token hidden"')
        assert "hidden" not in str(caught.value)


def test_two_tables_of_one_account_are_refused(settle: Load) -> None:
    telegram = '[[bots]]\nkind = "telegram"\ntoken = "4711:{}"\nname = "{}"\n'
    with pytest.raises(SettingError, match="another bot is the same account"):
        settle(telegram.format("good", "one") + telegram.format("other", "two"))
    assert (
        len(settle(telegram.format("good", "one") + telegram.replace("4711", "4712").format("good", "two")).bots) == 2
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pa/55word@h/db",
        "postgresql://u:pa#55word@h/db",
        "postgresql://u:pa@55word@h/db",
        "postgresql://u:pa55word@h:port/db",
        "postgresql://u:pa?55word@h/db",
    ],
)
def test_an_address_that_errors_would_quote_parts_of_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError) as error:
        load(Home(tmp_path), environ={"KAGAMI_STORE__URL": url})
    assert "55word" not in error.value.text()
    assert error.value.details["key"] == "store.url"


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:p%2Fw@h/db", "postgresql://u@/db?host=/run/postgresql", "postgresql://u:p@[::1]:5432,h:5433/db"],
)
def test_an_address_that_is_plain_is_taken(tmp_path: Path, url: str) -> None:
    assert load(Home(tmp_path), environ={"KAGAMI_STORE__URL": url}).database == url


def test_a_passphrase_that_is_guessed_at_once_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="12 characters"):
        load(Home(tmp_path), environ={"KAGAMI_BACKUP__PASSPHRASE": "hunter2"})


@pytest.mark.parametrize("key", ["url", "read_url"])
@pytest.mark.parametrize("url", ["postgres//u:p@h/n", "postgresql:/u:p@h/n", "postgres:u@h/n", "u:p@h/n"])
def test_a_mistyped_address_is_no_path(settle: Load, url: str, key: str) -> None:
    with pytest.raises(SettingError) as error:
        settle("", **{f"KAGAMI_STORE__{key.upper()}": url})
    assert error.value.details["key"] == f"store.{key}"
    assert "postgresql://USER:PASSWORD@HOST:5432/NAME" in str(error.value)
    assert url not in str(error.value)


@pytest.mark.parametrize(
    "path", ["a.db", ":memory:", "sqlite:///a.db", "/home/me@work/a.db", "./x:y.db", "postgres/a.db"]
)
def test_a_path_is_no_mistyped_address(settle: Load, path: str) -> None:
    assert settle("", KAGAMI_STORE__URL=path).store.url.reveal() == path
