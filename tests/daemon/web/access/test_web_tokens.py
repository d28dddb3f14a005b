"""Tokens and their file: made once, known by their hash, revoked at once."""

import stat
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.access.token_file import TokenFile
from daemon.web.access.tokens import (
    MOST_TOKENS,
    Right,
    add_token,
    holder_of,
    read_holders,
    revoke_token,
)
from pipeline.errors import UserError

TODAY = date(2026, 3, 12)
ENTRY = b"[[token]]\nname='desk'\nmay='read'\nsha256='%b'\nmade=2026-03-12\n" % (b"a" * 64)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "web-tokens.toml"


def test_a_token_is_known_by_its_hash_alone(file):
    token = add_token(file, "desk", Right.COMMAND, TODAY)
    assert len(token) == 43  # 256 bits
    assert token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (holder,) = read_holders(file)
    assert (holder.name, holder.may, holder.made) == ("desk", Right.COMMAND, TODAY)
    assert holder_of(token, [holder]) == holder


@given(other=st.text())
def test_no_other_text_is_a_token(tmp_path_factory, other):
    file = tmp_path_factory.mktemp("tokens") / "web-tokens.toml"
    token = add_token(file, "desk", Right.READ, TODAY)
    for wrong in (other, token[:-1], f"{token}=", f" {token}", token.swapcase(), token * 4):
        assert holder_of(wrong, read_holders(file)) is None


def test_each_of_many_is_found(file):
    tokens = {name: add_token(file, name, Right.READ, TODAY) for name in ("a", "b", "c.d-e_f")}
    holders = read_holders(file)
    assert {name: holder_of(token, holders).name for name, token in tokens.items()} == {
        name: name for name in tokens
    }
    assert len(set(tokens.values())) == 3


@pytest.mark.parametrize("name", ["", "local", "../a", "a b", 'a"', "x" * 65, "a\n", "-a", "é"])
def test_a_name_that_is_none_is_refused(file, name):
    with pytest.raises(UserError, match="cannot name a token"):
        add_token(file, name, Right.READ, TODAY)
    assert not file.exists()


def test_a_name_is_there_once(file):
    add_token(file, "desk", Right.READ, TODAY)
    with pytest.raises(UserError, match="--revoke desk"):
        add_token(file, "desk", Right.COMMAND, TODAY)


def test_there_is_an_end_to_tokens(file):
    entry = '[[token]]\nname = "n{}"\nmay = "read"\nsha256 = "{}"\nmade = 2026-03-12\n'
    file.write_text("".join(entry.format(i, "a" * 64) for i in range(MOST_TOKENS)))
    file.chmod(0o600)
    with pytest.raises(UserError, match="which is the most"):
        add_token(file, "desk", Right.READ, TODAY)


def test_a_file_that_others_can_read_is_refused(file):
    add_token(file, "desk", Right.READ, TODAY)
    for mode in (0o640, 0o604, 0o622):
        file.chmod(mode)
        with pytest.raises(UserError, match="chmod 600"):
            read_holders(file)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "is no file of tokens"),
        (b"token = 3", "token: "),
        (b"[[token]]\nname = 'a'", "Field required"),
        (b"a = 1", "Extra inputs"),
        (b"a = " + b"[" * 5000, "is no file of tokens"),
        (b"#" * 70_000, "65536 bytes"),
        (ENTRY * 2, "a name is there twice"),
        (ENTRY.replace(b"desk", b"local"), "nobody with a token is called 'local'"),
        (ENTRY.replace(b"read", b"all"), "token.0.may"),
        (ENTRY.replace(b"aa", b"a"), "token.0.sha256"),
        (ENTRY.replace(b"desk", b"a b"), "token.0.name"),
    ],
)
def test_a_file_of_something_else_is_refused(file, content, told):
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(UserError, match=told):
        read_holders(file)


def test_only_who_is_there_can_be_revoked(file):
    with pytest.raises(UserError, match="cannot be read"):
        revoke_token(file, "desk")
    add_token(file, "desk", Right.READ, TODAY)
    with pytest.raises(UserError, match="no token of 'wall'; it knows desk"):
        revoke_token(file, "wall")
    revoke_token(file, "desk")
    assert read_holders(file) == ()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_made_or_revoked_counts_at_once(file):
    tokens = TokenFile(file)
    assert tokens.holders == ()
    token = add_token(file, "desk", Right.READ, TODAY)
    assert tokens.holder(token).name == "desk"
    other = add_token(file, "wall", Right.READ, TODAY)
    revoke_token(file, "desk")
    assert tokens.holder(token) is None
    assert tokens.holder(other).name == "wall"
    file.unlink()
    assert tokens.holder(other) is None


def test_a_file_that_is_spoilt_while_it_is_used_lets_nobody_in(file, caplog):
    token = add_token(file, "desk", Right.READ, TODAY)
    tokens = TokenFile(file)
    file.chmod(0o644)
    assert tokens.holder(token) is None
    assert "chmod 600" in caplog.text
    file.chmod(0o600)
    assert tokens.holder(token).name == "desk"
    file.write_text("token = 3")
    assert tokens.holder(token) is None
    assert token not in caplog.text


def test_a_file_that_is_spoilt_at_the_start_is_told_of(file):
    file.write_text("token = 3")
    with pytest.raises(UserError, match="chmod 600"):
        TokenFile(file)
