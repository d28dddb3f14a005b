"""`hillstream keys web`: a token is shown once."""

import re

import pytest
from click.testing import CliRunner

from daemon.cli import main
from daemon.web.access.tokens import holder_of, read_holders


@pytest.fixture
def keys_web(tmp_path):
    def run(*arguments):
        file = ["--file", str(tmp_path / "tokens.toml")]
        return CliRunner().invoke(main, ["keys", "web", *arguments, *file])

    return run


def test_a_token_is_printed_once_with_the_address_to_open(keys_web, tmp_path):
    told = keys_web("desk", "--may", "command", "--at", "https://cockpit.lab.example/")
    assert told.exit_code == 0
    token = re.search(r"https://cockpit\.lab\.example/#token=(\S+)", told.output)[1]
    assert holder_of(token, read_holders(tmp_path / "tokens.toml")).name == "desk"
    listed = keys_web("--list")
    assert "desk" in listed.output
    assert "command" in listed.output
    assert token not in listed.output


def test_a_token_is_taken_away(keys_web, tmp_path):
    keys_web("desk", "--may", "read")
    assert keys_web("--revoke", "desk").exit_code == 0
    assert read_holders(tmp_path / "tokens.toml") == ()
    assert keys_web("--revoke", "desk").exit_code == 2


def test_a_right_that_is_missing_is_asked_for_by_name(keys_web):
    told = " ".join(keys_web("bob smith").output.split())
    assert "--may is missing: what 'bob smith' may, --may read (to look) or --may command" in told


@pytest.mark.parametrize(
    "arguments",
    [(), ("desk",), ("--may", "read"), ("desk", "--list"), ("desk", "--may", "read", "--list"),
     ("--list", "--may", "read"), ("desk", "--may", "all")],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(keys_web, tmp_path, arguments):
    assert keys_web(*arguments).exit_code == 2
    assert not (tmp_path / "tokens.toml").exists()
