"""One tip for each place, shown in the line of the breadcrumb at the first visit, once."""

from __future__ import annotations

from collections.abc import Mapping

from kagami.i18n import mark

TIPS: Mapping[str, str] = {
    "overview": mark("Space shows what can be done, wherever you are."),
    "bots": mark("f puts a letter on everything you can go to."),
    "logs": mark("Enter opens a line; o leads from it to the message behind it."),
    "plugins": mark("u undoes the last change, here and everywhere."),
    "routes": mark("Explain a message before you save the rules."),
    "chats": mark("z gives one pane the whole place, and takes it back."),
    "trace": mark("t looks at an earlier moment, 0 is now again."),
    "sandbox": mark("What you write here goes to your plugins and to nobody else."),
    "settings": mark("Every setting says where its value comes from."),
}
