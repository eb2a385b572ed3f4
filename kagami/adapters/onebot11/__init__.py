"""OneBot 11 implementations (NapCat and its kin), whichever side dials."""

from kagami.adapters.onebot11.link import ForwardBot, OneBotReception

__all__ = ["ForwardBot", "OneBotReception"]
