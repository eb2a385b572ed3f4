"""How commands that look for mistakes show what they found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kagami.cli.printed import as_json
from kagami.log import escape
from kagami.ports import Finding

if TYPE_CHECKING:
    from kagami.cli.options import Globals

__all__ = ["Finding", "tell_findings"]


def tell_findings(findings: Sequence[Finding], given: Globals) -> int:
    """Show them, as JSON or a line each with its fix below; 1 when one of them is bad, else 0."""
    from kagami.cli.show import pad, width  # noqa: PLC0415

    bad = int(any(each.state == "bad" for each in findings))
    if given.as_json:
        click.echo(as_json(findings))
        return bad
    words = {"ok": given.t("ok"), "warn": given.t("look"), "bad": given.t("BAD")}
    widest = max(width(word) for word in words.values())
    for each in findings:
        told = given.t("{subject}: {text}").format(subject=escape(each.subject), text=escape(each.text))
        click.echo(f"{pad(words[each.state], widest)}  {told}")
        if each.fix:
            click.echo(f"{' ' * widest}  → {escape(given.hint(each.fix))}")
    return bad
