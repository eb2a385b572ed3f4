"""What an answer must be."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from kagami.core.words import STRING, Kind, Word, images_of, out_of_limits, words_of
from kagami.i18n import Translate
from kagami.model.event import Event


class Expected(NamedTuple):
    """`ge` and `le` bound numbers; durations in seconds."""

    kind: Kind
    ge: float | None = None
    le: float | None = None

    def read(self, event: Event) -> Any:
        """The value in a message, or `ValueError`."""
        if self.kind.image:
            pictures = images_of(event.message)
            if not pictures:
                raise ValueError("no picture")
            return pictures[0]
        if self.kind is STRING:
            if not (text := event.text.strip()):
                raise ValueError("no text")
            return text
        words = words_of(event.message)
        if not words:
            raise ValueError("no word")
        if len(words) == 1:
            return self.kind.read(words[0])
        return self.kind.read(Word(event.text.strip(), 0))

    def fits(self, event: Event) -> bool:
        with suppress(ValueError):
            self.read(event)
            return True
        return False

    def judge(self, event: Event, t: Translate) -> tuple[Any, str]:
        """The value and nothing, or None and what is wrong with it, to be said."""
        try:
            value = self.read(event)
        except ValueError:
            return None, t("Please answer with {expected}.").format(expected=self.kind.expected(t))
        problem = out_of_limits(value, ge=self.ge, le=self.le)
        return (value, "") if problem is None else (None, t(problem[0]).format(limit=problem[1]))
