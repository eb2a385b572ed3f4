"""The settings: which models, when to speak, how much to remember and to say."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from kagami.plugins.api import Settings

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OpenAI-compatible address like `https://api.example.com/v1`; keys take turns, a call has so many `seconds`."""

    url: Annotated[str, msgspec.Meta(pattern="^https?://")]
    model: str
    keys: tuple[str, ...] = ()
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60.0

    @property
    def address(self) -> str:
        plain = self.url.rstrip("/")
        return plain if plain.endswith("/chat/completions") else f"{plain}/chat/completions"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "?"

    def __repr__(self) -> str:
        """Without the keys."""
        return f"Endpoint({self.model!r})"


class ChatSettings(Settings):
    """Lengths are in characters, times in seconds."""

    endpoints: Annotated[tuple[Endpoint, ...], msgspec.Meta(description="Models, the favourite first")] = ()
    language: Annotated[
        Literal["", "zh", "en"], msgspec.Meta(description="Language of the bot's own words; empty is Kagami's own")
    ] = ""
    system: Annotated[str, msgspec.Meta(description="System prompt; {group} and {date} are replaced")] = ""
    enabled: Annotated[bool, msgspec.Meta(description="Speak in chats where nobody said /chat on or off")] = True
    send_names: Annotated[bool, msgspec.Meta(description="Tell the model the names of members")] = True
    keywords: Annotated[tuple[str, ...], msgspec.Meta(description="Words to which it answers unasked")] = ()
    chance: Annotated[float, msgspec.Meta(ge=0, le=1, description="Share of messages answered unasked")] = 0.0
    cooldown: Annotated[float, msgspec.Meta(ge=0, description="Least seconds between talk unasked")] = 60.0
    quiet: Annotated[
        str, msgspec.Meta(pattern=rf"^({_CLOCK}-{_CLOCK})?$", description="No talk unasked then, like 23:00-07:30")
    ] = ""
    bots: Annotated[tuple[str, ...], msgspec.Meta(description="User ids of other bots, which get no answer")] = ()
    lines: Annotated[int, msgspec.Meta(ge=1, le=500, description="Messages to remember in each chat")] = 40
    characters: Annotated[int, msgspec.Meta(ge=200, le=200_000, description="Most characters of them to send")] = 6_000
    patience: Annotated[float, msgspec.Meta(gt=0, le=1_200, description="Most seconds for an answer")] = 150.0
    tokens: Annotated[int, msgspec.Meta(ge=1, description="Most tokens of an answer")] = 1_024
    temperature: (
        Annotated[
            float, msgspec.Meta(ge=0, le=2, description="How freely a model speaks; empty leaves it to the model")
        ]
        | None
    ) = None
    longest: Annotated[int, msgspec.Meta(ge=20, le=20_000, description="Most characters of an answer")] = 2_000
    piece: Annotated[int, msgspec.Meta(ge=20, le=5_000, description="Most characters of one message")] = 500
