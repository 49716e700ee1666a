"""r3ectl backup: copies of a store that is being written to, and going back to one."""

import resource
import shutil
import signal
import subprocess

import pytest

import store_file
from crawl import assert_equals_truth, wait_for
from ports import free_port

WORLD = ("--tracks", 6, "--classes", 5, "--entries", 900, "--drivers", 200)
OTHER = (*WORLD[:-4], "--entries", 1500, *WORLD[-2:])
COMBINATIONS = 30


@pytest.fixture
def r3ectl(build_dir):
    def run(*arguments, **options):
        command = [build_dir / "coordinator" / "ctl" / "r3ectl", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    return run


def store_of(one):
    return one.made.folder / "store"


def back_up(r3ectl, one, to):
    done = r3ectl("backup", "--store", store_of(one), to)
    assert done.returncode == 0, done.stderr
    return done


def go_back(one, backup):
    """As `r3ectl backup --help` says, but what the exporter kept of the store that is given up is still there."""
    shutil.copy(backup / "data.mdb", store_of(one) / "data.mdb")


def test_copies_made_while_a_crawl_writes_are_sound_and_grow(daemon, r3ectl, tmp_path):
    one = daemon(*WORLD)
    one.made.settings.update({"politeness.rate_per_s": 15, "store.commit_results": 1})
    one.start()
    one.summary()
    boards = []
    while not boards or boards[-1] < COMBINATIONS:
        back_up(r3ectl, one, tmp_path / "backup")
        assert [path.name for path in (tmp_path / "backup").iterdir()] == ["data.mdb"]
        checked = r3ectl("check", "--store", tmp_path / "backup")
        assert checked.returncode == 0, checked.stdout
        copied = store_file.boards(tmp_path / "backup")
        boards.append(len(copied))
        assert len(boards) < 300
    assert boards == sorted(boards)
    one.rest()
    one.stop()
    assert copied == store_file.boards(store_of(one))


def test_a_store_that_went_back_is_published_and_nothing_is_asked(daemon, upstream, upstream_truth, r3ectl, tmp_path):
    one = daemon(*WORLD, "--listen", f"127.0.0.1:{free_port()}").start()
    exports = one.rest()["exports"]
    assert f"{COMBINATIONS} boards" in back_up(r3ectl, one, tmp_path / "backup").stdout
    requests = one.exchange(upstream, *OTHER)
    one.pull()
    wait_for(lambda: len(set(requests.all())) == COMBINATIONS)
    one.summary(lambda s: s["state"] == "waiting" and s["exports"] > exports)
    one.stop()
    assert_equals_truth(one.made, upstream_truth(*OTHER))
    asked = len(requests.all())
    go_back(one, tmp_path / "backup")
    one.start()
    one.rest()
    assert_equals_truth(one.made, upstream_truth(*WORLD))
    assert len(requests.all()) == asked


def test_what_is_in_the_way(daemon, r3ectl, tmp_path):
    one = daemon(*WORLD).start()
    one.rest()
    one.stop()
    store = store_of(one)
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("a file")
    for to, said in ((tmp_path / "busy", "has a file letter.txt in it"), (tmp_path / "file", "name a folder"),
                     (tmp_path / "no" / "where", "cannot make the folder"), (store, "has a file ")):
        done = r3ectl("backup", "--store", store, to)
        assert done.returncode == 1 and said in done.stderr, done.stderr
    assert (tmp_path / "busy" / "letter.txt").read_text() == "mine"
    assert r3ectl("backup", "--store", store).returncode == 2
    assert r3ectl("backup", "--store", tmp_path / "busy", tmp_path / "new").returncode == 1
    assert not (tmp_path / "new").exists()


def test_the_last_backup_stays_until_there_is_a_new_one(daemon, r3ectl, tmp_path):
    one = daemon(*WORLD).start()
    one.rest()
    one.stop()
    store, backup = store_of(one), tmp_path / "backup"
    back_up(r3ectl, one, backup)
    before = (backup / "data.mdb").read_bytes()

    def limit_files():  # as on a full disk, but deadly
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    assert r3ectl("backup", "--store", store, backup, preexec_fn=limit_files).returncode == -signal.SIGXFSZ
    assert (backup / "data.mdb").read_bytes() == before

    data = bytearray((store / "data.mdb").read_bytes())
    sound = bytes(data)
    data[8192:-4096] = bytes(len(data) - 12288)
    (store / "data.mdb").write_bytes(data)
    done = r3ectl("backup", "--store", store, backup)
    assert done.returncode == 1 and "start the coordinator" in done.stderr
    assert (backup / "data.mdb").read_bytes() == before

    (store / "data.mdb").write_bytes(sound)
    back_up(r3ectl, one, backup)  # what the killed one left is gone
    assert [path.name for path in backup.iterdir()] == ["data.mdb"]
    assert store_file.boards(backup) == store_file.boards(store)


def test_broken_records_are_told_and_copied(daemon, r3ectl, tmp_path):
    one = daemon(*WORLD).start()
    one.rest()
    one.stop()
    with store_file.writing(store_of(one)) as (transaction, databases):
        key, value = next(iter(transaction.cursor(databases["rows"])))
        transaction.put(bytes(key), bytes([value[0] ^ 1]) + bytes(value[1:]), db=databases["rows"])
    done = r3ectl("backup", "--store", store_of(one), tmp_path / "backup")
    assert done.returncode == 3 and "1 board and 0 other records are broken" in done.stdout, done
    assert r3ectl("check", "--store", tmp_path / "backup").returncode == 3


def test_a_result_of_the_time_after_the_backup_does_no_harm(crew, r3ectl, tmp_path):
    coordinator = crew(tracks=2, classes=1)
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    assert coordinator.stop() == 0
    store = coordinator.folder / "store"
    assert r3ectl("backup", "--store", store, tmp_path / "backup").returncode == 0
    coordinator.start()
    late = coordinator.worker()
    held = late.take()
    coordinator.stop(signal.SIGKILL)
    shutil.copy(tmp_path / "backup" / "data.mdb", store / "data.mdb")
    coordinator.start()
    other = coordinator.worker()
    job = other.take()
    assert (job["lease"], job["track_id"]) == (held["lease"], held["track_id"])  # numbers come again
    late.say_hello()
    assert late.answer(held, names=["late"]) == "invalid"
    assert other.answer(job, names=["in time"]) == "stored"
    assert coordinator.stop() == 0
    assert len(store_file.boards(store)) == 2
