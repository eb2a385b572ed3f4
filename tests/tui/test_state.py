from __future__ import annotations

from pathlib import Path

from kagami.tui.state import MOST_HOMES, State, home_key, load, save, state_path


def test_what_was_chosen_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "console.json"
    kept = State(place="logs", language="zh", theme="paper", filters={"bots": "qq"}, commands=["bots list"])
    assert save(path, kept) == ""
    assert load(path) == (kept, "")


def test_without_a_file_there_is_the_default(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json") == (State(), "")


def test_a_broken_file_is_reported_and_not_used(tmp_path: Path) -> None:
    path = tmp_path / "console.json"
    path.write_text('{"place": 7}')
    state, complaint = load(path)
    assert state == State()
    assert str(path) in complaint


def test_a_newer_consoles_fields_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "console.json"
    path.write_text('{"version": 9, "place": "bots", "not-yet": 2}')
    assert load(path)[0].place == "bots"


def test_a_folder_that_cannot_be_written_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file" in save(tmp_path / "file" / "console.json", State())


def test_saving_leaves_one_file(tmp_path: Path) -> None:
    save(tmp_path / "console.json", State())
    save(tmp_path / "console.json", State(place="bots"))
    assert [each.name for each in tmp_path.iterdir()] == ["console.json"]


def test_the_path_follows_xdg(tmp_path: Path) -> None:
    assert state_path({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "kagami" / "console.json"
    assert state_path({}).parts[-4:] == (".local", "state", "kagami", "console.json")


def test_each_home_has_its_own_place_and_all_have_the_same_looks() -> None:
    state = State(place="logs", theme="paper").left("one")
    assert [(each.place, each.theme) for each in (state.at("one"), state.at("two"))] == [
        ("logs", "paper"),
        ("", "paper"),
    ]


def test_only_the_newest_homes_are_kept() -> None:
    state = State()
    for number in range(MOST_HOMES + 1):
        state = State(place="bots", places=state.places).left(str(number))
    assert (len(state.places), "0" in state.places) == (MOST_HOMES, False)


def test_a_home_has_one_key_however_it_is_written(tmp_path: Path) -> None:
    assert home_key(str(tmp_path)) == home_key(f"{tmp_path}/x/..") != home_key(f"{tmp_path}/x")
