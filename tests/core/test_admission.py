from __future__ import annotations

import msgspec
import pytest

from kagami.core.admission import Admission
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId

SAID = Event(
    ExecutionId("1"), BotId("qq:10001"), "message", "group", ChatId("group:42"), UserId("7"), time_ms=0, dedupe="m:1"
)
JOINED = msgspec.structs.replace(SAID, kind="notice", name="group_increase.approve")


@pytest.mark.parametrize(
    ("admission", "said", "joined"),
    [
        (Admission(), True, True),
        (Admission(bots=("qq:*",)), True, True),
        (Admission(bots=("telegram:*",)), False, False),
        (Admission(chats=("group:4?",)), True, True),
        (Admission(chats=("group:1", "private:*")), False, False),
        (Admission(events=("message",)), True, False),
        (Admission(events=("notice.group_*",)), False, True),
        (Admission(events=("message.private",)), False, False),
    ],
)
def test_an_event_passes_by_its_bot_its_chat_and_its_kind(admission: Admission, *, said: bool, joined: bool) -> None:
    assert (admission.passes(SAID), admission.passes(JOINED)) == (said, joined)


def test_what_a_plugin_has_planned_is_nobodys() -> None:
    assert not Admission().passes(msgspec.structs.replace(SAID, kind="schedule"))


def test_the_terminals_own_chat_is_for_whom_it_is_written_out() -> None:
    sandbox = BotId("sandbox:kagami")
    assert (Admission().serves(sandbox), Admission(bots=("sandbox:*",)).serves(sandbox)) == (False, True)


@pytest.mark.parametrize("call", ["send_msg", "get_group_member_list", ".handle_quick_operation", "get_version_info"])
def test_talking_and_looking_is_allowed(call: str) -> None:
    assert Admission().allows(call)


@pytest.mark.parametrize(
    "call", ["set_group_kick", "set_restart", "get_cookies", "bot_exit", "send_packet", "nc_get_rkey"]
)
def test_everything_else_is_not(call: str) -> None:
    assert not Admission().allows(call)


def test_a_glob_opens_what_it_fits_but_nothing_of_the_host() -> None:
    everything = Admission(calls=("*",))
    assert (everything.allows("set_group_kick"), everything.allows("set_restart")) == (True, False)


def test_a_call_of_the_host_is_allowed_where_it_is_written_out() -> None:
    assert Admission(calls=("get_cookies",)).allows("get_cookies")


@pytest.mark.parametrize(
    "call",
    [
        "set_restart_async",
        "set_restart_async_async",
        "get_cookies_rate_limited_async",
        "Get_Cookies",
        "logOut",
        "SetWebhook",
    ],
)
def test_no_other_spelling_makes_it_less_the_hosts(call: str) -> None:
    assert not Admission(calls=("*",)).allows(call)
