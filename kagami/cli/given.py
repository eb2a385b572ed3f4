"""What was said on the line for every command, whichever it is. Loads no library that reads lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kagami.home import Home, locate
from kagami.i18n import Translate

if TYPE_CHECKING:
    from kagami.config import Settings

_COMMAND = re.compile(r"\bkagami(?=`| (?:attach|bots|doctor|init|migrate|plugins?|run|system|workers)\b)")


@dataclass(slots=True)
class Globals:
    """Filled while the line is parsed. The first three are known before: they are needed for its help."""

    t: Translate
    language: str
    environ: MutableMapping[str, str]
    asked_language: str | None = None
    home: Path | None = None
    asked_config: Path | None = None
    as_json: bool = False

    @property
    def place(self) -> Home:
        return locate(self.home, self.environ, self.t)

    @property
    def config(self) -> Path | None:
        """The file to read in place of the home's: what `--config` names, else `KAGAMI_CONFIG`."""
        kept = self.environ.get("KAGAMI_CONFIG")
        return self.asked_config or (Path(kept) if kept else None)

    def hint(self, text: str) -> str:
        """A text with commands that can be run as they stand there, also for another home than the usual one."""
        return _COMMAND.sub(lambda _: self.program, text)

    @property
    def program(self) -> str:
        """What is typed to reach this home."""
        return "kagami" if self.home is None else f"kagami --home {shlex.quote(str(self.home))}"

    def settings(self, *, create: bool = True, skip: Collection[str] = ()) -> Settings:
        """The checked configuration without the keys to `skip`, or `SettingError`. `--lang` is the engine's language
        too.
        """
        from msgspec.structs import replace  # noqa: PLC0415 (most commands need no more than the home)

        from kagami.config import load  # noqa: PLC0415 (commands on a running engine need no configuration)

        found = load(self.place, environ=self.environ, config=self.config, t=self.t, create=create, skip=skip)
        language = found.language or self.asked_language or ""
        return replace(found, language=language)
