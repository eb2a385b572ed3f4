"""The contract of `ports.Store`, over every engine."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kagami.errors import Refused, StoreClosed
from kagami.meters import Meters
from kagami.model.action import Call, Delete, Failed, Receipt, Sent, Unknown
from kagami.model.event import Sender
from kagami.model.ids import BotId
from kagami.model.principal import CONSOLE
from kagami.model.segment import Image, Mention, Native, Reply, Text
from kagami.ports import AuditRow, Store, StorePut
from kagami.storage.store import SqlStore, database_path, open_store
from kagami.testing.clock import FakeClock
from tests.storage.make import BOT, CHAT, START_MS, event, send, trace

WHOLE = (Reply("7"), Mention("42"), Text(" 看 "), Image("a.png", url="http://x/a"), Native("dice", {"n": 6}))
NASTY = "a\x00b\ud800c '; DROP TABLE events; -- %_\\ \u202e 镜"


def test_it_is_a_store(store: SqlStore) -> None:
    port: Store = store
    assert port.ledger is store.ledger


class TestAccept:
    async def test_a_new_event_is_taken(self, store: SqlStore) -> None:
        assert await store.ledger.accept(event(), START_MS) is True

    async def test_a_known_key_is_refused(self, store: SqlStore) -> None:
        await store.ledger.accept(event(dedupe="k"), START_MS)
        assert await store.ledger.accept(event(dedupe="k"), START_MS) is False

    async def test_a_known_key_in_the_same_batch_is_refused(self, store: SqlStore) -> None:
        first = store.ledger.accept(event(dedupe="k"), START_MS)
        second = store.ledger.accept(event(dedupe="k"), START_MS)
        third = store.ledger.accept(event(), START_MS)
        assert (await first, await second, await third) == (True, False, True)

    async def test_the_same_key_of_another_bot_is_new(self, store: SqlStore) -> None:
        await store.ledger.accept(event(dedupe="k"), START_MS)
        assert await store.ledger.accept(event(dedupe="k", bot=BotId("qq:2")), START_MS) is True

    async def test_a_known_event_is_not_opened_again(self, store: SqlStore) -> None:
        await store.ledger.accept(event(dedupe="k"), START_MS)
        await store.ledger.accept(event(dedupe="k"), START_MS)
        assert len(await store.recover(START_MS)) == 1

    async def test_events_come_back_as_they_were(self, store: SqlStore) -> None:
        given = event(message=WHOLE, mentioned=True, sender=Sender("n", "c", "owner"), kind="message")
        await store.ledger.accept(given, START_MS + 5)
        (found,) = await store.recover(START_MS)
        assert (found.event, found.accepted_ms, found.attempts) == (given, START_MS + 5, 0)

    async def test_a_notice_comes_back_as_it_was(self, store: SqlStore) -> None:
        given = event(kind="notice", name="group_increase.approve", message=(), sender=Sender())
        await store.ledger.accept(given, START_MS)
        assert (await store.recover(START_MS))[0].event == given

    async def test_what_cannot_be_stored_is_replaced(self, store: SqlStore) -> None:
        await store.ledger.accept(event(NASTY, chat_name=NASTY, dedupe=NASTY), START_MS)
        (row,) = await store.messages()
        assert row.text == NASTY.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")

    async def test_parts_that_cannot_be_stored_are_replaced(self, store: SqlStore) -> None:
        await store.ledger.accept(event(message=(Text("x"), Native("k", {"\ud800": "\udfff"}))), START_MS)
        (found,) = await store.recover(START_MS)
        assert found.event.message == (Text("x"), Native("k", {"\ufffd": "\ufffd"}))


class TestSends:
    async def test_a_begun_send_is_sending(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.begin_send(send(given))
        assert [row.outcome for row in await store.sends(given.execution)] == ["sending"]

    @pytest.mark.parametrize(
        ("receipt", "shown"),
        [
            (Sent("99"), ("sent", "99", "")),
            (Failed("no such group", "1404"), ("failed", "", "no such group")),
            (Unknown("no answer"), ("unknown", "", "no answer")),
        ],
    )
    async def test_an_outcome_is_shown(
        self, store: SqlStore, receipt: Sent | Failed | Unknown, shown: tuple[str, str, str]
    ) -> None:
        given = event()
        await store.ledger.begin_send(send(given))
        store.ledger.end_send(given.execution, 0, receipt, START_MS)
        await store.ledger.flush()
        (row,) = await store.sends(given.execution)
        assert (row.outcome, row.message_id, row.reason) == shown

    async def test_sends_are_in_order(self, store: SqlStore) -> None:
        given = event()
        for ordinal in (1, 0, 2):
            await store.ledger.begin_send(send(given, str(ordinal), ordinal=ordinal))
        assert [row.text for row in await store.sends(given.execution)] == ["0", "1", "2"]

    async def test_calls_are_sends_but_not_messages(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.begin_send(send(given, "get_group_list", body=Call(BOT, "get_group_list")))
        await store.ledger.begin_send(send(given, "delete 9", ordinal=1, body=Delete(BOT, CHAT, "9")))
        assert (len(await store.sends(given.execution)), await store.messages()) == (2, [])

    async def test_another_attempt_of_a_send_takes_its_place(self, store: SqlStore) -> None:
        given = event()
        store.ledger.begin_send(send(given))
        store.ledger.end_send(given.execution, 0, Failed("offline"), START_MS)
        await store.ledger.begin_send(send(given, attempt=2))
        assert [row.outcome for row in await store.sends(given.execution)] == ["sending"]

    async def test_a_body_with_anything_in_it_is_kept(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.begin_send(send(given, "x", body=Call(BOT, "x", {"a": {1, 2}, "b": 2**70, "c": object()})))
        assert len(await store.sends(given.execution)) == 1


class TestFinish:
    async def test_a_finished_event_is_not_open(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.accept(given, START_MS)
        await store.ledger.finish(trace(given), attempts=1)
        assert await store.recover(START_MS) == []

    async def test_an_event_finished_in_the_batch_that_opened_it_is_not_open(self, store: SqlStore) -> None:
        given = event()
        store.ledger.accept(given, START_MS)
        await store.ledger.finish(trace(given), attempts=1)
        assert await store.recover(START_MS) == []

    async def test_its_trace_is_kept(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.finish(trace(given), attempts=1)
        assert await store.trace(given.execution) == trace(given)

    async def test_its_effects_are_kept(self, store: SqlStore) -> None:
        await store.ledger.finish(trace(event()), attempts=1, effects=[StorePut("p", "k", "1")])
        assert await store.get("p", "k") == "1"

    async def test_the_last_effect_on_a_key_counts(self, store: SqlStore) -> None:
        effects = [StorePut("p", "k", "1"), StorePut("p", "k", None), StorePut("p", "k", "3"), StorePut("p", "j", "1")]
        await store.ledger.finish(trace(event()), attempts=1, effects=[*effects, StorePut("p", "j", None)])
        assert (await store.get("p", "k"), await store.get("p", "j")) == ("3", None)

    async def test_answers_are_closed_with_it(self, store: SqlStore) -> None:
        asking, answer = event(), event()
        for given in (asking, answer):
            await store.ledger.accept(given, START_MS)
        await store.ledger.finish(trace(asking), attempts=1, answers=[trace(answer, "answer")])
        assert (await store.recover(START_MS), (await store.messages())[1].outcome) == ([], "answer")

    async def test_retry_keeps_it_open_without_effects(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.accept(given, START_MS)
        failed = trace(given, "retry", error="ValueError: no")
        await store.ledger.finish(failed, attempts=2, effects=[StorePut("p", "k", "1")], retry_at_ms=START_MS + 9)
        (found,) = await store.recover(START_MS)
        assert (found.attempts, found.error, await store.get("p", "k")) == (2, "ValueError: no", None)

    async def test_a_later_success_closes_it(self, store: SqlStore) -> None:
        given = event()
        store.ledger.accept(given, START_MS)
        store.ledger.finish(trace(given, "retry"), attempts=1, retry_at_ms=1)
        await store.ledger.finish(trace(given), attempts=2)
        found = await store.trace(given.execution)
        assert (await store.recover(START_MS), found and found.outcome) == ([], "handled")

    async def test_dead_is_a_dead_letter(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.accept(given, START_MS)
        await store.ledger.finish(trace(given, "dead", error="boom"), attempts=5)
        (found,) = await store.dead()
        assert (found.event, found.attempts, found.error, await store.recover(START_MS)) == (given, 5, "boom", [])

    async def test_a_trace_without_an_event_is_kept(self, store: SqlStore) -> None:
        given = event()
        store.ledger.record(trace(given, "bad_frame"))
        await store.ledger.flush()
        assert [found.outcome for found in await store.traces()] == ["bad_frame"]


class TestRecover:
    async def test_open_events_come_in_order_of_acceptance(self, store: SqlStore) -> None:
        given = [event(str(number)) for number in range(5)]
        for each in (given[3], given[0], given[4]):
            await store.ledger.accept(each, START_MS)
        assert [found.event.text for found in await store.recover(START_MS)] == ["3", "0", "4"]

    async def test_an_unanswered_send_is_unknown(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.accept(given, START_MS)
        await store.ledger.begin_send(send(given))
        (found,) = await store.recover(START_MS)
        assert found.sends == {0: Unknown("the process ended before the answer came")}

    async def test_receipts_come_back_as_they_were(self, store: SqlStore) -> None:
        given = event()
        receipts: dict[int, Receipt] = {
            0: Sent("1"),
            1: Sent("", {"n": [1, None]}),
            2: Failed("no", "7"),
            3: Unknown("?"),
        }
        await store.ledger.accept(given, START_MS)
        for ordinal, receipt in receipts.items():
            store.ledger.begin_send(send(given, ordinal=ordinal))
            store.ledger.end_send(given.execution, ordinal, receipt, START_MS)
        assert (await store.recover(START_MS))[0].sends == receipts

    async def test_keys_come_oldest_first(self, store: SqlStore) -> None:
        for key in "abcd":
            await store.ledger.accept(event(dedupe=key), START_MS)
        assert await store.recent_keys(3) == [(BOT, "b"), (BOT, "c"), (BOT, "d")]


class TestRevive:
    async def test_a_dead_event_is_open_again(self, store: SqlStore) -> None:
        given = event()
        store.ledger.accept(given, START_MS)
        store.ledger.begin_send(send(given))
        store.ledger.end_send(given.execution, 0, Sent("5"), START_MS)
        await store.ledger.finish(trace(given, "dead"), attempts=5)
        found = await store.revive(given.execution)
        assert found is not None
        assert (found.event, found.attempts, found.sends) == (given, 1, {0: Sent("5")})
        assert (await store.dead(), len(await store.recover(START_MS))) == ([], 1)

    async def test_an_event_that_is_not_dead_stays(self, store: SqlStore) -> None:
        given = event()
        await store.ledger.accept(given, START_MS)
        assert await store.revive(given.execution) is None


class TestPluginValues:
    async def test_values_are_put_read_and_deleted(self, store: SqlStore) -> None:
        await store.put_many([StorePut("p", "a", "1"), StorePut("p", "b", "2"), StorePut("q", "a", "3")])
        await store.put_many([StorePut("p", "a", None)])
        assert [await store.get("p", key) for key in "ab"] == [None, "2"]

    async def test_a_prefix_is_not_a_pattern(self, store: SqlStore) -> None:
        await store.put_many([StorePut("p", key, "1") for key in ("a%b", "axb", "a_b", "键1", "键2")])
        assert (await store.keys("p", "a%"), await store.keys("p", "键")) == (["a%b"], ["键1", "键2"])

    async def test_nothing_to_put_is_fine(self, store: SqlStore) -> None:
        await store.put_many([])
        assert await store.keys("p", "") == []


class TestCounts:
    async def test_everything_is_counted(self, store: SqlStore) -> None:
        first, second, third = event(), event(), event(kind="notice", name="poke")
        for given in (first, second, third):
            await store.ledger.accept(given, START_MS + 10)
        receipts: list[Receipt] = [Sent("1"), Failed("no"), Unknown("?"), Unknown("?")]
        for ordinal, receipt in enumerate(receipts):
            await store.ledger.begin_send(send(first, ordinal=ordinal, created_ms=START_MS + 20))
            store.ledger.end_send(first.execution, ordinal, receipt, START_MS + 30)
        await store.ledger.finish(trace(first, "dead"), attempts=5)
        expected = {"in": 2, "out": 4, "failed": 1, "unknown": 2, "dead": 1, "open": 2}
        assert dict(await store.counts(START_MS)) == expected

    async def test_only_what_came_since_is_counted(self, store: SqlStore) -> None:
        await store.ledger.accept(event(), START_MS)
        await store.ledger.begin_send(send(event(), created_ms=START_MS))
        assert (await store.counts(START_MS + 1))["in"] == 0
        assert (await store.counts(START_MS + 1))["out"] == 0


class TestFile:
    async def test_ids_go_on_in_a_new_process(self, lasting: str, clock: FakeClock) -> None:
        seen = []
        for _ in range(3):
            async with open_store(lasting, clock=clock, meters=Meters()) as store:
                await store.ledger.accept(event(), START_MS)
                seen = [row.id for row in await store.messages()]
        assert seen == sorted(set(seen))
        assert len(seen) == 3

    async def test_ids_are_not_used_again_after_a_clean_up(self, lasting: str) -> None:
        clock = FakeClock(wall_ms=START_MS + 10 * 86_400_000)
        async with open_store(lasting, clock=clock, meters=Meters()) as store:
            await store.ledger.accept(given := event(), START_MS)
            await store.ledger.finish(trace(given), attempts=1)
            (before,) = [row.id for row in await store.messages()]
            await store.clean(clock.wall_ms())
        async with open_store(lasting, clock=clock, meters=Meters()) as store:
            await store.ledger.accept(event(), START_MS)
            assert (await store.messages())[0].id > before

    async def test_its_files_are_for_their_owner_only(self, tmp_path: Path, clock: FakeClock) -> None:
        async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters()) as store:
            await store.ledger.accept(event(), START_MS)
            modes = set(map(_mode, _files(tmp_path)))
        assert modes == {0o600}

    async def test_size_is_that_of_the_files(self, tmp_path: Path, clock: FakeClock) -> None:
        async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters()) as store:
            await store.ledger.flush()
            assert await store.size() == sum(path.stat().st_size for path in _files(tmp_path))

    async def test_a_file_that_is_no_database_is_refused_by_name(self, tmp_path: Path, clock: FakeClock) -> None:
        (tmp_path / "k.db").write_text("something else " * 500)
        with pytest.raises(StoreClosed, match="not a database"):
            async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters()):
                pass

    async def test_a_folder_that_is_not_there_is_refused(self, tmp_path: Path, clock: FakeClock) -> None:
        with pytest.raises(StoreClosed):
            async with open_store(str(tmp_path / "no" / "k.db"), clock=clock, meters=Meters()):
                pass


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestClosed:
    async def test_what_was_given_is_written_at_the_end(self, lasting: str, clock: FakeClock) -> None:
        async with open_store(lasting, clock=clock, meters=Meters()) as store:
            for _ in range(1_200):
                store.ledger.accept(event(), START_MS)
        async with open_store(lasting, clock=clock, meters=Meters()) as store:
            assert len(await store.recover(START_MS)) == 1_200

    async def test_a_closed_store_says_so(self, place: str, clock: FakeClock) -> None:
        async with open_store(place, clock=clock, meters=Meters()) as store:
            pass
        with pytest.raises(StoreClosed):
            await store.ledger.accept(event(), START_MS)
        with pytest.raises(StoreClosed):
            await store.messages()


@pytest.mark.parametrize("number", [10**40, -(10**40), 1 << 60, -1])
async def test_no_number_is_too_large_to_ask_with(store: SqlStore, number: int) -> None:
    await store.ledger.accept(given := event(), START_MS)
    await store.ledger.finish(trace(given), attempts=1)
    await store.messages(before=number, limit=number)
    await store.search("h", before=number, limit=5)
    await store.chats(active_since_ms=number, limit=number)
    await store.traces(before_ms=number, slower_us=number, limit=number)
    await store.counts(number)
    assert (await store.measure(number)).traces == (await store.clean(number)).traces == int(number > 0)


async def test_an_audit_row_is_kept(store: SqlStore) -> None:
    await store.audit(START_MS, CONSOLE, "messages.clean", "7", "ok")
    (row,) = await store.audits()
    assert row == AuditRow(1, START_MS, "console", "console", "", "messages.clean", "7", "ok")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (":memory:", ":memory:"),
        ("kagami.db", "kagami.db"),
        ("sqlite:////var/k.db", "/var/k.db"),
        ("sqlite:///k.db", "k.db"),
        ("sqlite://", ":memory:"),
    ],
)
def test_a_path_or_an_url_names_the_file(given: str, path: str) -> None:
    assert database_path(given) == path


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="PostgreSQL"):
        database_path("postgresql://h/db")


async def test_a_folder_is_refused_and_keeps_its_rights(tmp_path: Path) -> None:
    before = _mode(tmp_path)
    with pytest.raises(StoreClosed):
        async with open_store(str(tmp_path), clock=FakeClock(), meters=Meters()):
            pass
    assert _mode(tmp_path) == before
