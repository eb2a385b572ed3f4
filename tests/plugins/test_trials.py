"""Dry runs on a real plugin host: what is noted, and that nothing is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from kagami.errors import NotFound, Refused
from kagami.meters import Meters
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.operations.plugins import Reload
from kagami.operations.system import Status
from kagami.plugins.config import PluginsConfig
from kagami.plugins.dialogs import Desk
from kagami.plugins.host import Host
from kagami.plugins.schedule import Scheduler
from kagami.plugins.trials import TrialDesk
from kagami.ports import HttpAnswer, Trial, Tried
from kagami.storage.media import MediaFiles
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import FakeClock

CODE = """
from kagami.plugins.api import Context, Image, Plugin

plugin = Plugin()
memory = []


@plugin.command("pic")
async def pic(ctx: Context, city: str) -> str:
    memory.append(city)
    answer = await ctx.http.get("https://api.example.com/" + city)
    await ctx.store.put("n", await ctx.store.get("n", 0) + 1)
    await ctx.jobs.put("later", "remind", after=60)
    await ctx.reply([Image(await ctx.media.keep(b"GIF89a picture"))])
    return f"VERSION {answer.status} {await ctx.store.get('n')} {len(memory)}"


@plugin.job("remind")
async def remind(ctx: Context) -> None: ...


@plugin.command("ask")
async def ask(ctx: Context) -> str:
    return f"{await ctx.ask('How many?', int)} it is"


@plugin.command("fail")
async def fail(ctx: Context) -> None:
    ctx.log.warning("soon", city="Oslo")
    raise ValueError("broken")


@plugin.on("notice")
async def joined(ctx: Context) -> str:
    return f"welcome {ctx.user} in {ctx.chat}"
"""


class CountingReach:
    """The house's way out: what really went there."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def of(self, plugin: str, permissions: Any) -> CountingReach:
        return self

    async def request(self, method: str, url: str, **_: Any) -> HttpAnswer:
        self.asked.append(f"{method} {url}")
        return HttpAnswer(203, {}, b"{}", url)

    async def get(self, url: str, **options: Any) -> HttpAnswer:
        return await self.request("GET", url)

    async def post(self, url: str, *, json: Any = None, **options: Any) -> HttpAnswer:
        return await self.request("POST", url)

    async def download(self, url: str, target: Path, progress: Any = None) -> None:
        self.asked.append(url)


class House:
    def __init__(self, host: Host, values: MemoryValues, reach: CountingReach, media: MediaFiles, folder: Path) -> None:
        self.host = host
        self.values = values
        self.reach = reach
        self.files = folder / "media"
        self.trials = TrialDesk(host, reach=reach, media=media, media_in=MediaFiles)

    async def tries(self, words: str, *, network: bool = False, **values: Any) -> Tried:
        async with self.trials.rehearsal(network=network) as rehearsal:
            return await rehearsal.run(Trial(event=event(words), **values), _read)

    @property
    def untouched(self) -> bool:
        """Nothing was kept, planned, counted or asked."""
        files = [each for each in self.files.rglob("*") if each.is_file()]
        own = [key for key in self.values.kept if not key[0].startswith("@")]
        agenda = self.host.scheduler.agenda.of("demo") if self.host.scheduler else []
        return not (files or own or list(agenda) or self.reach.asked)


async def _read(request: msgspec.Struct) -> Any:
    if isinstance(request, Status):
        return "status"
    raise Refused(reason="A dry run changes nothing.")


def event(words: str, **values: Any) -> Event:
    given = {"kind": "message", "name": "group", "chat": ChatId("group:2"), "user": UserId("1")} | values
    return Event(
        ExecutionId("dry"),
        BotId("sandbox:local"),
        time_ms=0,
        dedupe="d",
        message=text(words),
        sender=Sender("me"),
        **given,
    )


@asynccontextmanager
async def house(tmp_path: Path, *versions: str) -> AsyncIterator[House]:
    for version in versions or ("1.0.0",):
        folder = tmp_path / "plugins" / "demo" / version
        folder.mkdir(parents=True)
        about = {"id": "demo", "version": version, "entry": "demo:plugin", "permissions": ["*"]}
        (folder / "plugin.json").write_bytes(msgspec.json.encode(about))
        (folder / "demo.py").write_text(CODE.replace("VERSION", version))
    clock, values, reach = FakeClock(), MemoryValues(), CountingReach()
    scheduler = Scheduler(values, clock, new_execution=lambda: ExecutionId("job"))
    async with MediaFiles(tmp_path / "media") as media:
        host = Host(
            PluginsConfig(),
            store=values,
            clock=clock,
            meters=Meters(),
            dialogs=Desk(clock),
            folder=tmp_path / "plugins",
            work=tmp_path / "work",
            http=reach,
            media=media,
            scheduler=scheduler,
        )
        async with host:
            await host.started()
            yield House(host, values, reach, media, tmp_path)


def done(tried: Tried, kind: str) -> list[str]:
    return [each.text for each in tried.deeds if each.kind == kind]


async def test_everything_that_a_plugin_does_is_noted_and_nothing_is_done(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        for _ in range(2):  # not even what it has in memory changes
            tried = await there.tries("/pic oslo")
            assert (tried.outcome, tried.plugin, tried.error) == ("handled", "demo@1.0.0", "")
            assert done(tried, "send") == ["[image]", "1.0.0 200 1 1"]
            assert done(tried, "http") == ["GET https://api.example.com/oslo"]
            assert done(tried, "store") == ["demo n"]
            assert len(done(tried, "job")) == len(done(tried, "media")) == 1
            assert [each.stage for each in tried.marks] == ["version", "plugin", "send", "send"]
            assert there.untouched


async def test_with_the_network_what_only_reads_goes_out(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        assert done(await there.tries("/pic oslo", network=True), "send")[1] == "1.0.0 203 1 1"
        assert there.reach.asked == ["GET https://api.example.com/oslo"]


async def test_a_question_waits_for_answers_that_are_given_with_it(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        asked = await there.tries("/ask")
        assert (asked.outcome, asked.answered, done(asked, "send")) == ("asks", 0, ["How many?"])
        answered = await there.tries("/ask", answers=(text("x"), text("3"), text("more")))
        assert (answered.outcome, answered.answered) == ("handled", 2)
        assert done(answered, "send")[-1] == "3 it is"
        assert len(there.host.fleet.around.desk) == 0


async def test_a_failure_is_told_and_nobody_else_hears_of_it(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        tried = await there.tries("/fail")
        assert (tried.outcome, tried.plugin) == ("failed", "demo@1.0.0")
        assert "broken" in tried.error
        assert done(tried, "log")[0] == "soon city=Oslo"
        line = there.host.fleet.lines["demo"]
        assert line.stable is not None
        assert line.stable.breaker.state == "closed"


async def test_a_version_that_does_not_serve_can_be_tried_beside_the_one_that_does(tmp_path: Path) -> None:
    async with house(tmp_path, "1.0.0", "1.1.0") as there:
        old = await there.tries("/pic oslo", only="demo", version="1.0.0")
        new = await there.tries("/pic oslo")
        assert [done(each, "send")[1][:5] for each in (old, new)] == ["1.0.0", "1.1.0"]
        assert (await there.tries("/pic", only="demo", version="9.0.0")).error


async def test_one_dry_run_finds_what_those_before_would_have_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as there, there.trials.rehearsal() as rehearsal:
        for number in (1, 2):
            tried = await rehearsal.run(Trial(event=event("/pic oslo")), _read)
            assert done(tried, "send")[1] == f"1.0.0 200 {number} {number}"
        assert there.untouched


async def test_the_plugin_sees_exactly_who_and_what_one_says_to_be(tmp_path: Path) -> None:
    joined = event("", kind="notice", name="group_increase.approve", user=UserId("10077"))
    async with house(tmp_path) as there, there.trials.rehearsal() as rehearsal:
        tried = await rehearsal.run(Trial(event=joined), _read)
        assert done(tried, "send") == ["welcome 10077 in group:2"]


async def test_an_operators_command_may_read_and_change_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        tried = await there.tries("#plugins reload", operator=True)
        assert done(tried, "operation") == [Reload.__name__]
        assert "changes nothing" in done(tried, "send")[0]


async def test_what_nobody_wants_is_ignored(tmp_path: Path) -> None:
    async with house(tmp_path) as there:
        assert (await there.tries("hello")).outcome == "ignored"
        missing = await there.tries("hi", only="nothing", version="1")
        assert NotFound(what="plugin", name="nothing").text() == missing.error
