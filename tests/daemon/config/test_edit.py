"""A configuration edited by a program is still the person's own file."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import CONFIGS

from daemon.config.edit import set_keys, with_keys
from pipeline.errors import UserError

NAMES = st.text(min_size=1, max_size=12).filter(str.isprintable)
LEVELS = st.dictionaries(NAMES, st.floats(1e-12, 1e3), min_size=1, max_size=6)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
SHIPPED = sorted(CONFIGS.glob("*.toml"))


@given(levels=LEVELS, remark=WORDS, other=st.integers(-(2**40), 2**40))
def test_comments_and_other_keys_survive(levels, remark, other):
    text = (
        f"# {remark}\ntitle = 'x'   # {remark}\n\n[envelope]   # {remark}\nkind = \"raw\"\n"
        f"\n[envelope.mvc]  # V\nOLD = 4.0e-4 # {remark}\n\n"
        f"# {remark}\n[model]\nother   = {other}\n"
    )
    changes = {("envelope", "mvc", name): value for name, value in levels.items()}
    after = with_keys(text, changes)
    assert after.count(f"# {remark}\n") >= text.count(f"# {remark}\n") - ("OLD" in levels)
    assert set(text.splitlines()) - set(after.splitlines()) <= {f"OLD = 4.0e-4 # {remark}"}
    read = tomllib.loads(after)
    assert read["envelope"]["mvc"] == {"OLD": 4.0e-4} | levels
    assert read["envelope"]["kind"] == "raw"
    assert read["model"] == {"other": other}


@given(levels=LEVELS)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_set_up_keeps_all_it_says(path, levels):
    text = path.read_text()
    changes = {("envelope", "mvc", name): value for name, value in levels.items()}
    changes[("envelope", "baseline")] = levels
    changes[("envelope", "scaled_to")] = "mvc"
    after = with_keys(text, changes)
    before, read = tomllib.loads(text), tomllib.loads(after)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments
    old, new = before.pop("envelope", {}), read.pop("envelope")
    assert before == read
    assert new == old | {
        "mvc": old.get("mvc", {}) | levels,
        "baseline": levels,
        "scaled_to": "mvc",
    }


@given(text=st.sampled_from([path.read_text() for path in SHIPPED]))
def test_nothing_to_change_changes_nothing(text):
    assert with_keys(text, {}) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title = 'x'",
        "[envelope]\nmvc = { A = 1.0, B = 2.0 } # V\n",
        "envelope.mvc.A = 1.0\n",
        "[envelope.mvc]\nA = 1\n\n[model]\nx = 1\n",
        "envelope = { kind = 'raw' }\n",
        "[envelope]\r\nkind = 'raw'\r\n",
    ],
)
def test_a_table_is_made_or_found_in_whatever_way_it_is_written(text):
    ways = {("envelope", "mvc", "A"): 3.0, ("envelope", "scaled_to"): "mvc"}
    read = tomllib.loads(with_keys(text, ways))
    before = tomllib.loads(text).get("envelope", {})
    assert read["envelope"] == before | {
        "scaled_to": "mvc",
        "mvc": before.get("mvc", {}) | {"A": 3.0},
    }


def test_what_the_check_refuses_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "lab.toml"
    file.write_text("title = 'x'\n")

    def refuse(part):
        assert tomllib.loads(part.read_text())["a"] == {"b": 1}
        raise UserError("No.")

    with pytest.raises(UserError, match=r"No\."):
        set_keys(file, {("a", "b"): 1}, check=refuse)
    assert [p.name for p in tmp_path.iterdir()] == ["lab.toml"]
    assert file.read_text() == "title = 'x'\n"


def test_another_file_is_written_and_the_first_stays(tmp_path):
    file, other = tmp_path / "lab.toml", tmp_path / "new.toml"
    file.write_bytes(b"title = 'x'\r\n# by hand\r\n")
    set_keys(file, {("title",): "y"}, other)
    assert other.read_bytes() == b'title = "y"\r\n# by hand\r\n'
    assert file.read_bytes() == b"title = 'x'\r\n# by hand\r\n"


@pytest.mark.parametrize("text", ["a = ", "envelope = 3\n"])
def test_what_cannot_be_edited_is_told_in_a_sentence(tmp_path, text):
    file = tmp_path / "lab.toml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"lab\.toml cannot be edited: "):
        set_keys(file, {("envelope", "mvc", "A"): 1.0})
