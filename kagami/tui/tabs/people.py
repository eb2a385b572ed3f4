"""People: who may log in, their sessions, the tokens of programs, and super admins, in one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from kagami.i18n import mark
from kagami.operations.people import ListPeople, ListSessions, ListTokens
from kagami.ports import PersonRow, SessionRow, TokenRow
from kagami.tui import figures
from kagami.tui.draft import Draft
from kagami.tui.shell import Shell
from kagami.tui.tabs.tab import Tab
from kagami.tui.widgets.page import Page, fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import Column, LiveTable, Row

ADMINS = "admins"
COLUMNS = (
    Column(mark("who"), 18, grow=True),
    Column(mark("what"), 11),
    Column(mark("may"), 14, grow=True, drop=1),
    Column(mark("seen"), 6, "right"),
    Column(mark("from / until"), 15, drop=2),
)


class PeopleTab(Tab):
    """Rows by `person:`, `session:`, `token:` and `admin:` with what names each."""

    def __init__(self, shell: Shell, draft: Draft) -> None:
        super().__init__(shell, id="settings-people")
        self.draft = draft
        self.table = LiveTable(shell, COLUMNS, id="people-rows")
        self.table.empty = self._empty
        self.card = Page(shell, id="people-card")
        self.table_pane = Pane(shell, self.table, id="people-rows-pane")
        self.card_pane = Pane(shell, self.card, id="people-card-pane")
        self.known = False  # the engine has told who there is
        self.people: list[PersonRow] = []
        self.sessions: list[SessionRow] = []
        self.tokens: list[TokenRow] = []

    def compose(self) -> ComposeResult:
        yield self.table_pane
        yield self.card_pane

    async def read(self) -> None:
        control = self.shell.control
        self.people = await control.call(ListPeople())
        self.sessions = await control.call(ListSessions())
        self.tokens = await control.call(ListTokens())
        self.known = True
        self.show()

    def first(self) -> Widget:
        return self.table

    def subject(self) -> str:
        token, session = self.token, self.session
        named = token.name if token else session.person if session else ""
        return named or self.table.key.partition(":")[2]

    # What is marked.

    @property
    def person(self) -> PersonRow | None:
        return next((each for each in self.people if f"person:{each.name}" == self.table.key), None)

    @property
    def session(self) -> SessionRow | None:
        return next((each for each in self.sessions if f"session:{each.id}" == self.table.key), None)

    @property
    def token(self) -> TokenRow | None:
        return next((each for each in self.tokens if f"token:{each.id}" == self.table.key), None)

    @property
    def admin(self) -> str:
        return self.table.key.removeprefix("admin:") if self.table.key.startswith("admin:") else ""

    @property
    def ends(self) -> bool:
        """Whether what is marked can be ended from here."""
        return bool(self.person or self.session or self.token)

    def sessions_of(self, name: str) -> list[SessionRow]:
        return [each for each in self.sessions if each.person == name]

    def tokens_of(self, name: str) -> list[TokenRow]:
        return [each for each in self.tokens if each.owner == name]

    # Painting.

    def paint(self) -> None:
        self.show()

    def show(self) -> None:
        t = self.shell.t
        self.table.show(list(self._rows()) if self.known else [])
        counted = t(mark("people {people}, sessions {sessions}, tokens {tokens}"))
        numbers = {"people": len(self.people), "sessions": len(self.sessions), "tokens": len(self.tokens)}
        self.table_pane.label(t(mark("People")), counted.format(**numbers))
        self._show_card()

    def on_moved(self) -> None:
        self._show_card()

    def _rows(self) -> Iterator[Row]:
        for person in self.people:
            yield self._person(person)
            yield from map(self._session, self.sessions_of(person.name))
            yield from map(self._token, self.tokens_of(person.name))
        names = {person.name for person in self.people}
        yield from (self._token(each) for each in self.tokens if each.owner not in names)
        row = self.draft.rows.get(ADMINS)
        for admin in (row.value or ()) if row else ():
            what, may = self.shell.t(mark("super admin")), self.shell.t(mark("everything, by # in chats"))
            cells = (Span(admin, "strong"), Span(what, "accent"), Span(may), Span("-", "dim"), Span("-", "dim"))
            yield Row(f"admin:{admin}", cells)

    def _person(self, person: PersonRow) -> Row:
        t = self.shell.t
        role = Span(t(mark("locked out")), "warn") if person.disabled else Span(t(person.role), "accent")
        seen = max([person.login_ms, *(each.used_ms for each in self.sessions_of(person.name))])
        cells = (
            Span(person.name, "dim" if person.disabled else "strong"),
            role,
            Span(" ".join(person.scopes)),
            self._age(seen),
            Span("-", "dim"),
        )
        return Row(f"person:{person.name}", cells)

    def _session(self, session: SessionRow) -> Row:
        name = Span(f"  {self.shell.t(mark('session'))}")
        what = Span(self.shell.t(mark("logged in")), "good")
        return Row(
            f"session:{session.id}",
            (name, what, Span("-", "dim"), self._age(session.used_ms), Span(session.address)),
        )

    def _token(self, token: TokenRow) -> Row:
        until = self.shell.t(mark("until {when}")).format(when=figures.moment(token.expires_ms)[:5])
        indent = "  " if token.owner else ""
        cells = (
            Span(f"{indent}{token.name}"),
            Span(self.shell.t(mark("token")), "accent"),
            Span(" ".join(token.scopes)),
            self._age(token.used_ms),
            Span(until if token.expires_ms else "-", "dim"),
        )
        return Row(f"token:{token.id}", cells)

    def _age(self, at_ms: int) -> Span:
        if not at_ms:
            return Span(self.shell.t(mark("never")), "dim")
        return Span(figures.age((self.shell.clock.wall_ms() - at_ms) / 1000))

    def _show_card(self) -> None:
        self.card_pane.display = bool(self.table.rows)
        self.card_pane.label(self.subject())
        self.card.show(self._card)

    def _card(self, width: int) -> Sequence[Line]:
        t, looks = self.shell.t, self.shell.looks
        rows: list[Line] = []
        for name, value in self._facts():
            if value:
                rows += fact(t(name), value, width, looks)
        return rows

    def _facts(self) -> list[tuple[str, str]]:
        """About the marked row, with marked names."""
        t, person, token, session = self.shell.t, self.person, self.token, self.session
        if person is not None:
            counted = t(mark("sessions {sessions}, tokens {tokens}"))
            sessions, tokens = len(self.sessions_of(person.name)), len(self.tokens_of(person.name))
            return [
                (mark("role"), t(person.role)),
                (mark("rights"), " ".join(person.scopes)),
                (mark("state"), t(mark("locked out; x lets them in")) if person.disabled else t(mark("may log in"))),
                (mark("made"), _when(person.created_ms)),
                (mark("logged in"), _when(person.login_ms) or t(mark("never"))),
                (mark("has"), counted.format(sessions=sessions, tokens=tokens)),
            ]
        if token is not None:
            return [
                (mark("token"), f"{token.name}  {token.id}"),
                (mark("owner"), token.owner or t(mark("this machine's console"))),
                (mark("rights"), " ".join(token.scopes)),
                (mark("made"), _when(token.created_ms)),
                (mark("used"), _when(token.used_ms) or t(mark("never"))),
                (mark("until"), _when(token.expires_ms) or t(mark("for ever"))),
            ]
        if session is not None:
            return [
                (mark("session"), session.id),
                (mark("person"), session.person),
                (mark("from"), session.address),
                (mark("since"), _when(session.created_ms)),
                (mark("used"), _when(session.used_ms)),
                (mark("until"), _when(session.expires_ms)),
            ]
        return [(mark("admin"), self.admin), (mark("change"), t(mark("Enter opens the list")))] if self.admin else []

    def _empty(self) -> Sequence[Line]:
        t, width = self.shell.t, self.table.size.width
        told = (
            (mark("Nobody can log in yet"), "strong"),
            (
                mark(
                    "People log in to the web console and over HTTP. This machine's own console needs no login, and "
                    "super admins write # commands in chats."
                ),
                "text",
            ),
            (mark("a   adds the first one; a password is made and shown once"), "key"),
            (mark("T   makes a token for a program"), "key"),
        )
        return [(), *(line for text, role in told for line in paragraph(t(text), width, self.shell.looks, role, 3))]


def _when(at_ms: int) -> str:
    return figures.moment(at_ms) if at_ms else ""
