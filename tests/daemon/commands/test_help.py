import pytest

from daemon.cli import main

COMMANDS = sorted(main.commands)


def test_the_help_lists_every_command_and_where_to_begin(hillstream):
    result = hillstream("--help")
    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.output for name in COMMANDS)
    assert "New here:      hillstream demo" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_has_an_example_and_what_is_next(hillstream, command):
    result = hillstream(command, "--help")
    assert result.exit_code == 0
    assert f"Example:  hillstream {command}" in result.output or command == "score"
    assert "Next:     " in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_short_help_is_not_cut_off(hillstream, command):
    summary = main.commands[command].get_short_help_str(limit=64)
    assert not summary.endswith("...")


def test_the_version_is_told(hillstream):
    assert hillstream("--version").output.startswith("hillstream, version ")


def test_an_unknown_command_is_refused(hillstream):
    result = hillstream("callibrate")
    assert result.exit_code == 2
    assert "No such command" in result.output
