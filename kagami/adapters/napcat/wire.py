"""What NapCat's WebUI answers, as far as it is read here (NapCat 4.18)."""

from __future__ import annotations

from typing import Any

import msgspec

Uin = str | int


class Envelope(msgspec.Struct, frozen=True):
    """Around every answer: `code` is 0 or -1, `message` says what went wrong."""

    code: int
    message: str = ""
    data: Any = None


class LoginStatus(msgspec.Struct, frozen=True):
    """`isLogin` is true only while QQ is online; `isOffline` when its session was ended by somebody else."""

    isLogin: bool = False  # noqa: N815 - NapCat's names, here and below
    isOffline: bool = False  # noqa: N815
    qrcodeurl: str | None = None
    loginError: str | None = None  # noqa: N815


class QrCode(msgspec.Struct, frozen=True):
    qrcode: str = ""


class QuickAccount(msgspec.Struct, frozen=True):
    """An account that this NapCat has logged in before."""

    uin: Uin
    nickName: str | None = None  # noqa: N815
    isQuickLogin: bool = True  # noqa: N815


class LoggedIn(msgspec.Struct, frozen=True):
    uin: Uin = ""
    nick: str | None = None
    online: bool | None = None


class PasswordOutcome(msgspec.Struct, frozen=True):
    """What a password login still wants; nothing when it is through."""

    needCaptcha: bool = False  # noqa: N815
    proofWaterUrl: str = ""  # noqa: N815
    needNewDevice: bool = False  # noqa: N815
    jumpUrl: str = ""  # noqa: N815
    newDevicePullQrCodeSig: str = ""  # noqa: N815


class DeviceQr(msgspec.Struct, frozen=True):
    str_url: str = ""
    bytes_token: str = ""


class DeviceStatus(msgspec.Struct, frozen=True):
    """0 waits, 3 is scanned, 1 is confirmed."""

    uint32_guarantee_status: int = 0
    str_nt_succ_token: str = ""


class DebugPlace(msgspec.Struct, frozen=True):
    """Where the WebUI's own OneBot connection is."""

    adapterName: str  # noqa: N815
    token: str
