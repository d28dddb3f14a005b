"""What is freed goes back to the system, also where something above it is still in use."""

import subprocess
import sys

CODE = """
import psutil
from daemon.host.memory import give_back_memory

def resident():
    return psutil.Process().memory_info().rss

blocks = [bytes(50_000) for _ in range(2000)]  # each too small for a mapping of its own
above = bytes(50_000)
del blocks
held = resident()
give_back_memory()
assert held - resident() > 50e6, (held, resident())
"""


def test_freed_blocks_below_one_in_use_are_given_back():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
