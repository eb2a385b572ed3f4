"""How well private things are found: a labelled set in two languages, `{kind|value}` in each line of two files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kagami.core.privacy.finding import find
from kagami.core.privacy.span import KINDS, Span

_MARK = re.compile(r"\{(\w+)\|([^{}]*)\}")
LANGUAGES = ("zh", "en")


class Line(NamedTuple):
    text: str
    spans: tuple[Span, ...]


class Score(NamedTuple):
    """Exact spans: right ones, ones too many, ones that were missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def read(line: str) -> Line:
    text, spans, place = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[place : mark.start()]
        spans.append(Span(mark[1], len(text), len(text) + len(mark[2])))
        text += mark[2]
        place = mark.end()
    return Line(text + line[place:], tuple(spans))


def lines(half: int | None = None, language: str = "") -> Iterator[Line]:
    """The labelled lines; half 0 is what was looked at while patterns were written, half 1 was held out."""
    for name in (language,) if language else LANGUAGES:
        content = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        yield from (read(line) for place, line in enumerate(content) if half is None or place % 2 == half)


def scores(half: int | None = None, language: str = "") -> dict[str, Score]:
    """By kind."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for text, labels in lines(half, language):
        found, wanted = set(find(text)), set(labels)
        right.update(each.kind for each in found & wanted)
        wrong.update(each.kind for each in found - wanted)
        missed.update(each.kind for each in wanted - found)
    return {kind: Score(right[kind], wrong[kind], missed[kind]) for kind in KINDS}


def mistakes(half: int) -> Iterator[str]:
    """Lines where something else was found than is labelled, for whoever works on the patterns."""
    for text, labels in lines(half):
        found, wanted = set(find(text)), set(labels)
        if found != wanted:
            shown = [
                f"{sign}{each.kind}:{text[each.start : each.end]}"
                for sign, some in (("+", found - wanted), ("-", wanted - found))
                for each in some
            ]
            yield f"{text}   {' '.join(shown)}"


def figures() -> dict[str, dict[str, float]]:
    """Precision and recall by kind, of the whole set."""
    return {kind: {"precision": each.precision, "recall": each.recall} for kind, each in scores().items()}


def table_lines() -> Iterator[str]:
    """Both halves, by kind and language."""
    amount = sum(1 for _ in lines())
    heads = f"{'precision':>11}{'recall':>8}"
    yield f"privacy, {amount} lines{'':12}{'labelled':>9}{heads}{'held out:':>11}{heads}"
    for language in LANGUAGES:
        whole, out = scores(language=language), scores(1, language)
        for kind in KINDS:
            each, held = whole[kind], out[kind]
            yield (
                f"{language} {kind:27}{each.right + each.missed:>9}{each.precision:>11.3f}{each.recall:>8.3f}"
                f"{held.right + held.missed:>11}{held.precision:>11.3f}{held.recall:>8.3f}"
            )
