"""`kagami` and `kagami run`, as they are mostly written, are read here and not by the library that reads all other
lines: what it loads with the other commands would hold up the first picture, and stay for as long as the engine runs.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kagami.cli.given import Globals
from kagami.errors import KagamiError
from kagami.i18n import LANGUAGES, choose, translator

INTERRUPTED = 130
ROLES, LOG_FORMATS = ("all", "gateway", "worker"), ("text", "json")
# What an option may be; None is any text.
_SHARED: dict[str, tuple[str, ...] | None] = {"--home": None, "--config": None, "--lang": LANGUAGES, "--json": ()}
_OWN: dict[str, tuple[str, ...] | None] = {"--role": ROLES, "--log-format": LOG_FORMATS}


@dataclass(slots=True)
class Line:
    """`kagami` alone, which opens the terminal UI, or `kagami run`: the values of its options by their names."""

    environ: MutableMapping[str, str]
    options: dict[str, str] = field(default_factory=dict)
    faceless: bool = False

    def run(self) -> int:
        """Run it; returns the exit code."""
        asked = self.options.get("--lang")
        language = choose(asked or self.environ.get("KAGAMI_LANGUAGE"), self.environ)
        home, config = self.options.get("--home"), self.options.get("--config")
        given = Globals(
            translator(language),
            language,
            self.environ,
            asked_language=asked,
            home=Path(home) if home else None,
            asked_config=Path(config) if config else None,
            as_json="--json" in self.options,
        )
        survive_odd_encodings()
        try:
            if self.faceless:
                return serve(given, self.options.get("--role"), self.options.get("--log-format", "text"))
            from kagami.cli.console import Looks, open_console  # noqa: PLC0415

            return open_console(given, Looks())
        except KagamiError as error:
            from kagami.cli.options import tell  # noqa: PLC0415 (nothing runs that it would burden)

            return tell(error, given)
        except KeyboardInterrupt:
            return INTERRUPTED


def read(words: Sequence[str], environ: MutableMapping[str, str]) -> Line | None:
    """The line, when it is `[options] [run [options]]` and nothing about it is wrong or needs an answer."""
    line, known, left = Line(environ), dict(_SHARED), iter(words)
    for word in left:
        if word == "run" and not line.faceless:
            line.faceless = True
            known |= _OWN
            continue
        name, value = _option(word, left, known)
        if value is None:
            return None
        line.options[name] = value
    return line


def _option(word: str, left: Iterator[str], known: dict[str, tuple[str, ...] | None]) -> tuple[str, str | None]:
    """The name and the value of an option; no value when the one or the other is not right."""
    name, equals, value = word.partition("=")
    if name not in known:
        return name, None
    allowed = known[name]
    if allowed == ():
        return name, None if equals else "yes"
    value = value if equals else next(left, "")
    right = value in allowed if allowed else bool(value) and not value.startswith("-")
    return name, value if right else None


def serve(given: Globals, role: str | None, log_format: str) -> int:
    """An engine without a terminal UI, until it is told to stop."""
    if role is not None:
        given.environ["KAGAMI_CLUSTER__ROLE"] = role
    settings = given.settings()
    from kagami.app import run_headless  # noqa: PLC0415 (loads the engine)

    return run_headless(settings, as_json=log_format == "json")


def survive_odd_encodings() -> None:
    """A character that the terminal cannot show is written as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
