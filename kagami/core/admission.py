"""What an outside application gets of what happens, and which calls it may make. Globs are those of routing rules."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kagami.core.routing import is_glob, matches
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId

# Talking, and looking at what is there. Nothing that changes a group, an account or the machine it runs on, and
# nothing that shows its credentials.
USUAL_CALLS = (
    "send_msg",
    "send_private_msg",
    "send_group_msg",
    "send_forward_msg",
    "send_group_forward_msg",
    "send_private_forward_msg",
    "delete_msg",
    "send_like",
    "set_msg_emoji_like",
    "group_poke",
    "friend_poke",
    "send_poke",
    "mark_msg_as_read",
    "upload_group_file",
    "upload_private_file",
    ".handle_quick_operation",
    "get_msg",
    "get_forward_msg",
    "get_login_info",
    "get_stranger_info",
    "get_friend_list",
    "get_group_info",
    "get_group_list",
    "get_group_member_info",
    "get_group_member_list",
    "get_group_honor_info",
    "get_group_msg_history",
    "get_friend_msg_history",
    "get_image",
    "get_record",
    "get_file",
    "can_send_image",
    "can_send_record",
    "get_status",
    "get_version_info",
)
_CONSOLE = "sandbox:"
# Of the machine or the account as a whole: only for whom they are written out.
_HOST_CALLS = frozenset(
    {
        "bot_exit",
        "clean_cache",
        "clean_stream_temp_file",
        "download_file",
        "get_clientkey",
        "get_cookies",
        "get_credentials",
        "get_csrf_token",
        "get_online_clients",
        "get_rkey",
        "get_rkey_server",
        "nc_get_packet_status",
        "nc_get_rkey",
        "nc_get_user_status",
        "reload_event_filter",
        "send_online_file",
        "send_online_folder",
        "send_packet",
        "set_diy_online_status",
        "set_online_status",
        "set_qq_avatar",
        "set_qq_profile",
        "set_restart",
        "set_self_longnick",
        "upload_file_stream",
        # Telegram's own methods, which it takes in any case.
        "close",
        "deletewebhook",
        "getupdates",
        "getwebhookinfo",
        "logout",
        "setmydescription",
        "setmyname",
        "setmyshortdescription",
        "setwebhook",
    }
)
# Whoever gets the call takes these off as well as we do.
_PACES = ("_async", "_rate_limited")


class Admission(msgspec.Struct, frozen=True):
    """Globs of bots (`qq:*`), chats (`group:123`), events (`message`, `notice.group_*`) and calls; empty is all."""

    bots: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    calls: tuple[str, ...] = USUAL_CALLS

    def serves(self, bot: BotId) -> bool:
        """Whether it is told of a bot at all. The terminal's own chat is for whom it is written out."""
        return _fits(self.bots, bot) if self.bots else not bot.startswith(_CONSOLE)

    def passes(self, event: Event) -> bool:
        """Whether it gets an event. What Kagami makes itself is nobody's but a plugin's."""
        if event.kind == "schedule" or not self.serves(event.bot):
            return False
        if not self.reaches(event.chat):
            return False
        return not self.events or _fits(self.events, event.kind) or _fits(self.events, f"{event.kind}.{event.name}")

    def reaches(self, chat: ChatId) -> bool:
        """Whether it hears and speaks there."""
        return not self.chats or _fits(self.chats, chat)

    def allows(self, call: str) -> bool:
        """Whether it may make a call of this name. A glob never means one for the host, however it is spelled."""
        if call in self.calls:
            return True
        return _meant(call) not in _HOST_CALLS and any(is_glob(each) and matches(each, call) for each in self.calls)


def _meant(call: str) -> str:
    """What a platform may take it for."""
    name = call.lower()
    while (shorter := _without_pace(name)) != name:
        name = shorter
    return name


def _without_pace(name: str) -> str:
    for pace in _PACES:
        name = name.removesuffix(pace)
    return name


def _fits(patterns: Sequence[str], name: str) -> bool:
    return any(matches(pattern, name) for pattern in patterns)
