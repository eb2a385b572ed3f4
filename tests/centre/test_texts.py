from __future__ import annotations

from collections.abc import Iterator

from kagami.centre.keys import LEAVES, fields_of, tables_of
from kagami.centre.texts import GROUPS, TEXTS
from kagami.config import Document


def keys() -> Iterator[str]:
    yield from LEAVES
    for key, kind in LEAVES.items():
        for struct in (tables_of(kind) or {}).values():
            yield from (f"{key}.*.{name}" for name, _, _ in fields_of(struct))


def test_every_key_has_a_sentence_and_every_sentence_a_key() -> None:
    assert set(TEXTS) == set(keys())
    assert all(text[0].isupper() and text.endswith(".") for text in TEXTS.values())


def test_every_section_has_a_name() -> None:
    sections = {key.partition(".")[0] for key in LEAVES if "." in key} | {"general", "bots"}
    assert sections <= set(GROUPS)
    assert Document.__struct_fields__
