"""All that the author of a plugin imports.

from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()

@plugin.command("hello", aliases=["你好"])
async def hello(ctx: Context[Settings], name: str = "world") -> str:
    \"\"\"Greet somebody.\"\"\"
    return f"Hello, {name}!"
"""

from kagami.core.command import Rest
from kagami.errors import (
    Conflict,
    Denied,
    DialogCancelled,
    DialogClosed,
    DialogTimeout,
    KagamiError,
    NotFound,
    Refused,
    Unavailable,
    UsageError,
)
from kagami.model.action import Failed, Receipt, Sent, Unknown
from kagami.model.event import Event, Sender
from kagami.model.ids import ChatId as Chat
from kagami.model.ids import UserId as User
from kagami.model.message import Message
from kagami.model.segment import Face, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.plugins.context import CommandLine, Context, Lifetime
from kagami.plugins.form import Ask
from kagami.plugins.jobs import Scheduled
from kagami.plugins.plugin import Plugin
from kagami.plugins.scope import Scope
from kagami.plugins.settings import Settings
from kagami.ports.reach import HttpAnswer

__all__ = [
    "Ask",
    "Chat",
    "CommandLine",
    "Conflict",
    "Context",
    "Denied",
    "DialogCancelled",
    "DialogClosed",
    "DialogTimeout",
    "Event",
    "Face",
    "Failed",
    "File",
    "HttpAnswer",
    "Image",
    "KagamiError",
    "Lifetime",
    "Mention",
    "Message",
    "Native",
    "NotFound",
    "Plugin",
    "Receipt",
    "Refused",
    "Reply",
    "Rest",
    "Scheduled",
    "Scope",
    "Sender",
    "Sent",
    "Settings",
    "Text",
    "Unavailable",
    "Unknown",
    "UsageError",
    "User",
    "Video",
    "Voice",
]
