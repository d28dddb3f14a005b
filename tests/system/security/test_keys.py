"""Key files and the [security] section."""

import stat

import numpy as np
import pytest
from click.testing import CliRunner
from places import CONFIGS, ROOT

from daemon.assembly.keys import ConfiguredKeys
from daemon.cli import main
from daemon.config import load_config
from daemon.live.outbox import Outbox
from daemon.live.status import StatusReporter, _warning
from pipeline.errors import UserError
from pipeline.model.subject import Subject
from pipeline.output.guard import MomentGuard
from pipeline.output.message import MetaMessage
from pipeline.output.publisher import Publisher
from pipeline.transport.curve import KeyPair
from pipeline.transport.key_files import client_keys, listed, new_keys, read_pair, read_public


def test_a_new_pair_is_written_once_and_for_its_owner_alone(tmp_path):
    secret, public = new_keys("exo", tmp_path / "keys")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    pair = read_pair(secret)
    assert read_public(str(public)) == pair.public
    assert pair.secret.decode() not in repr(pair)
    before = secret.read_text()
    with pytest.raises(UserError, match="is not overwritten"):
        new_keys("exo", tmp_path / "keys")
    assert secret.read_text() == before
    secret.unlink()
    with pytest.raises(UserError, match="is not overwritten"):
        new_keys("exo", tmp_path / "keys")
    assert not secret.exists()


@pytest.mark.parametrize("name", ["", "../exo", "a/b", ".hidden", "x" * 65, "a b", "a\0"])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="cannot name a key"):
        new_keys(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_to_do_with_each_file(tmp_path):
    command = ["keys", "new", "exo", "--folder", str(tmp_path)]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 0
    assert "exo.key" in told.output
    assert "exo.pub" in told.output
    assert read_pair(tmp_path / "exo.key").secret.decode() not in told.output
    assert CliRunner().invoke(main, command).exit_code == 2


def test_a_secret_key_that_others_can_read_is_refused(tmp_path):
    secret, _ = new_keys("exo", tmp_path)
    secret.chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        read_pair(secret)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"short", b"~" * 40, b"#" * 40, b"x" * 9999])
def test_a_file_that_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "bad.pub"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"bad\.pub"):
        read_public(str(path))


def test_a_secret_key_is_not_taken_for_a_public_one(tmp_path):
    secret, _ = new_keys("exo", tmp_path)
    with pytest.raises(UserError, match="is a secret key"):
        read_public(str(secret))


def test_clients_are_listed_by_key_file_and_folder(tmp_path):
    written = KeyPair.new().public
    _, one = new_keys("one", tmp_path / "a")
    new_keys("two", tmp_path / "b")
    new_keys("three", tmp_path / "b")
    assert len(listed([written.decode(), str(one), str(tmp_path / "b")])) == 4
    with pytest.raises(UserError, match="cannot be read"):
        listed([str(tmp_path / "nobody.pub")])
    assert client_keys(None, None) is None


def config(tmp_path, more, output="tcp://127.0.0.1:5556"):
    text = (CONFIGS / "arm.toml").read_text().replace('"models/', f'"{ROOT}/configs/models/')
    path = tmp_path / "own.toml"
    path.write_text(f'{text}\n[output]\nzmq = "{output}"\n{more}')
    return path


def test_the_configuration_names_keys_relative_to_itself(tmp_path):
    own, _ = new_keys("daemon", tmp_path / "keys")
    _, exo = new_keys("exo", tmp_path / "keys")
    more = '[security]\nserver_key = "keys/daemon.key"\ndata_clients = ["keys/exo.pub"]\n'
    loaded = load_config(config(tmp_path, more, "tcp://0.0.0.0:5556"))
    keys = ConfiguredKeys(loaded)
    pair = read_pair(own)
    assert keys.data.own == pair
    assert keys.data.allowed == {read_public(str(exo)), pair.public}
    assert keys.control.allowed == frozenset()
    assert keys.listener.server == pair.public
    assert _warning(loaded) == ""


@pytest.mark.parametrize(
    "address", ["tcp://0.0.0.0:5556", "tcp://*:5556", "tcp://192.168.1.7:5556"]
)
def test_an_open_port_needs_keys_or_a_word(tmp_path, address):
    control = '[control]\naddress = "tcp://*:5557"\n'
    with pytest.raises(UserError, match=r"output\.zmq.* and control\.address.*hillstream|insecure"):
        load_config(config(tmp_path, control, address))
    loaded = load_config(config(tmp_path, f"{control}[security]\ninsecure = true\n", address))
    assert "Not secure: output.zmq = " in _warning(loaded)
    assert "control.address" in _warning(loaded)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('data_clients = ["exo.pub"]', "without server_key nobody is asked"),
        ('server_key = "daemon.key"\ninsecure = true', "leave insecure out"),
        ("insecure = 3\nunknown = 1", "2 mistakes"),
    ],
)
def test_a_section_that_contradicts_itself_is_refused(tmp_path, lines, complaint):
    with pytest.raises(UserError, match=complaint):
        load_config(config(tmp_path, f"[security]\n{lines}\n"))


def test_check_finds_a_missing_key(tmp_path):
    path = config(tmp_path, '[security]\nserver_key = "nowhere.key"\n')
    told = CliRunner().invoke(main, ["check", str(path)])
    assert told.exit_code == 2
    assert "nowhere.key" in told.output


def test_every_status_of_an_open_port_says_so(tmp_path):
    path = config(tmp_path, "[security]\ninsecure = true\n", "tcp://0.0.0.0:5556")
    meta = MetaMessage(session="s", dofs=("a",), rate_hz=1.0, muscles=("m",), valid_for_s=0.1)
    guard = MomentGuard(n_dofs=1, max_moment_nm=1.0, fade_s=0.1, stale_after_s=0.1)
    outbox = Outbox(Publisher(meta, []), guard, version=0)
    person = Subject.generic(("m",), *np.ones((5, 1)))
    reporter = StatusReporter(load_config(path), "s")
    for _ in range(2):
        note = reporter.message(outbox, [], 0, {}, person, {}).note
        assert note.endswith("without keys, open to the network (security.insecure).")
