"""How fast a bot may speak."""

from __future__ import annotations

from typing import Annotated

import msgspec

PerSecond = Annotated[float, msgspec.Meta(ge=0, le=1_000)]


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sends a second; 0 sets no limit, absent means the next wider setting: the bot's, the house's, the platform's."""

    account_per_second: PerSecond | None = None
    chat_per_second: PerSecond | None = None

    def over(self, wider: Pace) -> Pace:
        """This setting where it says something, else the wider one."""
        return Pace(
            account_per_second=wider.account_per_second if self.account_per_second is None else self.account_per_second,
            chat_per_second=wider.chat_per_second if self.chat_per_second is None else self.chat_per_second,
        )


# What platforms bear without risk control or rate-limit answers, on the safe side.
BY_PLATFORM = {
    "qq": Pace(account_per_second=5, chat_per_second=2),
    "feishu": Pace(account_per_second=20, chat_per_second=4),
    "sandbox": Pace(account_per_second=0, chat_per_second=0),
}
ELSEWHERE = Pace(account_per_second=5, chat_per_second=1)


def platform_pace(platform: str) -> Pace:
    return BY_PLATFORM.get(platform, ELSEWHERE)
