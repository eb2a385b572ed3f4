"""khl.py 0.3.17 as a client of KOOK: `python kook_side.py URL TOKEN`, in an environment of its own.

It has no option for another host, so the two constants that hold the platform's are set; and it pings every 26 s, which
is 0.2 s here. It reads the annotations of handlers, which therefore are no text. The rest is as it was published. On
standard output: what it hears, a JSON line each. On standard input: `{"do": …}`, whose outcome is one too.
"""

import asyncio
import io
import json
import sys
from typing import Any

from khl import Bot, EventTypes, Message, MessageTypes, receiver, requester

PING_SECONDS = 26


class Hurried:
    """`asyncio` with short sleeps between pings."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0.2 if seconds == PING_SECONDS else seconds)


def tell(what: Any) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


async def heard(message: Message) -> None:
    place = message.ctx.channel.id
    told = {"heard": message.content, "id": message.id, "by": message.author.id, "name": message.author.username}
    tell(told | {"type": message.type.name, "chat": place, "private": message.channel_type.name == "PERSON"})
    if message.content == "ping":
        await message.reply("pong")


async def happened(_: Bot, event: Any) -> None:
    tell({"happened": event.event_type.value, "body": event.body})


async def say(client: Any, channel: str, text: Any) -> Any:
    """Text, or a list of cards."""
    return await (await client.fetch_public_channel(channel)).send(text)


async def whisper(client: Any, user: str, text: str) -> Any:
    return await (await client.fetch_user(user)).send(text)


async def show(client: Any, channel: str, picture: str) -> Any:
    url = await client.create_asset(io.BytesIO(bytes.fromhex(picture)))
    return await (await client.fetch_public_channel(channel)).send(url, type=MessageTypes.IMG)


async def members(client: Any, guild: str) -> list[str]:
    return [user.id for user in await (await client.fetch_guild(guild)).fetch_user_list()]


async def kick(client: Any, guild: str, user: str) -> str:
    await client.kickout(guild, user)
    return "kicked"


async def forget(client: Any, message: str) -> Any:
    return await client.gate.request("POST", "message/delete", json={"msg_id": message})


async def me(client: Any) -> Any:
    found = await client.fetch_me()
    return {"id": found.id, "name": found.username, "bot": found.bot}


DEEDS = {each.__name__: each for each in (say, whisper, show, members, kick, forget, me)}


async def obey(bot: Bot) -> None:
    """One line after the other."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            words = json.loads(line)
            tell({"done": await DEEDS[words.pop("do")](bot.client, **words)})
        except requester.HTTPRequester.APIRequestFailed as error:
            tell({"refused": error.err_code})


async def main(url: str, token: str) -> None:
    receiver.API = requester.API = f"{url}/api/v3"
    receiver.asyncio = Hurried()
    bot = Bot(token)
    bot.add_message_handler(heard, MessageTypes.SYS)
    for kind in (EventTypes.JOINED_GUILD, EventTypes.ADDED_REACTION):
        bot.add_event_handler(kind, happened)
    await asyncio.gather(bot.start(), obey(bot))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
