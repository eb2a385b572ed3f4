"""Operators at one process of a cluster, and accounts at another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from kagami.adapters.napcat import host
from kagami.engine import Engine
from kagami.engine.calling import Calling, reach_of
from kagami.errors import Denied, NotReached, Refused
from kagami.model.principal import Principal
from kagami.operations.audit import ListAudit
from kagami.operations.bots import Disconnect, Login, LoginAnswer, LoginStepOf, Reconnect
from kagami.operations.plugins import EndDialog, ListDialogs, ListPlugins
from kagami.ports import AuditRow, LoginStep, NodeRow, PluginRow
from kagami.testing.napcat import WEBUI_TOKEN, NapCatHost, open_napcat
from kagami.testing.onebot import Peer
from tests.engine.running import engine, free_port, until, visiting

SECRET = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
ANN = Principal("person", "ann", frozenset({"bots:write"}), "203.0.113.9")


@dataclass(frozen=True)
class Pair:
    """Two gateways: one `has` NapCat's account, at the other one operators sit."""

    napcat: NapCatHost
    has: Engine
    other: Engine

    @property
    def keeper(self) -> NodeRow:
        """What the other knows of the one with the account."""
        node = next(row.node for row in self.other.parts.bots.rows() if row.name == "main")
        return next(row for row in self.other.parts.cluster.rows() if row.node == node)

    def know(self, row: NodeRow) -> None:
        """Let the other one know something else of it."""
        calling = self.other.parts.cluster.calling
        assert isinstance(calling, Calling)
        calling._member.rows[:] = [row]


def settings(napcat: NapCatHost) -> str:
    return (
        f"[gateway]\nport = {free_port()}\n[web]\nport = 0\n[[bots]]\nkind = 'napcat'\nname = 'main'\n"
        f"webui_url = '{napcat.url}'\nwebui_token = '{WEBUI_TOKEN}'\n"
    )


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "LOOK_SECONDS", 0.02)


@pytest.fixture
async def pair(tmp_path: Path, postgres_url: str) -> AsyncIterator[Pair]:
    @asynccontextmanager
    async def begin(name: str, napcat: NapCatHost) -> AsyncIterator[Engine]:
        async with engine(
            tmp_path / name,
            settings(napcat),
            KAGAMI_STORE__URL=postgres_url,
            KAGAMI_CLUSTER__NODE=name,
            KAGAMI_CLUSTER__SECRET=SECRET,
        ) as opened:
            yield opened

    async with open_napcat() as napcat, begin("a", napcat) as one, begin("b", napcat) as two:
        pair = await until(lambda: found(napcat, one, two))
        await until(lambda: pair.keeper.state.reach)
        yield pair


def found(napcat: NapCatHost, one: Engine, two: Engine) -> Pair | None:
    """As soon as each knows where the account is."""
    nodes = [row.node for each in (one, two) for row in each.parts.bots.rows() if row.name == "main"]
    if nodes == ["", "a"]:
        return Pair(napcat, one, two)
    return Pair(napcat, two, one) if nodes == ["b", ""] else None


async def step_of(pair: Pair, kind: str) -> LoginStep:
    step: LoginStep = await pair.other.call(LoginStepOf(bot="main"), ANN)
    async with asyncio.timeout(40):
        while step.kind != kind:
            step = await pair.other.call(LoginStepOf(bot="main", after=step.number, seconds=5), ANN)
    return step


async def test_an_account_logs_in_from_whichever_process_somebody_sits_at(pair: Pair) -> None:
    await pair.other.call(Login(bot="main"), ANN)
    await step_of(pair, "choose")
    await pair.other.call(LoginAnswer(bot="main", words={"choice": "qr"}), ANN)
    assert (await step_of(pair, "qr")).qr == pair.napcat.code
    pair.napcat.scan()
    await step_of(pair, "done")


async def test_what_is_done_elsewhere_is_in_the_audit_once_with_who_asked(pair: Pair) -> None:
    await pair.other.call(Reconnect(bot="main"), ANN)
    rows: list[AuditRow] = await pair.other.call(ListAudit())
    told = [(row.name, row.address, row.result) for row in rows if row.operation == "bots.reconnect"]
    assert told == [("ann", ANN.address, "ok"), ("ann", ANN.address, "begun")]


async def test_what_it_ends_in_there_is_told_here(pair: Pair) -> None:
    with pytest.raises(Refused, match="No login of this bot is under way"):
        await pair.other.call(LoginStepOf(bot="main"), ANN)


async def test_rights_are_those_of_who_asked(pair: Pair) -> None:
    viewer = Principal("person", "vera", frozenset({"*:read"}))
    with pytest.raises(Denied):
        await pair.other.parts.cluster.calling.call(pair.keeper.node, viewer, Disconnect(bot="main"))


async def test_one_that_cannot_be_called_is_named(pair: Pair) -> None:
    row = pair.keeper
    pair.know(replace(row, state=replace(row.state, reach="")))
    with pytest.raises(Refused, match=f"Only the process {row.node} can do that"):
        await pair.other.call(Reconnect(bot="main"), ANN)


async def test_one_that_is_not_reached_is_told_as_that(pair: Pair) -> None:
    row = pair.keeper
    pair.know(replace(row, state=replace(row.state, reach=f"http://127.0.0.1:{free_port()}")))
    with pytest.raises(NotReached, match=row.node):
        await pair.other.call(Reconnect(bot="main"), ANN)


async def test_what_was_passed_on_goes_no_further(pair: Pair) -> None:
    """An account that moves on meanwhile is not followed in circles."""
    with pytest.raises(Refused, match="do it there"):
        await pair.other.operations.call(pair.other.parts, ANN, Reconnect(bot="main"), passed_on=True)


async def test_what_is_not_for_it_is_refused(pair: Pair) -> None:
    row = pair.keeper
    pair.know(replace(row, node="c"))
    with pytest.raises(NotReached, match="does not count here"):
        await pair.other.parts.cluster.calling.call("c", ANN, Reconnect(bot="main"))


@pytest.mark.parametrize(
    ("host", "database", "reach"),
    [
        ("127.0.0.1", "postgresql://127.0.0.1/k", "http://127.0.0.1:5000"),
        ("0.0.0.0", "postgresql://u:p@127.0.0.1:1/k", "http://127.0.0.1:5000"),  # noqa: S104 - not bound
        ("::", "postgresql:///k?host=/run/postgresql", "http://127.0.0.1:5000"),
        ("::1", "postgresql://[::1]/k", "http://[::1]:5000"),
        ("127.0.0.1", "postgresql://192.0.2.1/k", ""),
        ("gateway", "postgresql://db/k", "http://gateway:5000"),
        ("0.0.0.0", "postgresql://nowhere.invalid/k", ""),  # noqa: S104
    ],
)
async def test_a_process_is_called_where_it_listens(host: str, database: str, reach: str) -> None:
    assert await reach_of(host, 5000, database) == reach


# --- what workers have, seen from a gateway ---------------------------------------------------------------------------

PLUGIN = {
    "plugin.json": '{"id": "book", "version": "1.0.0", "entry": "main:plugin"}',
    "main.py": """
from kagami.plugins.api import Context, Plugin

plugin = Plugin()


@plugin.command("book")
async def book(ctx: Context) -> str:
    return f"{await ctx.ask('How many days?')} days"
""",
}


@pytest.fixture
async def asked(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[Engine, Peer]]:
    """A gateway, and somebody in a group there whom a plugin at a worker has asked something."""

    def begin(name: str) -> AbstractAsyncContextManager[Engine]:
        folder = tmp_path / name / "plugins" / "book" / "1.0.0"
        folder.mkdir(parents=True)
        for file, text in PLUGIN.items():
            (folder / file).write_text(text, "utf-8")
        given = {"NODE": name, "ROLE": name, "SECRET": SECRET}
        environ = {f"KAGAMI_CLUSTER__{key}": value for key, value in given.items()}
        return engine(tmp_path / name, KAGAMI_STORE__URL=postgres_url, **environ)

    async with begin("gateway") as gateway, begin("worker"), visiting(gateway) as peer, asyncio.timeout(40):
        await peer.say("/book", user="20002", group="42")
        await peer.called("send_group_msg")
        while not all(row.state.reach for row in gateway.parts.cluster.rows()):
            await asyncio.sleep(0.01)
        yield gateway, peer


async def test_a_question_that_a_worker_has_asked_is_seen_and_ended_at_a_gateway(asked: tuple[Engine, Peer]) -> None:
    gateway, peer = asked
    (row,) = await gateway.call(ListDialogs())
    assert (row.plugin, row.prompt) == ("book@1.0.0", "How many days?")
    await gateway.call(EndDialog(bot=row.bot, chat=row.chat, user=row.user))
    await peer.called("send_group_msg")
    assert await gateway.call(ListDialogs()) == []


async def test_what_a_plugin_does_at_workers_is_told_at_a_gateway(asked: tuple[Engine, Peer]) -> None:
    gateway, _ = asked
    rows: list[PluginRow] = await gateway.call(ListPlugins())
    (book,) = [row for row in rows if row.id == "book"]
    assert [(each.version, each.open) for each in book.versions] == [("1.0.0", 1)]
