"""Templates of what is wrong with a plugin's manifest, with a plugin that serves, and with a key that signs."""

from __future__ import annotations

from kagami.i18n import mark

PLUGIN_TEMPLATES = (
    mark("the command {} belongs to {}: give it another name in plugins.rename.{}"),
    mark("{} handlers ignore their cancellation"),
    mark("its process is not confined as it should be: this system has no {}"),
    mark("{} was recalled: {}"),
    mark("{} of its last {} events failed, {} of {} with the stable version."),
    mark("it is larger than 1 MiB"),
    mark("it cannot be read: {}"),
    mark("it is not JSON: {}"),
    mark("it must be a JSON object with the keys id, version and entry"),
    mark("{} is another name of {}: keep one of them"),
    mark("unknown key dialect: remove it"),
    mark("unknown key {}: remove it or correct its spelling"),
    mark("the key {} is missing: add it"),
    mark("id {}: use letters, digits, dots, dashes and underscores, at most 100"),
    mark(
        "api {} does not fit this Kagami, whose plugin API is {}: write {} when the plugin works "
        "with that, or use another Kagami"
    ),
    mark('entry: write it as "module:plugin", the module and the name of the Plugin in it'),
    mark("entry: it cannot be split into words: {}"),
    mark("entry: it names no program"),
    mark("permissions: {} is not one of {}"),
    mark("dependencies: {} is not a requirement like aiofiles>=24: {}"),
    mark("signature: write it as ed25519:<base64>, as `kagami plugin pack` does"),
    mark("files: {} needs a relative path and its SHA-256 in 64 hexadecimal digits"),
    mark("it is one of {}"),
    mark("{} cannot be made: {}"),
    mark("other users of this machine may open {}. Run: {}"),
)
