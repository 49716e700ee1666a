"""Full disks, failing writes, no descriptors, no memory: nothing is acknowledged that is not on disk, old files stay, and it goes on by itself or ends."""

import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import pytest

import store_file
from crawl import Crawl, assert_equals_truth, wait_for, workers_of
from fake_worker import VERSION, Worker, pack_board

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
def test_starting_on_a_full_disk_waits_for_room(coordinator, worker, disk, tmp_path):
    store = disk(tmp_path / "store", 32)
    filler = fill(store)
    started = coordinator(tracks=1, classes=1, settings=["store.min_free_mb=4"])
    wait_for(lambda: "the store is opened when there is room" in started.log())
    assert started.process.poll() is None
    filler.unlink()
    started.summary()
    joined = worker(started)
    assert joined.answer(joined.take()) == "stored"
    assert started.log().count("the store is opened when") == 1


@needs_mount
def test_waiting_for_room_ends_on_request(coordinator, disk, tmp_path):
    fill(disk(tmp_path / "store", 32))
    started = coordinator(tracks=1, classes=1, settings=["store.min_free_mb=4"])
    wait_for(lambda: "the store is opened when there is room" in started.log())
    assert started.stop() == 0


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


def test_too_low_a_limit_of_descriptors_is_said_at_the_start(coordinator):
    started = coordinator(tracks=1, classes=1)
    started.summary()
    assert started.stop() == 0
    started.start(limits={resource.RLIMIT_NOFILE: 40})
    assert started.process.wait(timeout=10) == 1
    assert "40 open files are allowed, the coordinator needs 48" in started.log()


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_running_out_of_descriptors_keeps_those_who_are_in(coordinator, worker):
    """libzmq would abort the process when an accept fails for want of a descriptor."""
    started = coordinator(tracks=3, classes=3)
    started.summary()
    assert started.stop() == 0
    started.start(limits={resource.RLIMIT_NOFILE: 48})
    first = worker(started)
    assert first.answer(first.take()) == "stored"
    crowd = [Worker(started, hello=False) for _ in range(60)]
    for one in crowd:
        one.say("hello", **one.hello())
    wait_for(lambda: "nobody more is let in" in started.log())
    before = cpu_s(started.process)
    for _ in range(3):
        assert first.answer(first.take()) == "stored"
    assert first.hears_nothing(timeout_ms=1000)
    assert cpu_s(started.process) - before < 0.7  # it does not turn in circles
    for one in crowd:
        one.close()
    wait_for(lambda: "open files to spare again" in started.log())
    late = worker(started)
    assert late.answer(late.take()) == "stored"
    assert started.stop() == 0


def test_workers_without_memory_cost_what_does_not_fit_and_nothing_else(plain_build_dir, tmp_path, upstream, upstream_truth):
    """The address space of the workers is limited while they fetch, to a little more than they have."""
    options = ("--tracks", 3, "--classes", 3, "--entries", 45000, "--drivers", 5000, "--filled", 100)
    truth = upstream_truth(*options)
    catalogue = tmp_path / "catalogue.cfg"
    service = upstream(*options, "--latency-ms", 300, "--write-catalogue", catalogue)
    made = Crawl(plain_build_dir, tmp_path, service.url, catalogue)
    made.settings.update({"refresh.retries": 1, "workers.local": 2})
    process = made.start("--once")
    try:
        wait_for(lambda: service.stats()["peak_in_flight"] == 2)  # both have all their threads
        for pid in workers_of(process.pid):
            size = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
            resource.prlimit(pid, resource.RLIMIT_AS, (size + MB, size + MB))
        assert process.wait(timeout=60) in (0, 3), made.log()
    finally:
        process.kill()
    assert "memory" in made.log(), made.log()
    assert made.once() == 0, made.log()
    assert_equals_truth(made, truth)
