"""What is dear to make and then only read or copied: the first of the test processes that asks makes it, for all."""

import fcntl
import os
import shutil


def made_once(tmp_path_factory, name, make):
    """The folder `name`, which make(folder) has filled. Who comes meanwhile waits; where it failed, the next one tries anew."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # each process has a folder of its own in there
    folder, done = shared / name, shared / f"{name}.made"
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
