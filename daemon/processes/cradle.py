"""The process that workers are born from: imports what they need once, and forks.

A worker so born shares the pages of all that was imported before it, and starts in the time of a
fork. What is to be forked must hold no thread, no socket but the one to the supervisor and no
device: nothing is done here but to import, and modules import without side effects.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
from multiprocessing.connection import Connection

from daemon.processes.life import Role, be_called, live
from daemon.processes.signs import Signs

MOST_BYTES = 10_000
"""No request is longer."""


def serve(file: int) -> None:
    """Import and fork as asked, until the supervisor has gone; returns in each worker too.

    Parameters
    ----------
    file
        Socket to the supervisor. A request is a JSON list of a name and the parts of a role, whose
        modules are imported. Where two open files come with it, a line and signs, the worker is
        born.
    """
    be_called("cradle")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # else numpy starts threads when it is imported
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers
    gc.disable()
    with socket.socket(fileno=file) as requests:
        while True:
            request, files, _, _ = socket.recv_fds(requests, MOST_BYTES, 2)
            if not request:
                os._exit(0)
            name, parts = json.loads(request)
            role = Role(**parts)
            role.functions()
            gc.freeze()  # else the workers' garbage collections would write to every shared page
            if files and os.fork() == 0:
                break
            for one in files:
                os.close(one)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    gc.enable()
    line, signs = Connection(files[0]), Signs(files[1])
    os.close(files[1])
    live(name, role, line, signs)
