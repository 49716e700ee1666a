"""What tests of publishing look at: whether anything below the public folder was touched, and whether an export is told."""

import os
import pathlib
import re

import lmdb

from crawl import wait_for


STATUS = re.compile(r"status\.json|\.status\.json\..*\.tmp")


def state_of(folder):
    """What changes when somebody touches a file or folder below; status.json, which is always rewritten, left out, and
    the file that will be it."""
    found = {}
    for parent, _, names in os.walk(folder):
        for path in [pathlib.Path(parent, name) for name in names if not STATUS.fullmatch(name)]:
            status = path.lstat()
            found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return found


def forget_export(crawl):
    """Has neither store nor status.json say that there was an export, so that the next one can be told."""
    (crawl.public / "status.json").unlink()
    environment = lmdb.open(str(crawl.folder / "store"), max_dbs=4, map_size=2**32)
    with environment.begin(write=True) as transaction:
        meta = environment.open_db(b"meta", transaction, create=False)
        transaction.delete(b"crawl", db=meta)
    environment.close()


def wait_for_index(crawl, process):
    """Until status.json tells of an export of this process; forget_export was called before its start."""

    def told():
        assert process.poll() is None, crawl.log()
        try:
            return crawl.status()["last_index_update"] is not None
        except FileNotFoundError:
            return False

    wait_for(told, timeout_s=60)
