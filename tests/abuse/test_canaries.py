"""SF1, SF2, SF5: more than twenty secrets in a busy house, and none of them in anything that it says or shows.

One run does everything once: all operations, all addresses, errors, time-outs, a plugin that tells its keys to whom it
can, bots that are refused, logins that fail, exports, a backup, the console, the command line. Each test then reads one
kind of what came of it.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kagami import log
from kagami.cli.main import main
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.home import Home, hold
from kagami.operations.bots import AddBot, TestBot
from kagami.operations.people import Add, MakeToken
from kagami.testing.onebot import Peer, connect_implementation, listen_as_implementation
from tests.abuse.canaries import NAMES, SECRETS, config, dumped, found_in, kept, put_plugin
from tests.abuse.conftest import OPERATIONS, least, path_of
from tests.faces.test_faces import SAMPLES
from tests.tui.ptys import FIRST_PAINT, terminal

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("canaries"), pytest.mark.service]

# Through every place, its lists and what is beside them.
KEYS = "1 n \x1b 2 j \r \x1b j 3 \r \x1b 4 j j \r \x1b 5 6 \r \x1b 7 \r j \x1b 9 j \r \x1b \t \t \t"
# What is asked for a secret says it, to whoever may have it, and once.
TELLS = {"system.connection", "people.token_make", "people.setup"}
NEVER = {"system.stop", "plugins.reload", "plugins.sync"}


class Heard:
    """What came out of the house, by where; and the secrets that are only made while it runs."""

    def __init__(self) -> None:
        self.out: dict[str, bytes] = {}
        self.secrets = dict(SECRETS)

    def add(self, where: str, told: object) -> None:
        given = told if isinstance(told, bytes) else str(told).encode("utf-8", "replace")
        self.out[where] = self.out.get(where, b"") + b"\n" + given

    def leaks(self, *kinds: str) -> dict[str, list[str]]:
        said = {where: given for where, given in self.out.items() if where.startswith(kinds)}
        assert said
        return {where: names for where, given in said.items() if (names := found_in(given, self.secrets))}


class House:
    def __init__(self, engine: Engine, home: Path, heard: Heard) -> None:
        self.engine, self.home, self.heard = engine, home, heard
        self.address = f"http://127.0.0.1:{engine.web_port}"

    async def ask(self, method: str, path: str, where: str = "", **given: Any) -> bytes:
        """A request to the port; what is answered is heard unless it is none of our business."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.address + path, allow_redirects=False, **given) as response,
        ):
            body = await response.read()
            if where != "-":
                self.heard.add(where or f"http {method} {path}", body + str(response.headers).encode())
            return body

    async def operate(self, name: str, token: str, /, **request: Any) -> Any:
        where = "-" if name in TELLS else f"operation {name}"
        headers = {"Authorization": f"Bearer {token}", "X-Confirm": "yes"}
        return msgspec.json.decode(
            await self.ask("POST", path_of(OPERATIONS[name]), where, json=request, headers=headers)
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heard(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Heard]:
    home, told, ring = tmp_path_factory.mktemp("house") / "home", Heard(), log.Ring()
    home.mkdir(mode=0o700)
    text, lines = io.StringIO(), io.StringIO()
    log.configure("debug", ring=ring, stream=text)
    logging.getLogger("kagami").addHandler(log.Stream(lines, as_json=True))
    put_plugin(home)
    async with listen_as_implementation(token="another", refusing="http") as platform:
        port = int(platform.url.rstrip("/").rpartition(":")[2])
        (home / "kagami.toml").write_text(config(port), "utf-8")
        environ = {"KAGAMI_ADMIN_PASSWORD": SECRETS["password of the first operator"]}
        settings = load(Home(home), environ=environ)
        with hold(settings.home):
            async with open_engine(settings, ring) as engine:
                house = House(engine, home, told)
                await live_through(house)
                told.add("metrics", await scraped(house))
    log.configure("info")
    told.add("log text", text.getvalue())
    told.add("log json", lines.getvalue())
    told.add("database, dumped", dumped(home / "kagami.db"))
    for name, content in kept(home):
        told.add(f"file {name}", content)
    yield told


async def live_through(house: House) -> None:
    token = await people_come(house)
    await plugins_tell(house)
    await bots_are_refused(house)
    await settings_change(house, token)
    await everything_is_asked_for(house, token)
    await addresses_are_asked_for(house, token)
    await asyncio.to_thread(the_command_line_is_used, house)
    await asyncio.to_thread(the_console_is_looked_at, house)
    crash(house)


async def people_come(house: House) -> str:
    secrets = house.heard.secrets
    await house.engine.call(Add(name="ann", role="admin", password=SECRETS["password of another person"]))
    for password in (SECRETS["password that was wrong"], SECRETS["password of the first operator"]):
        body = {"user": "admin", "password": password}
        told = msgspec.json.decode(await house.ask("POST", "/api/v1/auth/login", "-", json=body))
    secrets["access token"], secrets["refresh token"] = told["access_token"], told["refresh_token"]
    renewed = await house.ask("POST", "/api/v1/auth/refresh", "-", json={"refresh_token": told["refresh_token"]})
    secrets["refresh token after that"] = msgspec.json.decode(renewed)["refresh_token"]
    await house.ask("POST", "/api/v1/auth/refresh", json={"refresh_token": told["refresh_token"][:-4] + "0000"})
    await house.ask(
        "POST", "/api/v1/people/me", headers={"Authorization": f"Bearer {SECRETS['token that nobody has']}"}
    )
    headers = {"Authorization": f"Bearer {secrets['access token']}"}
    own = {"old": SECRETS["password of the first operator"], "new": SECRETS["password after that"]}
    await house.ask("POST", "/api/v1/people/own_password", json=own, headers=headers)
    made = await house.engine.call(MakeToken(name="canaries", scopes=["*"]))
    secrets["API token"] = made.token
    return str(made.token)


async def plugins_tell(house: House) -> None:
    gateway = f"ws://127.0.0.1:{house.engine.gateway_port}/onebot/v11/ws"
    wrong = SECRETS["token at the gateway that is wrong"]
    for url, token in ((gateway, wrong), (f"{gateway}?access_token={wrong}", "")):
        with suppress(InvalidStatus):
            headers = {"X-Self-ID": "10001"} | ({"Authorization": f"Bearer {token}"} if token else {})
            async with connect(url, additional_headers=headers, proxy=None):
                pass
    async with connect_implementation(gateway, token=SECRETS["gateway token"]) as peer:
        for how in ("log", "http", "raise"):
            await peer.say(f"/leak {how}", user="20002", group="42")
        await said(house, peer, "/echo done")
    query = f"{gateway}?access_token={SECRETS['gateway token']}"
    async with connect_implementation(query, account="10002") as peer:
        await said(house, peer, "/echo again", user="4711")
        await peer.say("#system connection", user="4711", group="42")
        house.heard.add("chat", str(await peer.called("send_group_msg")))


async def said(house: House, peer: Peer, text: str, user: str = "30003") -> None:
    """Say it, and wait for its last word to come back."""
    await peer.say(text, user=user, group="43")
    async with asyncio.timeout(10):
        while text.rpartition(" ")[2] not in str(await peer.called("send_group_msg")):
            pass
    house.heard.add("chat", str(peer.calls))


async def bots_are_refused(house: House) -> None:
    url = "ws://127.0.0.1:9/late"
    added = SECRETS["token of a bot that was added later"]
    tried = SECRETS["token of a bot that was only tried"]
    await house.engine.call(AddBot(url=url, token=added, name="late"))
    for request in (
        TestBot(bot="refused"),
        TestBot(bot="away"),
        TestBot(url=url, token=tried),
        TestBot(url=f"{url}?access_token={tried}"),
        TestBot(url=f"http://user:{tried}@127.0.0.1:9"),
    ):
        try:
            house.heard.add("bots tried", await house.engine.call(request))
        except Exception as error:  # noqa: BLE001 - whatever it says is heard
            house.heard.add("bots tried", f"{error!r} {error}")


async def settings_change(house: House, token: str) -> None:
    hook = f"http://127.0.0.1:9/hook?key={SECRETS['token in a webhook that was set later']}"
    await house.operate("settings.check", token, changes={"alerts.webhook": hook})
    await house.operate("settings.set", token, key="alerts.webhook", value=hook)
    key = SECRETS["key of a plugin that was set later"]
    await house.operate("plugins.configure", token, plugin="leaky", values={"api_key": key})
    index = f"https://user:{SECRETS['token of an index that was set later']}@127.0.0.1:9/simple"
    await house.operate("settings.check", token, changes={"plugins.market.packages": index})
    await house.operate("settings.set", token, key="plugins.market.mirror", value=index)
    await house.operate("settings.apply", token, changes={"web.jwt_secret": [SECRETS["signing secret"]]})
    await house.operate("settings.undo", token, change="")
    await house.operate("system.alert_test", token)


async def everything_is_asked_for(house: House, token: str) -> None:
    for name, found in OPERATIONS.items():
        if name not in NEVER:
            await house.operate(name, token, **SAMPLES.get(name, least(found)))
            with suppress(msgspec.DecodeError):
                await house.operate(name, token, **{SECRETS["gateway token"][:4]: 1})
    await house.operate("backup.now", token)


async def addresses_are_asked_for(house: House, token: str) -> None:
    known = {"Authorization": f"Bearer {token}"}
    for path in ("/", "/login", "/livez", "/readyz", "/healthz", "/metrics", "/api/v1/openapi.json", "/nowhere"):
        for headers in ({}, known):
            await house.ask("GET", path, headers=headers)
    for body in (b"", b"{", b"[]", b"\xff", b'{"x":1}', b"x" * 70_000):
        given = known | {"Content-Type": "application/json"}
        await house.ask("POST", "/api/v1/bots/edit", data=body, headers=given)
        await house.ask("POST", "/api/v1/auth/login", data=body, headers={"Content-Type": "application/json"})
    topics = ["pulse", "bots", "notice", "logs", "traces", "audit"]
    async with (
        aiohttp.ClientSession(headers=known) as session,
        session.ws_connect(f"{house.address}/api/v1/live") as channel,
    ):
        await channel.send_json({"topics": topics, "level": "debug"})
        heard = set[str]()
        async with asyncio.timeout(10):
            while not {"pulse", "bots"} <= heard:
                item = await channel.receive_str()
                house.heard.add("feed", item)
                heard.add(msgspec.json.decode(item)["topic"])


async def scraped(house: House) -> bytes:
    headers = {"Authorization": f"Bearer {SECRETS['metrics token']}"}
    body = await house.ask("GET", "/metrics", headers=headers)
    assert b"kagami_" in body
    return body


def the_command_line_is_used(house: House) -> None:
    lines = (
        "doctor",
        "health",
        "settings list",
        "settings file",
        "settings history",
        "bots list",
        "people tokens",
        "audit list",
        "audit export --format csv",
        "traces list",
        "traces export",
        "logs export --form jsonl",
        "audit verify",
        f"bots pause --bot {SECRETS['token that nobody has'][:4]}",
    )
    for line in lines:
        for more in ((), ("--json",)):
            house.heard.add(f"line {line}", run("--home", str(house.home), *more, *line.split()))


def run(*words: str, **environ: str) -> str:
    """One command line in this process: its exit code, and all that it prints."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out), redirect_stderr(out):
        code = main(list(words), {"KAGAMI_LANGUAGE": "en", **environ})
        out.flush()
    return f"{code}\n{out.buffer.getvalue().decode()}"


def the_console_is_looked_at(house: House) -> None:
    with terminal("kagami", "--home", str(house.home), "attach", size=(160, 50)) as console:
        console.wait_for(FIRST_PAINT)
        for key in KEYS.split(" "):
            console.press(key)
        console.settle()
        house.heard.add("console", bytes(console.output))


def crash(house: House) -> None:
    """What a process says that dies of a bug with a secret in its words."""
    error = RuntimeError(f"no answer from https://api.example/?key={SECRETS['key of a plugin']}")
    house.heard.add("crash", log.traceback_text(error))


async def test_there_are_more_than_twenty_and_each_would_be_found(heard: Heard) -> None:
    assert len(heard.secrets) >= 25
    assert len(set(SECRETS.values())) == len(NAMES)
    for name, secret in heard.secrets.items():
        (found,) = found_in(f"x{secret}y".encode(), heard.secrets)
        assert found.startswith(name)


async def test_the_house_was_busy(heard: Heard) -> None:
    """An empty answer holds no secret either."""
    said = {where: len(text) for where, text in heard.out.items()}
    for where, least_bytes in (("log text", 5_000), ("console", 10_000), ("http GET /api/v1/openapi.json", 50_000)):
        assert said[where] > least_bytes, where
    assert b"cannot log in with" in heard.out["log text"]
    assert b"HTTP 500 from" in heard.out["operation traces.list"]
    assert b"/hook" not in heard.out["operation settings.list"]
    assert b"leaky" in heard.out["operation settings.history"]


@pytest.mark.parametrize(
    "kind",
    [
        "operation",
        "http",
        "metrics",
        "feed",
        "log",
        "chat",
        "bots tried",
        "line",
        "console",
        "crash",
        "file",
        "database",
    ],
)
async def test_no_secret_is_in(heard: Heard, kind: str) -> None:
    assert heard.leaks(kind) == {}


async def test_a_store_that_was_stolen_holds_hashes_and_what_is_sealed(heard: Heard) -> None:
    text = heard.out["database, dumped"].decode()
    assert "$argon2id$" in text
    assert "@tokens" in text
    assert "@settings" in text


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        (
            "password of the database",
            {"DB_HOST": "127.0.0.1", "DB_PORT": "9", "DB_PASSWORD": SECRETS["password of the database"]},
        ),
        ("password of Redis", {"REDIS_ADDR": "127.0.0.1:9", "REDIS_PWD": SECRETS["password of Redis"]}),
    ],
)
async def test_a_password_in_the_environment_is_not_shown(tmp_path: Path, name: str, environ: dict[str, str]) -> None:
    for line in ("init", "doctor", "settings list", "--json doctor"):
        told = await asyncio.to_thread(run, "--home", str(tmp_path), *line.split(), **environ)
        assert found_in(told.encode(), SECRETS) == [], line
    for path, content in kept(tmp_path):
        assert found_in(content, SECRETS) == [], path
