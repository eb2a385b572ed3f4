from __future__ import annotations

import asyncio

import pytest

from kagami.errors import Conflict, DialogLeft, DialogReplaced, DialogStopped, DialogTimeout, NotFound
from kagami.model.event import Event, Kind
from kagami.model.ids import BotId, ChatId, ExecutionId, SessionKey, UserId
from kagami.model.message import text
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.dialogs import Desk, DialogSuspended, Questions, asked_by, note_asker
from kagami.testing.chat import MemoryValues, chat_with
from kagami.testing.clock import FakeClock

KEY = SessionKey(BotId("qq:1"), ChatId("group:1"), UserId("7"))


class Offered:
    def __init__(self, said: str = "yes", *, key: SessionKey = KEY, kind: Kind = "message") -> None:
        self.event = Event(
            ExecutionId("1"),
            key.bot,
            kind,
            "group",
            key.chat,
            key.user,
            0,
            "1",
            text(said),
        )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def desk(clock: FakeClock) -> Desk:
    return Desk(clock)


async def test_a_question_takes_the_next_message_of_its_conversation(desk: Desk) -> None:
    with desk.question(KEY) as question:
        answer = Offered()
        assert desk.offer(answer)
        assert await question.answer(60) is answer


async def test_without_a_question_nothing_is_taken(desk: Desk) -> None:
    assert not desk.offer(Offered())


@pytest.mark.parametrize(
    "other",
    [KEY._replace(bot=BotId("qq:2")), KEY._replace(chat=ChatId("group:2")), KEY._replace(user=UserId("8"))],
    ids=["bot", "chat", "user"],
)
async def test_other_conversations_pass(desk: Desk, other: SessionKey) -> None:
    with desk.question(KEY):
        assert not desk.offer(Offered(key=other))


async def test_what_is_no_message_passes(desk: Desk) -> None:
    with desk.question(KEY):
        assert not desk.offer(Offered(kind="notice"))


async def test_only_one_message_is_taken(desk: Desk) -> None:
    with desk.question(KEY):
        assert [desk.offer(Offered()), desk.offer(Offered())] == [True, False]


async def test_a_command_is_no_answer(desk: Desk) -> None:
    desk.is_command = lambda event: event.text == "/help"
    with desk.question(KEY):
        assert desk.offer(Offered("/no such"))
    with desk.question(KEY):
        assert not desk.offer(Offered("/help"))


@pytest.mark.parametrize("said", ["/help", "#status"])
async def test_a_command_ends_the_question(desk: Desk, said: str) -> None:
    desk.is_command = lambda event: event.text == "/help"
    desk.is_operator = lambda event: event.text == "#status"
    with desk.question(KEY) as question:
        desk.offer(Offered(said))
        with pytest.raises(DialogLeft):
            await question.answer(60)


async def test_a_question_may_take_commands(desk: Desk) -> None:
    desk.is_command = lambda event: True
    with desk.question(KEY, commands=True):
        assert desk.offer(Offered("/help"))


async def test_a_message_that_is_not_wanted_passes(desk: Desk) -> None:
    with desk.question(KEY, wanted=lambda event: event.text == "now"):
        assert not desk.offer(Offered("later"))
        assert desk.offer(Offered("now"))


async def test_a_conversation_has_one_question_at_a_time(desk: Desk) -> None:
    with desk.question(KEY), pytest.raises(Conflict), desk.question(KEY):
        pass
    assert len(desk) == 0


async def test_a_question_that_is_over_takes_nothing(desk: Desk) -> None:
    with desk.question(KEY):
        pass
    assert not desk.offer(Offered())


async def test_nobody_answers_in_time(desk: Desk, clock: FakeClock) -> None:
    with desk.question(KEY) as question:
        waiting = asyncio.ensure_future(question.answer(60))
        await clock.asleep()
        await clock.advance(60)
        with pytest.raises(DialogTimeout):
            await waiting
        assert not desk.offer(Offered())
        assert question.taken is None


async def test_an_answer_in_the_last_moment_counts(desk: Desk, clock: FakeClock) -> None:
    with desk.question(KEY) as question:
        waiting = asyncio.ensure_future(question.answer(60))
        await clock.asleep()
        await clock.advance(59.9)
        desk.offer(Offered("just"))
        await clock.advance(1)
        assert (await waiting).event.text == "just"


async def test_an_answer_is_known_even_when_its_reader_is_ended(desk: Desk) -> None:
    with desk.question(KEY) as question:
        waiting = asyncio.ensure_future(question.answer(60))
        await asyncio.sleep(0)
        desk.offer(answer := Offered())
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert question.taken is answer


async def test_the_alarm_ends_with_the_answer(desk: Desk, clock: FakeClock) -> None:
    with desk.question(KEY) as question:
        waiting = asyncio.ensure_future(question.answer(60))
        await clock.asleep()
        desk.offer(Offered())
        await waiting
        await asyncio.sleep(0)
        assert clock.sleeping == 0


async def test_closing_ends_open_questions_and_lets_nobody_ask_any_more(desk: Desk) -> None:
    with desk.question(KEY) as question:
        waiting = asyncio.ensure_future(question.answer(60))
        await asyncio.sleep(0)
        desk.close()
        with pytest.raises(DialogStopped):
            await waiting
    with pytest.raises(DialogStopped), desk.question(KEY):
        pass


async def test_an_answer_that_came_before_the_closing_is_still_read(desk: Desk) -> None:
    with desk.question(KEY) as question:
        desk.offer(answer := Offered())
        desk.close()
        assert await question.answer(60) is answer


async def test_no_more_questions_are_open_than_the_house_bears(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.plugins.dialogs.MOST_QUESTIONS", 1)
    other = KEY._replace(user=UserId("8"))
    with desk.question(KEY), pytest.raises(Conflict, match="Too many"), desk.question(other):
        pass


async def test_closing_suspends_what_is_resumable(desk: Desk) -> None:
    with desk.question(KEY, resumable=True) as question:
        desk.close()
        with pytest.raises(DialogSuspended):
            await question.answer(60)
    with pytest.raises(DialogSuspended), desk.question(KEY, resumable=True):
        pass


async def test_the_questions_of_one_version_end_together(desk: Desk) -> None:
    mine, other = Questions(), KEY._replace(user=UserId("8"))
    with desk.question(KEY, among=mine) as question, desk.question(other) as stays:
        assert mine.open == {question}
        mine.close(DialogReplaced)
        with pytest.raises(DialogReplaced):
            await question.answer(60)
        assert not stays.future.done()
    assert not mine.open


async def test_who_asked_is_known_until_the_event_is_done() -> None:
    values = MemoryValues()
    async with chat_with(Plugin()) as chat:
        execution = await chat.says("hello")
        await chat.finished()
    await note_asker(values, execution, "book", "1.2.0")
    assert await asked_by(values, execution.event.execution) == ("book", "1.2.0")
    await values.put_many(execution.effects)
    assert await asked_by(values, execution.event.execution) is None


async def test_an_operator_sees_what_is_asked_and_ends_it_as_if_the_time_were_up() -> None:
    plugin: Plugin[Settings] = Plugin()

    @plugin.command("roll")
    async def roll(ctx: Context[Settings]) -> str:
        try:
            return str(await ctx.confirm("Roll 100 dice?", timeout=60))
        except DialogTimeout:
            return "too late"

    async with chat_with(plugin) as chat:
        await chat.says("/roll", user="7", chat="group:2")
        assert await chat.hears() == "Roll 100 dice?"
        office = chat.host.office
        (row,) = office.dialogs()
        assert (row.plugin, row.prompt, row.user, row.chat) == ("plugin@1.0.0", "Roll 100 dice?", "7", "group:2")
        assert 59_000 <= row.until_ms - row.since_ms <= 61_000
        office.end_dialog(row.bot, row.chat, row.user)
        assert await chat.hears() == "too late"
        assert office.dialogs() == []
        with pytest.raises(NotFound):
            office.end_dialog(row.bot, row.chat, row.user)
