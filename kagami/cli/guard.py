"""`kagami guard mask`: what the privacy guard does to texts, with or without an engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from kagami.cli.options import Command, Globals
from kagami.cli.printed import as_json
from kagami.i18n import Translate


def mask_command(t: Translate) -> Command:
    return Command(
        "mask",
        t,
        callback=_mask,
        params=[
            click.Argument(["words"], nargs=-1, metavar="[TEXT]"),
            click.Option(["--text"], metavar=t("TEXT"), help=t("Without it, every line of standard input is one.")),
            click.Option(["--kinds"], default="", metavar=t("TEXT"), help=t("Of these only, such as phone,mail.")),
        ],
        help=t("Show what the privacy guard does to a text."),
    )


@click.pass_obj
def _mask(given: Globals, /, words: tuple[str, ...], text: str | None, kinds: str) -> int:
    from kagami.core.privacy.desk import PrivacyDesk  # noqa: PLC0415 (loads all patterns)
    from kagami.operations.privacy import Masked, read_kinds  # noqa: PLC0415

    wanted = read_kinds(kinds)
    desk = PrivacyDesk(given.settings(create=False).privacy)
    texts = _lines() if text is None and not words else [" ".join(words) if text is None else text]
    for masked in desk.inspect_all(map(_readable, texts), wanted):
        click.echo(as_json(Masked(*masked)))
    return 0


def _lines() -> Iterator[str]:
    """Each as it comes, without its end."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


def _readable(text: str) -> str:
    """Without the bytes of an argument that are no text."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
