"""What a person can do with people, tokens and sessions: what is asked before, and how a secret is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from textual.app import App

from kagami.core.scopes import ROLES, is_scope
from kagami.i18n import mark
from kagami.operations import registry
from kagami.operations.people import (
    Add,
    Disable,
    Enable,
    EndSession,
    MakeToken,
    NewPassword,
    NewToken,
    Remove,
    RevokeToken,
    Role,
    SetPassword,
    SetRole,
)
from kagami.ports import PersonRow, SessionRow, TokenRow
from kagami.tui.dialogs.once import Once
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.dialogs.several import Several
from kagami.tui.format import visible
from kagami.tui.shell import Leave, Question, Shell

CUSTOM: Role = "custom"
WORDS = (mark("viewer"), mark("operator"), mark("admin"), mark("custom"))
_ROLES = {
    "viewer": mark("sees everything, changes nothing"),
    "operator": mark("changes bots, routes, plugins"),
    "admin": mark("everything, people too"),
    CUSTOM: mark("rights that you pick"),
}
_DAYS = {
    "0": mark("for ever, until it is revoked"),
    "30": mark("30 days"),
    "90": mark("90 days"),
    "365": mark("a year"),
}


@dataclass(slots=True)
class PeopleActs:
    """`app` shows the dialogs. Nobody can give a right that they do not have."""

    shell: Shell
    app: App[Leave]

    async def add(self) -> str:
        """Let somebody in; their name, empty when it was left."""
        t = self.shell.t
        name = ((await self.shell.prompt(t(mark("name of the new person")))) or "").strip()
        if not name:
            return ""
        chosen = await self._role(name, "viewer", ())
        if chosen is None:
            return ""
        role, scopes = chosen
        made: NewPassword = await self.shell.control.call(Add(name=name, role=role, scopes=list(scopes)))
        await self._show_password(made)
        return made.name

    async def change_role(self, person: PersonRow, sessions: int) -> None:
        """Their sessions end with it: rights are asked for when one logs in."""
        t = self.shell.t
        chosen = await self._role(person.name, person.role, person.scopes)
        if chosen is None or (chosen[0] == person.role and sorted(chosen[1]) == sorted(person.scopes)):
            return
        role, scopes = chosen
        to = self.shell.looks.glyphs.to
        facts = (
            (t(mark("Role")), f"{t(person.role)} {to} {t(role)}"),
            (t(mark("Sessions")), t(mark("{count} end; they log in again")).format(count=sessions)),
            (t(mark("Undo")), t(mark("yes: u gives the role back"))),
        )
        head = t(mark("Change the role of {name}?")).format(name=visible(person.name))
        if await self.shell.ask(Question(head, facts, t(mark("Keep it")), t(mark("Change it")))):
            await self.shell.control.call(SetRole(name=person.name, role=role, scopes=list(scopes)))
            before = list(person.scopes) if person.role == CUSTOM else []
            way_back = SetRole(name=person.name, role=cast("Role", person.role), scopes=before)
            self.shell.changed(f"{person.name} {t(person.role)}", way_back)
            self.shell.say(f"{visible(person.name)}: {t(role)}", t(mark("u puts it back")))

    async def set_password(self, person: PersonRow, sessions: int) -> None:
        t = self.shell.t
        facts = (
            (t(mark("What")), t(mark("a new password is made and shown once; the old one is void"))),
            (t(mark("Sessions")), t(mark("{count} end; they log in again")).format(count=sessions)),
            (t(mark("Undo")), t(mark("no: it is gone for good"))),
        )
        head = t(mark("Another password for {name}?")).format(name=visible(person.name))
        if await self.shell.ask(Question(head, facts, t(mark("Keep it")), t(mark("Make one")))):
            await self._show_password(await self.shell.control.call(SetPassword(name=person.name)))

    async def switch(self, person: PersonRow, sessions: int, tokens: int) -> None:
        """Keep somebody out, or let them in again."""
        t, name = self.shell.t, visible(person.name)
        if person.disabled:
            await self.shell.control.call(Enable(name=person.name))
            self.shell.changed(f"{person.name} {t(mark('locked out'))}", Disable(name=person.name))
            self.shell.say(t(mark("{name} may log in again")).format(name=name), t(mark("u puts it back")))
            return
        facts = (
            (t(mark("What")), t(mark("cannot log in, and nothing of theirs is let in"))),
            (t(mark("Sessions")), str(sessions)),
            (t(mark("Tokens")), str(tokens)),
            (t(mark("Undo")), t(mark("yes: u, or x again; sessions do not come back"))),
        )
        head = t(mark("Keep {name} out?")).format(name=name)
        if await self.shell.ask(Question(head, facts, t(mark("Leave them in")), t(mark("Keep out")))):
            await self.shell.control.call(Disable(name=person.name))
            self.shell.changed(f"{person.name} {t(mark('let in'))}", Enable(name=person.name))
            self.shell.say(t(mark("{name} is locked out")).format(name=name))

    async def remove(self, person: PersonRow, sessions: int, tokens: int) -> None:
        """For good: the name has to be typed."""
        t, name = self.shell.t, visible(person.name)
        facts = (
            (t(mark("What")), t(mark("removed for good, with all sessions and tokens"))),
            (t(mark("Sessions")), str(sessions)),
            (t(mark("Tokens")), str(tokens)),
            (t(mark("Stays")), t(mark("what they did, in the audit"))),
            (t(mark("Undo")), t(mark("no: it is gone for good"))),
        )
        head = t(mark("Remove {name}?")).format(name=name)
        if await self.shell.ask_name(Question(head, facts, t(mark("Keep them")), t(mark("Remove"))), person.name):
            await self.shell.control.call(Remove(name=person.name))
            self.shell.say(t(mark("{name} was removed")).format(name=name))

    # Tokens and sessions.

    async def make_token(self) -> str:
        """Make an API token and show it once; its id, empty when it was left."""
        t = self.shell.t
        name = ((await self.shell.prompt(t(mark("what is the token for? a name")))) or "").strip()
        scopes = await self._scopes(name, ()) if name else None
        if not scopes:
            return ""
        offers = [Offer(days, t(text)) for days, text in _DAYS.items()]
        days = await self.app.push_screen_wait(Pick(self.shell, t(mark("How long is it valid?")), offers))
        if days is None:
            return ""
        made: NewToken = await self.shell.control.call(MakeToken(name=name, scopes=list(scopes), days=int(days)))
        told = t(mark("It is shown this once. A program sends it as: Authorization: Bearer …"))
        head = t(mark("The token {name}")).format(name=visible(name))
        await self.app.push_screen_wait(Once(self.shell, head, made.token, told))
        return made.row.id

    async def revoke(self, token: TokenRow) -> None:
        t = self.shell.t
        facts = (
            (t(mark("Rights")), " ".join(token.scopes)),
            (t(mark("What")), t(mark("programs that use it are refused at once"))),
            (t(mark("Undo")), t(mark("no: make another one"))),
        )
        head = t(mark("Revoke the token {name}?")).format(name=visible(token.name))
        if await self.shell.ask(Question(head, facts, t(mark("Keep it")), t(mark("Revoke")))):
            await self.shell.control.call(RevokeToken(id=token.id))
            self.shell.say(t(mark("{name} was revoked")).format(name=visible(token.name)))

    async def end(self, session: SessionRow) -> None:
        await self.shell.control.call(EndSession(id=session.id))
        told = self.shell.t(mark("{name} was logged out of {address}"))
        self.shell.say(told.format(name=visible(session.person), address=visible(session.address)))

    # Picking.

    async def _role(self, name: str, before: str, scopes: Sequence[str]) -> tuple[Role, Sequence[str]] | None:
        t = self.shell.t
        offers = [
            Offer(role, t(role), t(text))
            for role, text in _ROLES.items()
            if not any(self.shell.lacks(scope) for scope in ROLES.get(role, ()))
        ]
        offers.sort(key=lambda offer: offer.key != before)  # the present one is under the cursor
        head = t(mark("What may {name} do?")).format(name=visible(name))
        chosen = await self.app.push_screen_wait(Pick(self.shell, head, offers))
        if chosen is None:
            return None
        if chosen != CUSTOM:
            return cast("Role", chosen), ()
        picked = await self._scopes(name, scopes)
        return (CUSTOM, picked) if picked else None

    async def _scopes(self, name: str, ticked: Sequence[str]) -> Sequence[str] | None:
        t = self.shell.t
        head = t(mark("Rights of {name}")).format(name=visible(name))
        return await self.app.push_screen_wait(Several(self.shell, head, self.offers(), ticked))

    def offers(self) -> list[Offer]:
        """Every right that can be given, with what it allows."""
        t = self.shell.t
        verbs: dict[str, list[str]] = {"*:read": [t(mark("see everything"))], "*": [t(mark("everything"))]}
        for each in sorted(registry().by_name.values(), key=lambda found: (found.topic, found.scope)):
            if is_scope(each.scope) and not each.scope.startswith("own:"):
                verbs.setdefault(each.scope, []).append(each.verb)
        return [Offer(scope, scope, ", ".join(names)) for scope, names in verbs.items() if not self.shell.lacks(scope)]

    async def _show_password(self, made: NewPassword) -> None:
        t = self.shell.t
        told = t(mark("It is shown this once. Give it to them; they can change it after they have logged in."))
        head = t(mark("The password of {name}")).format(name=visible(made.name))
        await self.app.push_screen_wait(Once(self.shell, head, made.password, told))
