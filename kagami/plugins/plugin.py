"""`Plugin`: what an author declares. Declaring has no effect; the host registers it when the plugin is activated."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from kagami.core.command import Cooldown, Grammar, grammar_of, read_cooldown
from kagami.plugins.context import Context, Lifetime, Sayable
from kagami.plugins.patterns import Pattern
from kagami.plugins.settings import S, Settings

P = ParamSpec("P")
R = TypeVar("R", bound=Sayable | None)
Handler = Callable[..., Awaitable[Sayable | None]]
Hook = Callable[[Lifetime[S]], Awaitable[None]]
HookT = TypeVar("HookT", bound=Callable[..., Awaitable[None]])

KINDS = frozenset({"message", "notice", "request"})


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """`names` are the name and its aliases as declared; `max_age` is in seconds, None for the plugin's."""

    names: tuple[str, ...]
    handler: Handler
    grammar: Grammar
    summary: str
    cooldown: Cooldown | None = None
    max_age: float | None = None
    operator: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Intent:
    pattern: Pattern
    handler: Handler
    max_age: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Watcher:
    """`event` is a kind (`message`, `notice`, `request`) or the exact name of an event."""

    event: str
    handler: Handler


@dataclass(slots=True)
class Declared:
    """All that a plugin declared, in order."""

    commands: list[Command] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    watchers: list[Watcher] = field(default_factory=list)
    starts: list[Hook[Any]] = field(default_factory=list)
    stops: list[Hook[Any]] = field(default_factory=list)


class Plugin(Generic[S]):
    """A plugin's declarations. `max_age` (seconds) is how old a command may be when its turn comes."""

    @overload
    def __init__(self: Plugin[Settings], *, max_age: float | None = None) -> None: ...

    @overload
    def __init__(self, *, settings: type[S], max_age: float | None = None) -> None: ...

    def __init__(self, *, settings: type[Any] = Settings, max_age: float | None = None) -> None:
        if not issubclass(settings, Settings):
            raise TypeError("settings must be a class derived from kagami.plugins.api.Settings")
        self.settings: type[Any] = settings
        self.max_age = max_age
        self.declared = Declared()

    def command(
        self,
        name: str,
        *,
        aliases: Sequence[str] = (),
        cooldown: str = "",
        max_age: float | None = None,
        summary: str = "",
        operator: bool = False,
    ) -> Callable[
        [Callable[Concatenate[Context[S], P], Awaitable[R]]], Callable[Concatenate[Context[S], P], Awaitable[R]]
    ]:
        """Declare a command; the handler's signature is its grammar, its docstring's first line the `summary`.

        `cooldown` is like `5/min/user`, `1/30s/chat` or `100/h/global`. `operator` makes it a `#` command.
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
            self.declared.commands.append(Command(names, handler, grammar, shown, limit, max_age, operator))
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
        """Declare a handler for every event of a kind, or of an exact name such as `group_increase.approve`.

        It sees also what commands and intents handled, after them. Answers to questions it does not see.
        """
        if not event:
            raise ValueError("an event needs a kind or a name")

        def declare(handler: Callable[[Context[S]], Awaitable[R]]) -> Callable[[Context[S]], Awaitable[R]]:
            _check_async(handler)
            self.declared.watchers.append(Watcher(event, handler))
            return handler

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


def _check_async(handler: Callable[..., Any]) -> None:
    if not inspect.iscoroutinefunction(handler):
        raise TypeError(f"{handler.__qualname__} must be an async function")
