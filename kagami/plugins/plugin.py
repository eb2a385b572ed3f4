"""`Plugin`: what an author declares. Declaring has no effect; the host registers it when the plugin is activated."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints, overload

from kagami.core.command import Cooldown, Grammar, grammar_of, read_cooldown
from kagami.core.timetable import Missed, Timetable, read_timetable
from kagami.plugins.context import Context, Lifetime, Sayable
from kagami.plugins.patterns import Pattern
from kagami.plugins.settings import S, Settings

P = ParamSpec("P")
R = TypeVar("R", bound=Sayable | None)
Handler = Callable[..., Awaitable[Sayable | None]]
Hook = Callable[[Lifetime[S]], Awaitable[None]]
HookT = TypeVar("HookT", bound=Callable[..., Awaitable[None]])

Upgraded = tuple[str, Any] | None
Upgrade = Callable[[str, Any], Upgraded]
UpgradeT = TypeVar("UpgradeT", bound=Upgrade)

KINDS = frozenset({"message", "notice", "request"})


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """`names` are the name and its aliases as declared; `max_age` is in seconds, None for the plugin's.

    `summary` is one text, or one for each language by its name (`en`, `zh`).
    """

    names: tuple[str, ...]
    handler: Handler
    grammar: Grammar
    summary: str | Mapping[str, str]
    cooldown: Cooldown | None = None
    max_age: float | None = None
    operator: bool = False
    role: str = "member"

    def summary_in(self, language: str) -> str:
        """English where there is none in this language."""
        if isinstance(self.summary, str):
            return self.summary
        return self.summary.get(language) or self.summary.get("en", "")


@dataclass(frozen=True, slots=True, eq=False)
class Intent:
    pattern: Pattern
    handler: Handler
    max_age: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Watcher:
    """`event` is a kind (`message`, `notice`, `request`), the name of an event, or the part of it before the dot."""

    event: str
    handler: Handler


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What is run when something that was scheduled is due. `kind` is the type of its data, None when it takes none."""

    name: str
    handler: Handler
    kind: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Regular:
    """A job with a timetable of its own. `missed` says what becomes of runs that nobody was there for."""

    job: str
    timetable: Timetable
    missed: Missed


@dataclass(slots=True)
class Declared:
    """All that a plugin declared, in order. `climb` upgrades a value through all states at once, in a process."""

    commands: list[Command] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    watchers: list[Watcher] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    regulars: list[Regular] = field(default_factory=list)
    upgrades: dict[int, Upgrade] = field(default_factory=dict)
    climb: Callable[[int, str, Any], Awaitable[Upgraded]] | None = None
    starts: list[Hook[Any]] = field(default_factory=list)
    stops: list[Hook[Any]] = field(default_factory=list)


class Plugin(Generic[S]):
    """A plugin's declarations. `max_age` (seconds) is how old a command may be when its turn comes.

    `state` numbers the form of what it keeps in its store: raise it, and declare an `upgrade`, when the form changes.
    """

    @overload
    def __init__(self: Plugin[Settings], *, max_age: float | None = None, state: int = 1) -> None: ...

    @overload
    def __init__(self, *, settings: type[S], max_age: float | None = None, state: int = 1) -> None: ...

    def __init__(self, *, settings: type[Any] = Settings, max_age: float | None = None, state: int = 1) -> None:
        if not issubclass(settings, Settings):
            raise TypeError("settings must be a class derived from kagami.plugins.api.Settings")
        self.settings: type[Any] = settings
        self.max_age = max_age
        self.state = state
        self.declared = Declared()

    def command(
        self,
        name: str,
        *,
        aliases: Sequence[str] = (),
        cooldown: str = "",
        max_age: float | None = None,
        summary: str | Mapping[str, str] = "",
        operator: bool = False,
        role: str = "member",
    ) -> Callable[
        [Callable[Concatenate[Context[S], P], Awaitable[R]]], Callable[Concatenate[Context[S], P], Awaitable[R]]
    ]:
        """Declare a command; the handler's signature is its grammar, its docstring's first line the `summary`.

        `summary={"en": …, "zh": …}` is shown in the language in which Kagami answers.
        `cooldown` is like `5/min/user`, `1/30s/chat` or `100/h/global`. `operator` makes it a `#` command.
        `role` is who may use it: `member`, `admin` or `owner` of the group (each holds those before it), `super` for
        super admins, or the name of a role that operators give to people.
        """
        names = (name, *aliases)
        for each in names:
            if each != each.strip() or len(each.split()) > 1 or not (each or operator):
                raise ValueError(f"{each!r} cannot be a command's name: it needs at least one sign and no spaces")
        limit = read_cooldown(cooldown) if cooldown else None

        def declare(
            handler: Callable[Concatenate[Context[S], P], Awaitable[R]],
        ) -> Callable[Concatenate[Context[S], P], Awaitable[R]]:
            _check_async(handler)
            shown = summary or (inspect.getdoc(handler) or "").partition("\n")[0]
            grammar = grammar_of(handler)
            self.declared.commands.append(Command(names, handler, grammar, shown, limit, max_age, operator, role))
            return handler

        return declare

    def intent(
        self, *, keywords: Sequence[str] = (), regex: str = "", max_age: float | None = None
    ) -> Callable[[Callable[[Context[S]], Awaitable[R]]], Callable[[Context[S]], Awaitable[R]]]:
        """Declare a handler for messages that hold one of `keywords` or match `regex`.

        `regex` is one of RE2: linear in time, and only ASCII counts as a word character.
        A message that calls a command goes to no intent; of several intents that match, the first gets it.
        """
        pattern = Pattern(keywords, regex)

        def declare(handler: Callable[[Context[S]], Awaitable[R]]) -> Callable[[Context[S]], Awaitable[R]]:
            _check_async(handler)
            self.declared.intents.append(Intent(pattern, handler, max_age))
            return handler

        return declare

    def on(self, event: str) -> Callable[[Callable[[Context[S]], Awaitable[R]]], Callable[[Context[S]], Awaitable[R]]]:
        """Declare a handler for every event of a kind, or of a name such as `group_increase` or `group_increase.kick`.

        It sees also what commands and intents handled, after them. Answers to questions it does not see.
        """
        if not event:
            raise ValueError("an event needs a kind or a name")

        def declare(handler: Callable[[Context[S]], Awaitable[R]]) -> Callable[[Context[S]], Awaitable[R]]:
            _check_async(handler)
            self.declared.watchers.append(Watcher(event, handler))
            return handler

        return declare

    def cron(
        self, timetable: str, *, missed: Missed = "once", name: str = ""
    ) -> Callable[[Callable[[Context[S]], Awaitable[R]]], Callable[[Context[S]], Awaitable[R]]]:
        """Declare what is run by a timetable like `0 8 * * *` (minute, hour, day, month, weekday; local time).

        `missed` are the runs that fell into a time when Kagami was off: `skip` them, run `once` for all, or `all`.
        It is run once, however many processes there are, by the stable version.
        """
        return self._regular(read_timetable(timetable), missed, name)

    def every(
        self, interval: str, *, missed: Missed = "skip", name: str = ""
    ) -> Callable[[Callable[[Context[S]], Awaitable[R]]], Callable[[Context[S]], Awaitable[R]]]:
        """Declare what is run again and again, like `every("10min")`; otherwise as `cron`."""
        return self._regular(read_timetable(f"every {interval}"), missed, name)

    def job(self, name: str) -> Callable[[Handler], Handler]:
        """Declare what `ctx.jobs` may schedule under this name: `async def handler(ctx)` or `handler(ctx, data: T)`."""

        def declare(handler: Handler) -> Handler:
            _check_async(handler)
            if name in self.declared.jobs:
                raise ValueError(f"there are two jobs named {name!r}")
            self.declared.jobs[name] = Job(name, handler, _kind_of_data(handler))
            return handler

        return declare

    def upgrade(self, from_state: int) -> Callable[[UpgradeT], UpgradeT]:
        """Declare how one stored value of `from_state` reads in the next: `(key, value) -> (key, value)`, or None.

        It is called for every key when a version with a higher `state` serves first, and works on a copy: the older
        version keeps its own, so that both can serve side by side and a rollback finds what it left.
        """

        def declare(upgrade: UpgradeT) -> UpgradeT:
            self.declared.upgrades[from_state] = upgrade
            return upgrade

        return declare

    def start(self, hook: Callable[[Lifetime[S]], Awaitable[None]]) -> Callable[[Lifetime[S]], Awaitable[None]]:
        """Declare what is run before the plugin serves its first event; a failure keeps it from serving."""
        _check_async(hook)
        self.declared.starts.append(hook)
        return hook

    def stop(self, hook: Callable[[Lifetime[S]], Awaitable[None]]) -> Callable[[Lifetime[S]], Awaitable[None]]:
        """Declare what is run after the plugin served its last event, before its scope is undone."""
        _check_async(hook)
        self.declared.stops.append(hook)
        return hook

    def _regular(
        self, timetable: Timetable, missed: Missed, name: str
    ) -> Callable[[Callable[[Context[S]], Awaitable[R]]], Callable[[Context[S]], Awaitable[R]]]:
        def declare(handler: Callable[[Context[S]], Awaitable[R]]) -> Callable[[Context[S]], Awaitable[R]]:
            title = name or handler.__name__
            self.job(title)(handler)
            self.declared.regulars.append(Regular(title, timetable, missed))
            return handler

        return declare


def _check_async(handler: Callable[..., Any]) -> None:
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(f"{handler.__qualname__} must be an async function")


def _kind_of_data(handler: Handler) -> Any:
    """The type of a job's second parameter; None when it has none."""
    names = list(inspect.signature(handler).parameters)
    return get_type_hints(handler).get(names[1], Any) if len(names) > 1 else None
