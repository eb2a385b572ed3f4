from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from kagami.core.secrets import Secret
from kagami.errors import MissingSetting, SettingError, UnknownSetting
from kagami.shape import Shape, leaves, nearest, tagged_structs


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 1
    rate: float | None = None
    token: Secret = Secret()
    on: bool = False
    level: Literal["low", "high"] = "low"


class Cat(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="cat"):
    name: str
    lives: int = 9


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    inner: Inner = Inner()
    names: tuple[Annotated[str, msgspec.Meta(pattern="^[a-z]+$", examples=["tom"])], ...] = ()
    free: dict[str, dict[str, Any]] = {}
    pets: tuple[Cat, ...] = ()


def read(tree: dict[str, Any]) -> Outer:
    return Shape(lambda key: f"file:{key}").struct(Outer, tree)


def test_an_empty_tree_is_all_defaults() -> None:
    assert read({}) == Outer()


def test_values_take_their_places() -> None:
    tree = {"inner": {"port": 5, "token": "x", "on": True}, "names": ["a"], "pets": [{"kind": "cat", "name": "tom"}]}
    expected = Outer(inner=Inner(port=5, token=Secret("x"), on=True), names=("a",), pets=(Cat(name="tom"),))
    assert read(tree) == expected


def test_free_tables_are_kept() -> None:
    assert read({"free": {"weather": {"city": "上海"}}}).free == {"weather": {"city": "上海"}}


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownSetting, match=r"inner\.prot .*file:inner\.prot.* Did you mean inner\.port"):
        read({"inner": {"prot": 1}})


def test_an_unknown_key_like_nothing_is_to_be_removed() -> None:
    with pytest.raises(UnknownSetting, match="Remove it"):
        read({"zzzzzz": 1})


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"inner": {"port": "x"}}, "inner.port = x (from file:inner.port) is refused: a whole number from 0 to 65535"),
        ({"inner": {"port": 70_000}}, "a whole number from 0 to 65535 is expected"),
        ({"inner": {"port": True}}, "a whole number"),
        ({"inner": {"rate": "fast"}}, "a number of at least 0 is expected"),
        ({"inner": {"rate": -1.0}}, "a number of at least 0 is expected"),
        ({"inner": {"rate": float("nan")}}, "a number of at least 0 is expected"),
        ({"inner": {"rate": float("inf")}}, "a number of at least 0 is expected"),
        ({"inner": {"on": "maybe"}}, "true or false is expected"),
        ({"inner": {"level": "mid"}}, "one of low, high is expected"),
        ({"inner": 5}, "inner = 5 (from file:inner) is refused: a table is expected"),
        ({"names": "a"}, "a list is expected"),
        ({"names": ["a", "B"]}, "names.1 = B (from file:names.1) is refused: a text like tom is expected"),
        ({"free": []}, "a table is expected"),
        ({"pets": {}}, "a list is expected"),
        ({"pets": ["tom"]}, "pets.0 = tom (from file:pets.0) is refused: a table is expected"),
        ({"pets": [{"kind": "dog"}]}, "there is no such kind. Give one of: cat."),
        ({"pets": [{"kind": ["cat"]}]}, "there is no such kind"),
        ({"pets": [{"kind": "cat", "name": "tom", "lives": "many"}]}, "pets.0.lives = many"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(tree: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(tree)
    assert message in str(caught.value)


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(SettingError) as caught:
        read({"inner": {"token": 1234567}})
    assert "1234567" not in str(caught.value)


def test_a_table_in_a_wrong_place_is_not_shown() -> None:
    with pytest.raises(SettingError) as caught:
        read({"inner": {"port": {"token": "hidden"}}})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("tree", [{"pets": [{"kind": "cat"}]}, {"pets": [{"name": "tom"}]}])
def test_a_needed_key_is_missed(tree: dict[str, Any]) -> None:
    with pytest.raises(MissingSetting, match=r"pets\.0\.(name|kind) is missing"):
        read(tree)


def test_a_long_value_is_cut() -> None:
    with pytest.raises(SettingError) as caught:
        read({"inner": {"port": "9" * 10_000}})
    assert len(str(caught.value)) < 300


def test_sentences_are_translated() -> None:
    words = {"a whole number": "整数", "{} from {} to {}": "{}（{} 到 {}）", "{} is expected": "应为{}"}
    shape = Shape(str, lambda text: words.get(text, text))
    with pytest.raises(SettingError, match="应为整数（0 到 65535）"):
        shape.value(Annotated[int, msgspec.Meta(ge=0, le=65_535)], "x", "port")


def test_leaves_are_dotted() -> None:
    names = [name for name, _ in leaves(Outer)]
    assert names == ["inner.port", "inner.rate", "inner.token", "inner.on", "inner.level", "names", "free", "pets"]


def test_only_tuples_of_tagged_structs_are_tagged() -> None:
    assert tagged_structs(tuple[Cat, ...]) == {"cat": Cat}
    assert tagged_structs(tuple[str, ...]) is None
    assert tagged_structs(int) is None


def test_nothing_is_near_a_strange_name() -> None:
    assert nearest("qqqq", ["port", "host"]) == ""
