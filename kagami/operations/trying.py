"""Dry runs: what would be done about a message, with nothing done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Annotated, Any

import msgspec

from kagami.core.routing import DROP, PLUGIN, PLUGINS
from kagami.core.script import Step, read_script
from kagami.errors import Refused, Unavailable, UsageError
from kagami.i18n import mark
from kagami.model.event import Event
from kagami.model.message import text as message
from kagami.model.segment import Image
from kagami.operations.imagined import checked, happening, imagined
from kagami.operations.messages import Said
from kagami.operations.registry import Request, operation
from kagami.ports import Parts
from kagami.ports.conversations import KeptConversation
from kagami.ports.trials import Rehearsal, Trial, Tried

SANDBOX = "sandbox:local"
MOST_ANSWERS = 50
Name = Annotated[str, msgspec.Meta(pattern=r"^[\w-][\w.-]{0,63}$")]


class TryMessage(Said, frozen=True):
    """As if it came to `bot`. `plugin` alone gets it, at `version`; without them whoever would.

    `answers` are what is said next when a handler asks. With `network`, requests that only read really go out.
    """

    bot: str = SANDBOX
    plugin: str = ""
    version: str = ""
    answers: list[str] = msgspec.field(default_factory=list)
    network: bool = False


class KeepConversation(Request, frozen=True):
    """`script` is as of `kagami.core.script`; it takes the place of one with this name."""

    name: Name
    script: Annotated[str, msgspec.Meta(max_length=200_000)]


class ListConversations(Request, frozen=True):
    pass


class ReplayConversations(Request, frozen=True):
    """One of them, or all."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[\w.-]{0,64}$")] = ""
    network: bool = False


class ConversationRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one went in a dry run. What is wrong is at `line`: what should have been said, and what was."""

    name: str
    ok: bool
    heard: int
    took_ms: int
    line: int = 0
    wanted: str = ""
    got: str = ""
    error: str = ""


@operation("messages.try", "messages:write")
async def try_message(parts: Parts, request: TryMessage) -> Tried:
    """Show what plugins would do about a message, and do nothing of it."""
    async with parts.trials.rehearsal(network=request.network) as rehearsal:
        return await _try(parts, request, rehearsal)


@operation("messages.keep", "messages:write")
async def keep(parts: Parts, request: KeepConversation) -> KeptConversation:
    """Keep a conversation as a test, a text file in the home."""
    read_script(request.script)
    return await parts.conversations.write(request.name, request.script)


@operation("messages.tests", "messages:read")
async def list_tests(parts: Parts, request: ListConversations) -> list[KeptConversation]:  # noqa: ARG001
    """Conversations that are kept as tests."""
    return await parts.conversations.rows()


@operation("messages.test", "messages:write")
async def run_tests(parts: Parts, request: ReplayConversations) -> list[ConversationRow]:
    """Hold kept conversations again, as dry runs, and compare the answers."""
    names = [request.name] if request.name else [each.name for each in await parts.conversations.rows()]
    return [await _replay(parts, name, network=request.network) for name in names]


async def _replay(parts: Parts, name: str, *, network: bool) -> ConversationRow:
    began = time.monotonic()
    try:
        steps = read_script(await parts.conversations.read(name))
        heard = await _held(parts, [each for each in steps if each.kind != "hears"], network=network)
    except (UsageError, Unavailable) as error:
        return ConversationRow(name, ok=False, heard=0, took_ms=0, error=error.text())
    took = int((time.monotonic() - began) * 1000)
    wanted = [each for each in steps if each.kind == "hears"]
    for place in range(max(len(wanted), len(heard))):
        should, was = wanted[place : place + 1], heard[place : place + 1]
        if [each.text for each in should] != was:
            line, text = (should[0].line, should[0].text) if should else (steps[-1].line, "")
            got = was[0] if was else ""
            return ConversationRow(name, ok=False, heard=len(heard), took_ms=took, line=line, wanted=text, got=got)
    return ConversationRow(name, ok=True, heard=len(heard), took_ms=took)


async def _held(parts: Parts, steps: Sequence[Step], *, network: bool) -> list[str]:
    """All answers of a conversation, in their order. What follows a question answers it."""
    heard: list[str] = []
    async with parts.trials.rehearsal(network=network) as rehearsal:
        place = 0
        while place < len(steps):
            step, follows = steps[place], takewhile(partial(_goes_on, steps[place]), steps[place + 1 :])
            answers = [each.text for each in follows] if step.kind == "says" else []
            request = TryMessage(
                text=step.text if step.kind == "says" else "",
                event=step.text if step.kind == "happens" else "",
                user=step.who.user,
                chat=step.who.chat,
                name=step.who.name,
                answers=answers[:MOST_ANSWERS],
            )
            tried = await _try(parts, request, rehearsal)
            heard += [each.text for each in tried.deeds if each.kind == "send"]
            place += 1 + tried.answered
    return heard


def _goes_on(first: Step, step: Step) -> bool:
    return step.kind == "says" and (step.who.user, step.who.chat) == (first.who.user, first.who.chat)


async def _try(parts: Parts, request: TryMessage, rehearsal: Rehearsal) -> Tried:
    if len(request.answers) > MOST_ANSWERS:
        raise UsageError(reason=mark("Give at most 50 answers."))
    event = _event(parts, request)
    if caught := parts.guard.judge(event):
        return Tried("guarded", reason=caught.reason)
    found, operator = parts.routing.explain(event), _is_command(event)
    decision = found.decision
    if not request.plugin and (outcome := _elsewhere(decision.to, operator=operator)):
        who = ", ".join(found.takers) or decision.to if outcome == "worker" else ""
        return Tried(outcome, plugin=who, number=decision.number, reason=decision.reason)
    trial = Trial(
        event=event,
        only=request.plugin or _named(decision.to),
        version=request.version,
        answers=tuple(message(each) for each in request.answers),
        operator=operator and bool(decision.to),
    )
    tried = await rehearsal.run(trial, lambda wanted: _read(parts, wanted))
    return msgspec.structs.replace(tried, number=decision.number, reason=decision.reason)


def _is_command(event: Event) -> bool:
    """Whether it is written as operators' commands are."""
    return event.text.startswith("#") and event.text[1:2].isalpha()


def _named(to: str) -> str:
    """The one plugin that a rule leads to; empty for all of them."""
    return to.removeprefix(PLUGIN) if to.startswith(PLUGIN) else ""


def _elsewhere(to: str, *, operator: bool) -> str:
    """What becomes of a message that plugins do not get; empty when they do."""
    if to in ("", DROP):
        return "denied" if operator else "dropped"
    return "" if to == PLUGINS or to.startswith(PLUGIN) else "worker"


def _event(parts: Parts, request: TryMessage) -> Event:
    kind, name = happening(request.event) if request.event else ("message", "")
    images = () if request.event else tuple(Image(each) for each in checked(request.text, request.images))
    bare = imagined(
        user=request.user, chat=request.chat, bot=request.bot, platform="", text=request.text, execution="dry"
    )
    return msgspec.structs.replace(
        bare,
        kind=kind,
        name=name or bare.name,
        message=() if request.event else (*bare.message, *images),
        time_ms=parts.clock.wall_ms(),
        message_id="dry",
        sender=msgspec.structs.replace(bare.sender, name=request.name),
        mentioned=bare.name == "private",
    )


async def _read(parts: Parts, request: msgspec.Struct) -> Any:
    """What a `#` command asks for in a dry run: by the rights of who asked for it."""
    from kagami.operations import registry  # noqa: PLC0415 - it is made of this module too

    operations = registry()
    if not operations.of(request).reads:
        raise Refused(reason=mark("A dry run changes nothing."))
    return await operations.call(parts, parts.who, request)


OPERATIONS = (try_message, keep, list_tests, run_tests)
