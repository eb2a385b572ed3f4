"""All that the author of a plugin imports.

from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()

@plugin.command("hello", aliases=["你好"])
async def hello(ctx: Context[Settings], name: str = "world") -> str:
    \"\"\"Greet somebody.\"\"\"
    return f"Hello, {name}!"
"""

from kagami.core.command import Rest
from kagami.errors import Conflict, DialogCancelled, DialogClosed, DialogTimeout, KagamiError, UsageError
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
from kagami.plugins.settings import Settings

__all__ = [
    "Ask",
    "Chat",
    "CommandLine",
    "Conflict",
    "Context",
    "DialogCancelled",
    "DialogClosed",
    "DialogTimeout",
    "Event",
    "Face",
    "Failed",
    "File",
    "Image",
    "KagamiError",
    "Lifetime",
    "Mention",
    "Message",
    "Native",
    "Plugin",
    "Receipt",
    "Reply",
    "Rest",
    "Scheduled",
    "Sender",
    "Sent",
    "Settings",
    "Text",
    "Unknown",
    "UsageError",
    "User",
    "Video",
    "Voice",
]
