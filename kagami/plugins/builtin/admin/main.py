"""`#` commands: the few that operators use daily by their own names, every other operation as `#topic verb key=value`.

Who may call them is decided before: the host hands these commands only to an operator's messages.
"""

from __future__ import annotations

import sys
import time

from kagami.i18n import mark
from kagami.operations import registry
from kagami.operations.broadcast import Audience, Broadcast, Broadcasted, Reached
from kagami.operations.messages import Clean, Measure
from kagami.operations.plugins import Reload
from kagami.operations.questions import told_before
from kagami.operations.system import Pulses, Status, StatusNow
from kagami.plugins.api import Context, Plugin, Rest, Settings
from kagami.ports import Cleaned, Pulse, ReloadRow

from .request import find_operation, read_request
from .shown import shown, shown_bytes, shown_span

Ctx = Context[Settings]
plugin = Plugin()
operations = registry()


@plugin.command("status", summary=mark("Load, bots, messages and queues."), operator=True)
async def status(ctx: Ctx) -> str:
    now: StatusNow = await ctx.operate(Status())
    minute: list[Pulse] = await ctx.operate(Pulses(seconds=60))
    pulse, today, t = now.pulse, now.today, ctx.t
    lines = (
        t("Kagami {version}, up {up}; host up {host}").format(
            version=pulse.version,
            up=shown_span((pulse.at_ms - pulse.started_ms) / 1000),
            host=shown_span(host_uptime()),
        ),
        t("CPU {cpu:.0f} %, memory {memory} of {host}, store {store}").format(
            cpu=pulse.cpu_percent,
            memory=shown_bytes(pulse.memory_bytes),
            host=shown_bytes(pulse.host_memory_bytes),
            store=shown_bytes(now.store_bytes),
        ),
        t("Bots: {online} online, {troubled} troubled, {offline} offline").format(
            online=pulse.online, troubled=pulse.troubled, offline=pulse.offline
        ),
        t("Messages today: {received} in, {sent} out, {failed} failed, {unknown} unknown").format(
            received=today.get("in", 0),
            sent=today.get("out", 0),
            failed=today.get("failed", 0),
            unknown=today.get("unknown", 0),
        ),
        t("Last minute: {received:.0f} in, {sent:.0f} out").format(
            # A pulse is of one second.
            received=sum(each.in_per_s for each in minute),
            sent=sum(each.out_per_s for each in minute),
        ),
        t("Queue: {waiting} waiting, the oldest for {oldest}; dead letters: {dead}").format(
            waiting=pulse.waiting, oldest=shown_span(pulse.oldest_s), dead=today.get("dead", 0)
        ),
    )
    return "\n".join(lines)


@plugin.command("help", aliases=["帮助"], summary=mark("Show what operators can do."), operator=True)
async def show_help(ctx: Ctx, topic: str | None = None) -> str:
    if topic is not None:
        find_operation(operations, topic.removeprefix("#"), "", ctx.t)
    topics = sorted({each.topic for each in operations.by_name.values()})
    own = [line for line in ctx.commands if line.operator and line.name and line.name not in topics]
    lines = [f"{line.usage}  {ctx.t(line.summary)}" for line in own]
    return "\n".join([*lines, ctx.t("#help <topic> shows more about: {topics}").format(topics=", ".join(topics))])


@plugin.command("reload", summary=mark("Load a plugin anew, or all of them."), operator=True)
async def reload(ctx: Ctx, plugin: str = "") -> str:
    rows: list[ReloadRow] = await ctx.operate(Reload(plugin=plugin))
    return "\n".join(_reloaded(ctx, row) for row in rows) or ctx.t("There are no plugins but the built-in ones.")


@plugin.command("broadcast", summary=mark("Send a message to every active chat."), operator=True)
async def broadcast(ctx: Ctx, message: Rest[str]) -> str:
    reached: Reached = await ctx.operate(Audience())
    if not reached.chats:
        return ctx.t("No chat was active in the last 30 days.")
    question = ctx.t("Send this to {chats} chats of {bots} bots? (yes/no)\n{message}")
    if not await ctx.confirm(question.format(chats=reached.chats, bots=len(reached.by_bot), message=message)):
        return ctx.t("Nothing was sent.")
    await ctx.reply(ctx.t("Sending to {chats} chats; a report follows.").format(chats=reached.chats))
    done: Broadcasted = await ctx.operate(Broadcast(text=message, execution=ctx.event.execution))
    report = ctx.t("Broadcast: {sent} sent, {failed} failed, {unknown} unknown.")
    return report.format(sent=done.sent, failed=done.failed, unknown=done.unknown)


@plugin.command("db_clean", summary=mark("Delete messages older than so many days."), operator=True)
async def clean(ctx: Ctx, days: float) -> str:
    found: Cleaned = await ctx.operate(Measure(days=days))
    if not (found.messages or found.sends or found.traces):
        return ctx.t("There is nothing that old.")
    question = ctx.t(
        "Delete {messages} messages, {sends} sends and {traces} traces older than {days:g} days, {bytes}? (yes/no)"
    )
    counts = {"messages": found.messages, "sends": found.sends, "traces": found.traces}
    if not await ctx.confirm(question.format(**counts, days=days, bytes=shown_bytes(found.bytes))):
        return ctx.t("Nothing was deleted.")
    done: Cleaned = await ctx.operate(Clean(days=days))
    report = ctx.t("Deleted {messages} messages, {sends} sends and {traces} traces; {bytes} are free again.")
    counts = {"messages": done.messages, "sends": done.sends, "traces": done.traces}
    return report.format(**counts, bytes=shown_bytes(done.bytes))


async def run_operation(ctx: Ctx, words: Rest[str] = "") -> str:
    operation, left = find_operation(operations, ctx.word, words, ctx.t)
    if operation.scope.endswith(":secret"):  # what is said in a chat is kept, in the sandbox too
        return ctx.t("A chat is no place for secrets: use the console.")
    request = read_request(operation, left, ctx.t)
    if operation.asks:
        told = ", ".join(
            f"{name}: {value}" for name, value in await told_before(operation, request, ctx.operate, ctx.t)
        )
        what = f"{ctx.t(operation.text)} ({told})" if told else ctx.t(operation.text)
        if not await ctx.confirm(ctx.t("{what} Really? (yes/no)").format(what=what)):
            return ctx.t("Nothing was done.")
    return shown(await ctx.operate(request), ctx.t)


for topic in sorted({each.topic for each in operations.by_name.values()}):
    plugin.command(topic, operator=True)(run_operation)


@plugin.command("", operator=True)
async def unknown(ctx: Ctx, text: Rest[str]) -> str:
    return ctx.t("There is no command {name}. #help shows all.").format(name=text.split()[0])


def host_uptime() -> float:
    """Seconds since the machine started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


def _reloaded(ctx: Ctx, row: ReloadRow) -> str:
    if row.error:
        reason = row.error.strip().rpartition("\n")[2]
        return ctx.t("{plugin}: stays at {old}: {reason}").format(plugin=row.id, old=row.old or "-", reason=reason)
    line = f"{row.id}: {row.old or '-'} → {row.new or '-'}"
    return f"{line} ({ctx.t('survived')}: {'; '.join(row.survivors)})" if row.survivors else line
