"""Which plugin's code stands in a stack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kagami.plugins.active import Active


class Suspects:
    """`named` holds the versions that were blamed, by plugin."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        self._places: tuple[tuple[str, str, str], ...] = ()

    def look(self, running: Iterable[Active]) -> None:
        """From here on these are looked for."""
        self._places = tuple((f"{each.folder}/", each.id, each.version) for each in running if each.folder)

    def blame(self, frames: Sequence[str]) -> str:
        """The plugin of the innermost of these files, which is among the `named` then. May be called in any thread."""
        places = self._places
        for file in reversed(frames):
            for folder, plugin, version in places:
                if file.startswith(folder):
                    self.named[plugin] = version
                    return plugin
        return ""
