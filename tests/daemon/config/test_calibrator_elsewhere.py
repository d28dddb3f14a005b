import pytest
from pydantic import ValidationError

from daemon.config import load_config
from pipeline.transport.key_files import new_keys


def test_the_calibrator_is_here_unless_an_address_is_given(make_config):
    assert make_config().calibrator.here
    assert not make_config(calibrator={"where": "tcp://127.0.0.1:5570"}).calibrator.here
    assert not make_config(calibrator={"where": "ipc:///tmp/calibrator"}).calibrator.here


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"where": "there"}, "neither 'here' nor an address"),
        ({"where": "tcp://127.0.0.1"}, "neither 'here' nor an address"),
        ({"where": "tcp://127.0.0.1:0"}, "neither 'here' nor an address"),
        ({"where": "tcp://127.0.0.1:70000"}, "neither 'here' nor an address"),
        ({"where": "tcp://10.0.0.3:5570"}, "would send the person's data in the clear"),
        ({"server_key": "x"}, "server_key is for a calibrator elsewhere"),
    ],
)
def test_what_makes_no_sense_is_refused(make_config, section, said):
    with pytest.raises(ValidationError, match=said):
        make_config(calibrator=section)


def test_beyond_this_machine_it_needs_a_key_or_the_users_word(make_config):
    where = {"where": "tcp://10.0.0.3:5570"}
    assert make_config(calibrator=where, security={"insecure": True}).calibrator.where
    assert make_config(calibrator={**where, "server_key": "x"}).calibrator.server_key == "x"


def test_the_key_is_looked_for_beside_the_file_and_read_by_check(
    tmp_path, changed_config, hillstream
):
    more = '[calibrator]\nwhere = "tcp://10.0.0.3:5570"\nserver_key = "gpu.pub"\n'
    path = changed_config("walking", {}, more)
    result = hillstream("check", path)
    assert result.exit_code == 2
    assert "gpu.pub" in result.output
    new_keys("gpu", tmp_path)
    assert load_config(path).calibrator.server_key == str(tmp_path / "gpu.pub")
    result = hillstream("check", path)
    assert result.exit_code == 0
    assert "at tcp://10.0.0.3:5570, every" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give either CONFIG and --listen ADDRESS, or --status ADDRESS"),
        (("arm", "--listen", "tcp://127.0.0.1:1", "--status", "x"), "Give either"),
        (("--listen", "tcp://127.0.0.1:1"), "--listen needs CONFIG"),
        (("arm", "--listen", "tcp://0.0.0.0:5598"), "--listen = 'tcp://0.0.0.0:5598' is refused"),
        (("--status", "nowhere"), "'nowhere' is no address"),
        (("arm", "--listen", "tcp://0.0.0.0:5598", "--clients", "x"), "go together"),
    ],
)
def test_the_command_says_what_it_needs(hillstream, arguments, said):
    result = hillstream("calibrator", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
