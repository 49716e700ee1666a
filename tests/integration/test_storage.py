"""Full disks and failing writes: nothing is acknowledged that is not on disk, old files stay, and it goes on by itself or ends."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import time

import pytest

import store_file
from fake_worker import Coordinator, Worker, pack_board

MB = 1024 * 1024


def can_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="needs the right to mount a tmpfs")


@pytest.fixture
def disk():
    """A function that mounts a tmpfs of so many MB at a new folder."""
    with contextlib.ExitStack() as mounted:

        def mount(folder, size_mb):
            folder.mkdir(parents=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "r3e-test", str(folder)], check=True)
            mounted.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
            return folder

        yield mount


@pytest.fixture
def coordinator(build_dir, tmp_path):
    """A function that starts a coordinator without local workers, which is killed after the test."""
    made = []

    def start(**options):
        made.append(Coordinator(build_dir, tmp_path, **options))
        return made[-1]

    yield start
    for one in made:
        one.stop(signal.SIGKILL)


@pytest.fixture
def worker():
    """A function that connects a worker."""
    made = []

    def join(coordinator):
        made.append(Worker(coordinator))
        return made[-1]

    yield join
    for one in made:
        one.close()


def fill(folder, leave=0):
    """Writes a file until so many bytes are left; returns its path."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as out:
        with contextlib.suppress(OSError):
            while True:
                free = os.statvfs(folder)
                room = free.f_bavail * free.f_frsize - leave
                if room <= 0:
                    break
                out.write(bytes(min(room, MB)))
    return filler


@needs_mount
def test_a_disk_below_its_floor_pauses_fetching_and_goes_on_by_itself(coordinator, worker, disk, tmp_path):
    store = disk(tmp_path / "store", 48)
    started = coordinator(tracks=2, classes=2, settings=["store.min_free_mb=16"])
    joined = worker(started)
    assert joined.answer(joined.take()) == "stored"
    held = joined.take()
    filler = fill(store, leave=8 * MB)
    summary = started.summary(lambda s: s["hold"] == "disk_full")
    assert summary["hold_ms"] is None and "store.dir: only" in summary["hold_reason"]
    assert joined.answer(held) == "stored"  # what was handed out is finished
    joined.say("ready")
    assert joined.hears_nothing("job")
    filler.unlink()
    assert joined.hear("job")
    assert started.summary()["hold"] == ""


@needs_mount
def test_a_full_disk_acknowledges_nothing_until_there_is_room(coordinator, worker, disk, tmp_path):
    store = disk(tmp_path / "store", 32)
    started = coordinator(tracks=2, classes=2, settings=["store.min_free_mb=0"])
    joined = worker(started)
    assert joined.answer(joined.take()) == "stored"
    first = joined.take()
    filler = fill(store)
    # Rows that cannot go to pages that the file has already.
    names = [f"Driver {n} {'x' * 200}" for n in range(2000)]
    joined.send(joined.result(first, names))
    summary = started.summary(lambda s: s["hold"] == "disk_full")
    assert "no space left on the device" in summary["hold_reason"]
    joined.say("ready")
    assert joined.hears_nothing("ack", "job", timeout_ms=1500)
    assert started.summary()["stored"] == 2 and started.process.poll() is None
    filler.unlink()
    assert joined.verdict(first) == "stored"
    assert joined.hear("job")
    assert started.summary(lambda s: s["hold"] == "")["failed_attempts"] == 0
    assert started.stop() == 0
    assert rows_of(started, first) == pack_board(names)


def rows_of(started, job):
    with store_file.writing(started.folder / "store") as (transaction, databases):
        return transaction.get(store_file.board_key(job["track_id"], job["class_id"]), db=databases["rows"])


@needs_mount
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopping_on_a_full_disk_loses_nothing_acknowledged(coordinator, worker, disk, tmp_path, number):
    store = disk(tmp_path / "store", 32)
    started = coordinator(tracks=1, classes=2, settings=["store.min_free_mb=0"])
    joined = worker(started)
    kept = joined.take()
    assert joined.answer(kept) == "stored"
    job = joined.take()
    filler = fill(store)
    joined.send(joined.result(job, [f"Driver {n} {'x' * 200}" for n in range(2000)]))
    started.summary(lambda s: s["hold"] == "disk_full")
    began = time.monotonic()
    assert started.stop(number) == (1 if number == signal.SIGTERM else -number)
    assert time.monotonic() - began < 5
    filler.unlink()
    started.start()
    assert started.summary()["missing"] == 1
    joined.say_hello()
    again = joined.take()
    assert (again["track_id"], again["class_id"]) == (job["track_id"], job["class_id"])
    assert joined.answer(again) == "stored"
    assert started.stop() == 0
    assert rows_of(started, kept) == pack_board(["Bob Dylan"])


@needs_mount
def test_starting_on_a_full_disk_says_so(coordinator, disk, tmp_path):
    store = disk(tmp_path / "store", 16)
    filler = fill(store)
    started = coordinator(tracks=1, classes=1, settings=["store.min_free_mb=0"])
    assert started.process.wait(timeout=10) == 1
    assert "no space left on the device" in started.log()
    filler.unlink()
    started.start()
    started.summary()


@needs_mount
def test_a_full_public_disk_keeps_the_old_files(coordinator, worker, disk, tmp_path):
    public = disk(tmp_path / "public", 32)
    started = coordinator(tracks=1, classes=2, settings=["store.min_free_mb=16"])
    joined = worker(started)
    assert joined.answer(joined.take()) == "stored"
    last = joined.take()
    filler = fill(public, leave=4 * MB)
    started.summary(lambda s: s["hold"] == "disk_full")
    exports = started.summary()["exports"]
    assert joined.answer(last) == "stored"
    joined.say("ready")
    assert joined.hears_nothing("job")
    assert started.summary()["exports"] == exports  # nothing is published meanwhile
    filler.unlink()
    started.summary(lambda s: s["exports"] == exports + 1 and s["hold"] == "")
    assert len(list(public.glob("cache/tracks/track_10/*.gz"))) == 2


def test_a_failing_write_ends_the_process_within_seconds(coordinator, worker):
    """A file size limit stands for a disk that does not write: whatever was not acknowledged is fetched again."""
    started = coordinator(tracks=1, classes=2)
    joined = worker(started)
    kept = joined.take()
    assert joined.answer(kept) == "stored"
    job = joined.take()
    size = (started.folder / "store/data.mdb").stat().st_size
    resource.prlimit(started.process.pid, resource.RLIMIT_FSIZE, (size, size))
    names = [f"Driver {n} {'x' * 200}" for n in range(2000)]
    joined.send(joined.result(job, names))
    began = time.monotonic()
    assert joined.hears_nothing("ack", "job")
    assert started.process.wait(timeout=10) == 1
    assert time.monotonic() - began < 5
    assert "File too large" in started.log() and "nothing is acknowledged any more" in started.log()
    status = json.loads((started.folder / "public/cache/status.json").read_text())
    assert status["hold"] == "store_error" and "File too large" in status["hold_reason"]
    started.start()
    joined.say_hello()
    again = joined.take()
    assert again["class_id"] == job["class_id"]
    assert joined.answer(again, names) == "stored"
    assert started.stop() == 0
    assert rows_of(started, kept) == pack_board(["Bob Dylan"])
