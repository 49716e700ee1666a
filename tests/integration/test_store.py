"""The store: schemas, its lock, broken records."""

import json

import pytest

import store_file
from fake_worker import pack_board


def fill(started, worker, names=("Bob Dylan",)):
    """Answers every job that is due; returns how many there were."""
    joined = worker(started)
    missing = started.summary()["missing"]
    for _ in range(missing):
        assert joined.answer(joined.take(), names) == "stored"
    return missing


def store_of(started):
    return started.folder / "store"


def test_a_new_store_has_schema_and_identity(coordinator, worker):
    started = coordinator(tracks=1, classes=1)
    fill(started, worker)
    assert started.stop() == 0
    metas = store_file.metas(store_of(started))
    assert metas["schema"] == b"2"
    assert len(bytes.fromhex(metas["id"].decode())) == 16
    started.start()
    started.summary()
    assert started.stop() == 0
    again = store_file.metas(store_of(started))
    assert again["id"] == metas["id"] and int(again["epoch"]) == int(metas["epoch"]) + 1


def test_a_store_of_schema_1_is_raised_and_its_records_are_read(coordinator, worker):
    started = coordinator(tracks=2, classes=2)
    fill(started, worker)
    assert started.stop() == 0
    before = store_file.boards(store_of(started))
    store_file.to_schema_1(store_of(started))
    started.start()
    assert started.summary()["missing"] == 0
    assert started.stop() == 0
    assert "schema 1 is raised to 2" in started.log()
    after = store_file.boards(store_of(started))
    assert {key: {field: record[field] for field in store_file.FIELDS_1} for key, record in before.items()} == after
    assert store_file.metas(store_of(started))["schema"] == b"2"


@pytest.mark.parametrize("value", [b"99", store_file.seal_meta("schema", b"3")])
def test_a_newer_schema_is_refused(coordinator, value):
    started = coordinator(tracks=1, classes=1)
    started.summary()
    assert started.stop() == 0
    with store_file.writing(store_of(started)) as (transaction, databases):
        transaction.put(b"schema", value, db=databases["meta"])
    started.start()
    assert started.process.wait(timeout=10) == 1
    assert "schema" in started.log() and "install the newer release again" in started.log()


@pytest.mark.parametrize("name", ["schema", "epoch", "generation", "catalogue", "id"])
def test_a_broken_meta_record_costs_nothing_else(coordinator, worker, name):
    started = coordinator(tracks=1, classes=2)
    fill(started, worker)
    assert started.stop() == 0
    before = store_file.boards(store_of(started))
    store_file.damage(store_of(started), "meta", name.encode())
    started.start()
    summary = started.summary()
    assert summary["missing"] == 0
    assert summary["generation"] >= max(record["generation"] for record in before.values())
    assert started.stop() == 0
    assert store_file.boards(store_of(started)) == before
    metas = store_file.metas(store_of(started))
    assert int(metas["epoch"]) > max(record["lease"] >> 32 for record in before.values())


def test_a_broken_board_record_is_fetched_again_and_the_rest_lives(coordinator, worker):
    started = coordinator(tracks=2, classes=2)
    fill(started, worker)
    assert started.stop() == 0
    store_file.damage(store_of(started), "boards", store_file.board_key(20, 1), place=3)
    started.start()
    assert started.summary()["missing"] == 1
    joined = worker(started)
    job = joined.take()
    assert (job["track_id"], job["class_id"], job["content_hash"]) == (20, 1, "")
    assert joined.answer(job) == "stored"
    assert joined.say("ready") is None and joined.hears_nothing("job")


def test_a_record_of_a_board_that_was_never_fetched_is_not_a_board(coordinator, worker, build_dir):
    """What failures leave behind (deaths of workers, quarantine) does not make it known, nor published."""
    started = coordinator(tracks=1, classes=2)
    fill(started, worker)
    started.summary(lambda summary: summary["exports"] >= 1)
    assert started.stop() == 0
    with store_file.writing(store_of(started)) as (transaction, databases):
        key = store_file.board_key(10, 2)
        empty = {field: 0 for field in store_file.FIELDS}
        empty |= {"content_hash": bytes(16), "candidate_hash": bytes(16), "etag": "", "last_modified": "", "worker_deaths": 2,
                  "content_lost": 0}
        transaction.put(key, store_file.pack_board_record(key, empty), db=databases["boards"])
        for name in ("rows", "details"):
            transaction.delete(key, db=databases[name])
    started.start()
    assert started.summary()["missing"] == 1
    joined = worker(started)
    job = joined.take()
    assert (job["class_id"], job["content_hash"]) == (2, "")
    joined.fail(job)
    started.summary(lambda summary: summary["failed_attempts"] == 1 and summary["exports"] >= 1)
    assert started.stop() == 0
    assert store_file.boards(store_of(started))[(10, 2)]["worker_deaths"] == 2
    published = list((started.folder / "public").glob("cache/tracks/track_10/class_*.json.gz"))
    assert [path.name for path in published] == ["class_1.json.gz"]


def test_a_second_coordinator_is_refused(coordinator):
    started = coordinator(tracks=1, classes=1)
    started.summary()
    first = started.process
    started.start()
    assert started.process.wait(timeout=10) == 1
    assert f"in use by another coordinator (pid {first.pid})" in started.log()
    started.process = first
    started.summary()


def answer_once(started, joined, hours, *answers, **changes):
    """Restarts on a store made so much older and gives these answers to the jobs that come; returns the verdicts."""
    if started.process.poll() is None:
        assert started.stop() == 0
    store_file.age(store_of(started), hours)
    started.start()
    joined.say_hello()
    verdicts = []
    for names in answers:
        verdicts.append(joined.answer(joined.take(), names, **changes))
    return verdicts


def rows_of(started, track_id, class_id):
    with store_file.writing(store_of(started)) as (transaction, databases):
        return transaction.get(store_file.board_key(track_id, class_id), db=databases["rows"])


def test_a_shrunken_board_is_replaced_only_after_three_separate_answers_agree(coordinator, worker):
    """Over restarts; the old board stays meanwhile, and what does not agree begins anew."""
    started = coordinator(tracks=1, classes=1)
    full = [f"Driver {n}" for n in range(9)]
    joined = worker(started)
    assert joined.answer(joined.take(), full) == "stored"
    assert answer_once(started, joined, 25, []) == ["noted"]
    joined.say("ready")
    assert joined.hears_nothing("job")  # not at once: in a while
    for names in (full[:5], full[:4], full[:5]):
        assert started.stop() == 0
        assert rows_of(started, 10, 1) == pack_board(full)
        verdicts = answer_once(started, joined, 1, names)
    assert verdicts == ["stored"]
    summary = started.summary()
    assert summary["stored"] == 1 and summary["failed"] == 0
    assert started.stop() == 0
    assert rows_of(started, 10, 1) == pack_board(full[:5])
    record = store_file.boards(store_of(started))[(10, 1)]
    assert record["entry_count"] == 5 and record["empty_streak"] == 0


def test_an_empty_answer_is_forgotten_when_a_full_one_comes(coordinator, worker):
    started = coordinator(tracks=1, classes=1)
    full = [f"Driver {n}" for n in range(9)]
    joined = worker(started)
    assert joined.answer(joined.take(), full) == "stored"
    for names in ([], []):
        assert answer_once(started, joined, 25, names) == ["noted"]
    assert started.stop() == 0
    record = store_file.boards(store_of(started))[(10, 1)]
    assert record["empty_streak"] == 2 and record["candidate_since_ms"] <= record["candidate_last_ms"]
    assert answer_once(started, joined, 1, full[:8]) == ["stored"]
    assert answer_once(started, joined, 25, []) == ["noted"]
    assert started.stop() == 0
    assert store_file.boards(store_of(started))[(10, 1)]["empty_streak"] == 1
    assert rows_of(started, 10, 1) == pack_board(full[:8])


@pytest.mark.parametrize("status", [404, 410])
def test_a_board_that_is_gone_keeps_its_data_and_status_says_so(coordinator, worker, status):
    started = coordinator(tracks=1, classes=1)
    joined = worker(started)
    assert joined.answer(joined.take()) == "stored"
    assert answer_once(started, joined, 25, [], outcome="failed", failure="http_status", http_status=status,
                       problem="HTTP", entries=0, content_hash="") == ["noted"]
    assert started.stop() == 0
    record = store_file.boards(store_of(started))[(10, 1)]
    assert record["gone_since_ms"] > 0 and record["entry_count"] == 1
    assert rows_of(started, 10, 1) == pack_board(["Bob Dylan"])
    failed = json.loads((started.folder / "public/cache/status.json").read_text())["failed_fetches"]
    assert failed[0]["error"] == f"http_status (HTTP {status}): gone from the service; what was fetched before stays"
