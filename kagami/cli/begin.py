"""`kagami init`: the first configuration, and on request a NapCat that fits it."""

from __future__ import annotations

from pathlib import Path

from kagami.adapters.napcat.stand import FOLDER
from kagami.centre.standing import put_napcat
from kagami.cli.options import Globals
from kagami.cli.template import write_template
from kagami.edits import Edit, FileEdits
from kagami.errors import Conflict, SettingError
from kagami.home import prepare


def begin(given: Globals, path: Path, *, force: bool) -> None:
    """Write the explained file and every secret; `Conflict` for a file that is there already."""
    prepare(given.place, given.t)
    if path.exists() and not force:
        raise Conflict(reason=given.t("{} is already there. Use --force to replace it.").format(path))
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(write_template(given.t), encoding="utf-8")
    draft.replace(path)
    given.settings()  # generates the secrets, and shows at once when the environment holds a mistake


def stand_napcat(given: Globals, path: Path, *, force: bool) -> Path:
    """Write the folder that runs NapCat, and the bot's table into the configuration; a table of its name is kept up."""
    settings = given.settings()
    there = set((settings.home.path / FOLDER).rglob("*"))
    folder, made = put_napcat(settings, given.t, force=force)
    names = [bot.name for bot in settings.bots]
    place = names.index(folder.name) if folder.name in names else len(names)
    file = FileEdits(path, given.t)
    raw = file.read()
    file.write(file.edited(raw, [Edit(("bots", place), made.bot)]))
    try:
        given.settings()
    except SettingError:  # as where another table is of the same account: nothing would start any more
        file.write(raw)
        for each in [folder / name for name in made.files if folder / name not in there]:
            each.unlink()
        raise
    return folder
