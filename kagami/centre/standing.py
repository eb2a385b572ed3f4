"""Puts the files that run a NapCat beside Kagami into the home."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from kagami.adapters.napcat.stand import FOLDER, Stand, stand
from kagami.config import Settings
from kagami.errors import Conflict, Refused
from kagami.i18n import Translate, mark

TOKEN_BYTES = 24


def take_away(folder: Path, made: Stand) -> None:
    """Remove the files again, and the folders that were made for them."""
    for name in made.files:
        (folder / name).unlink(missing_ok=True)
    for each in (*{(folder / name).parent for name in made.files} - {folder}, folder):
        with suppress(OSError):  # something else is in it
            each.rmdir()


def put_napcat(settings: Settings, t: Translate, *, force: bool = False) -> tuple[Path, Stand]:
    """The folder and what is in it, for the owner alone. `Conflict` for a file that is there already.

    `Refused` when the gateway takes any free port: NapCat has to know it.
    """
    if not settings.gateway.port:
        raise Refused(reason=t(mark("NapCat has to know the gateway's port: set gateway.port first.")))
    folder = settings.home.path / FOLDER
    made = stand(
        settings.gateway_url,
        settings.gateway.token.reveal(),
        secrets.token_urlsafe(TOKEN_BYTES),
        user=os.getuid(),
        group=os.getgid(),
        explained=t(mark("NapCat beside Kagami. Start it with: docker compose up -d")),
    )
    if not force and any(bot.name == FOLDER for bot in settings.bots):
        raise Conflict(reason=t(mark("There is a bot named {} already.")).format(FOLDER))
    for name in made.files:
        if (folder / name).exists() and not force:
            raise Conflict(reason=t(mark("{} is already there.")).format(folder / name))
    for name, text in made.files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(text.encode())
        draft.replace(path)
    return folder, made
