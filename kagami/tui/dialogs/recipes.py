"""What to paste into an application. Its token is hidden: a key of its own asks before it is copied or shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.once import Once
from kagami.tui.dialogs.reader import Reader
from kagami.tui.format import fold, visible
from kagami.tui.keys import Action
from kagami.tui.recipes import Recipe
from kagami.tui.shell import Question, Shell
from kagami.tui.widgets.painted import Line, Span


class Recipes(Reader):
    """A page for each application."""

    WIDTH: ClassVar[int] = 96
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("recipes.before", ("left", "shift+tab"), mark("before"), mark("The application before"), hint=False),
        Action("recipes.next", ("right", "tab"), mark("next"), mark("The next application")),
        Action("recipes.copy", ("y",), mark("copy"), mark("Copy the lines, without the token")),
        Action("recipes.token", ("t",), mark("with the token"), mark("Copy the lines with the token in them…")),
        *Reader.ACTIONS,
    )

    def __init__(self, shell: Shell, name: str, recipes: Sequence[Recipe], token: str) -> None:
        self._worker = name
        self._recipes = tuple(recipes)
        self._token = token
        self._place = 0
        super().__init__(shell)

    @property
    def recipe(self) -> Recipe:
        return self._recipes[self._place]

    def verbs(self) -> Mapping[str, Verb]:
        return {
            **super().verbs(),
            "recipes.before": lambda: self.action_turn(self._place - 1),
            "recipes.next": lambda: self.action_turn(self._place + 1),
            "recipes.copy": lambda: self.shell.copy(self.recipe.text()),
            "recipes.token": self._with_token,
        }

    def refusal(self, action: Action) -> str:
        if action.id == "recipes.token" and not (self.recipe.secret and self._token):
            return self.t(mark("there is no token in these lines"))
        return super().refusal(action)

    def hinted(self) -> Iterable[Action]:
        return (action for action in super().hinted() if not self.refusal(action))

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("Paste into {worker}")).format(worker=visible(self._worker)), ""

    def tall(self, height: int) -> int:
        """As tall as the longest page, so that the box stands still."""
        width = min(self.WIDTH, self.size.width - 2) - 4
        return min(height - 4, max(len(self._page(each, width)) for each in self._recipes) + 2)

    def text(self, width: int) -> Sequence[Line]:
        return self._page(self.recipe, width)

    def _page(self, recipe: Recipe, width: int) -> list[Line]:
        tier = self.shell.looks.text
        rows: list[Line] = [self._tabs(), ()]
        rows += [[Span(f" {piece}", "dim")] for piece in fold(self.t(recipe.told), width - 2)]
        rows.append(())
        for line in recipe.lines:
            shown = visible(line, tier)
            indent = " " * (len(shown) - len(shown.lstrip(" ")))
            pieces = fold(shown[len(indent) :], max(8, width - len(indent) - 4)) or [""]
            rows += [[Span(f"   {indent}{piece}", "strong")] for piece in pieces]
        return [*rows, ()]

    def _tabs(self) -> Line:
        spans: list[Span] = [Span(" ")]
        for place, recipe in enumerate(self._recipes):
            here = place == self._place
            text = f"[{recipe.app}]" if here else f" {recipe.app} "
            spans.append(Span(text, "title" if here else "text", f"screen.turn({place})"))
        return spans

    def action_turn(self, place: int) -> None:
        self._place, self.top = place % len(self._recipes), 0
        self.repaint()

    async def _with_token(self) -> None:
        t = self.t
        question = Question(
            t(mark("Take the token too?")),
            (
                (t(mark("Who has it")), t(mark("reads all that the application may see, and speaks as its bots"))),
                (t(mark("Copied")), t(mark("it is in the clipboard then, until something else is"))),
            ),
            keep=t(mark("Leave it hidden")),
            go=t(mark("Copy with it")),
        )
        chosen = await self.shell.choose(question, (question.keep, t(mark("Show it")), question.go))
        if chosen == 1:
            told = t(mark("y copies it"))
            await self.app.push_screen_wait(Once(self.shell, t(mark("The token")), self._token, told))
        elif chosen:
            self.shell.copy(self.recipe.text(self._token))
