"""People within an engine: made of its store and its secret, with the first operator where nobody is one yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from kagami.config import ADMIN_PASSWORD, Settings
from kagami.core.secrets import HIDDEN, Secret
from kagami.engine.tools import Tools
from kagami.errors import Conflict, SettingError, UsageError
from kagami.i18n import Translate
from kagami.operations.people import SetupCode

if TYPE_CHECKING:
    from kagami.engine import Engine
    from kagami.people.desk import PeopleDesk

SIGNING = ("web.jwt_secret", "web.jwt_secret_before")


async def open_people(tools: Tools) -> PeopleDesk:
    """The people of an engine; `SettingError` when the first operator's password is guessed early."""
    from kagami.people.access import signing_secrets  # noqa: PLC0415
    from kagami.people.desk import PeopleDesk  # noqa: PLC0415

    def signing(now: Settings) -> Sequence[Secret]:
        return signing_secrets(now.web.jwt_secret, now.web.jwt_secret_before)

    given = tools.settings.admin_password
    desk = PeopleDesk(tools.store, tools.clock, signing=signing(tools.settings))
    tools.live.on(SIGNING, lambda now: desk.access.rotate(*signing(now)))
    try:
        if given:
            await desk.keep_first(given)
    except UsageError as error:
        t = tools.translate
        fix = t("Give a longer one, or unset it.")
        raise SettingError(
            key=ADMIN_PASSWORD, value=HIDDEN, origin=t("the environment"), reason=error.text(t), fix=fix
        ) from None
    return desk


async def invite(engine: Engine, terminal: TextIO, t: Translate) -> None:
    """Show the code with which the first operator is made, where nobody is one yet. `terminal` is a person's."""
    try:
        code = await engine.call(SetupCode())
    except Conflict:
        return
    terminal.write(t("Nobody can log in yet. Code to make the first operator: {code}").format(code=code.code) + "\n")
    terminal.flush()
