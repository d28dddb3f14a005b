"""A session that another process is writing is read without a trace."""

import subprocess
import sys
from pathlib import Path

from daemon.config import load_config
from daemon.session.log import SessionLog, about

READER = """
import sys
from pathlib import Path
from daemon.session.reader import open_session
with open_session(Path(sys.argv[1])) as database:
    print(*(text for (text,) in database.execute("SELECT text FROM mark")))
"""


def read(path: Path) -> str:
    found = subprocess.run(
        [sys.executable, "-c", READER, path], capture_output=True, text=True, check=True, timeout=60
    )
    return found.stdout.strip()


def test_no_byte_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s" / "now.db"
    with SessionLog(path, about(load_config("arm"), ("a",))) as log:
        for number, text in enumerate(("one", "two", "three")):
            log.add("mark", 1.0 + number, text, None)
            log.commit()
            before = {file: file.read_bytes() for file in path.parent.iterdir()}
            assert len(before) == 3  # the session, its write-ahead log and the index of that
            assert read(path).split()[-1] == text
            assert {file: file.read_bytes() for file in path.parent.iterdir()} == before
