"""The pages of the documentation as tests read them: `path` is relative to `docs/`, the two READMEs lie above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
READMES = ("../README.md", "../README.zh-CN.md")
_NAV = re.compile(r"^ +- .+: (\S+\.md)$", re.MULTILINE)
_FENCE = re.compile(r"^(?:<!-- (?P<mark>.+?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")

NAV = _NAV.findall((ROOT / "mkdocs.yml").read_text("utf-8"))
ENGLISH = [page for page in NAV if not page.startswith("zh/")]
CHINESE = [page for page in NAV if page.startswith("zh/")]
ALL = [page for page in (*NAV, *READMES) if (DOCS / page).is_file()]


class Block(NamedTuple):
    """A fenced block of a page, with the line that it begins at. `plugin` is the last plugin before it on the page."""

    page: str
    line: int
    mark: str
    kind: str
    text: str
    plugin: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def blocks(page: str) -> Iterator[Block]:
    text, plugin = text_of(page), ""
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        block = Block(page, line, found["mark"] or "", found["kind"], found["text"], plugin)
        yield block
        if block.mark == "run" and "\nplugin = Plugin(" in block.text:
            plugin = block.text


def outside_fences(page: str) -> str:
    return _FENCE.sub("", text_of(page))


def inline(page: str) -> list[str]:
    """What stands in single backticks; it may go on in the next line."""
    return [found.replace("\n", " ") for found in _INLINE.findall(outside_fences(page))]


def shell_lines(page: str) -> Iterator[str]:
    """The lines of shell blocks, those that go on joined."""
    for block in blocks(page):
        if block.kind == "sh":
            yield from block.text.replace("\\\n", "").splitlines()
