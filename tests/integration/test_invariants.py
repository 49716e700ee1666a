"""The checker of invariants can fail: each bad log that is made up here breaks the invariant it is meant to break."""

import copy
import gzip
import json

import pytest

import invariants
import public_reader
import store_builder

PAIR = (253, 1685)
OTHER = (253, 1701)
HASH = "0" * 31 + "1"
NEWER_HASH = "0" * 31 + "2"
LEASE = (1 << 32) + 1


def event(name, program="r3e-coordinator", us=0, **fields):
    return {"us": us, "program": program, "pid": 1, "event": name, **fields}


def job(lease, pair, **more):
    return event("job", lease=lease, track=pair[0], **{"class": pair[1]}, attempt=1, worker="w1", **more)


def applied(lease, pair, generation, content=HASH, entries=3, verdict="stored", outcome="changed"):
    return event("applied", lease=lease, track=pair[0], **{"class": pair[1]}, outcome=outcome, verdict=verdict,
                 entries=entries, hash=content, generation=generation)


def record(lease, generation, content=HASH, entries=3):
    return invariants.Record(fetched_at_ms=1, generation=generation, lease=lease, entry_count=entries,
                             content_hash=content, failure_streak=0, has_rows=entries > 0, has_detail=True)


@pytest.fixture
def good():
    """Two boards, one of them empty, fetched, committed, acknowledged and published."""
    return invariants.Evidence(
        trace=[
            event("store_open", generation=0, epoch=1),
            event("commit", generation=1),
            job(LEASE, PAIR, us=1000),
            job(LEASE + 1, OTHER, us=2000),
            event("request", "r3e-worker", lease=LEASE, track=PAIR[0], **{"class": PAIR[1]}, start=0),
            event("lease_done", lease=LEASE),
            applied(LEASE, PAIR, 2),
            event("lease_done", lease=LEASE + 1),
            applied(LEASE + 1, OTHER, 2, entries=0),
            event("commit", generation=2),
            event("ack", lease=LEASE, verdict="stored"),
            event("ack", lease=LEASE + 1, verdict="stored"),
            event("acknowledged", "r3e-worker", lease=LEASE, verdict="stored"),
            event("export_begin", "r3e-exporter", generation=2),
            event("export_end", "r3e-exporter", generation=2),
        ],
        requests=[{"track": PAIR[0], "class": PAIR[1]}, {"track": OTHER[0], "class": OTHER[1]}, {"status": 200}],
        reader=[
            {"event": "ready", "us": 0},
            {"event": "seen", "us": 5, "path": "all_combinations.json.gz", "boards": [[*PAIR, 3]]},
            {"event": "end", "us": 9, "passes": 7, "reads": 1},
        ],
        store=invariants.StoreContent(2, {PAIR: record(LEASE, 2), OTHER: record(LEASE + 1, 2, entries=0)}),
        combinations={PAIR, OTHER},
        status={"failed_fetch_count": 0, "fetch_in_progress": False, "total_fetched_combinations": 2, "total_entries": 3,
                "track_count": 1, "total_unique_tracks": 1},
        rate_per_s=10, burst=2)


def find(evidence, name):
    return next(place for place, line in enumerate(evidence.trace) if line["event"] == name)


def drop(name):
    return lambda evidence: evidence.trace.pop(find(evidence, name))


def insert(place, *events):
    def change(evidence):
        evidence.trace[place:place] = copy.deepcopy(events)
    return change


def early_ack(evidence):
    """The last commit comes after the acknowledgement that must follow it."""
    ack = find(evidence, "ack")
    evidence.trace[ack - 1], evidence.trace[ack] = evidence.trace[ack], evidence.trace[ack - 1]


def in_store(pair, **fields):
    def change(evidence):
        for name, value in fields.items():
            setattr(evidence.store.boards[pair], name, value)
    return change


def in_status(**fields):
    return lambda evidence: evidence.status.update(fields)


def in_reader(line):
    return lambda evidence: evidence.reader.insert(1, line)


def restarted(generation, epoch=2, *events):
    """Another coordinator at the end, which found the store at this generation."""
    return lambda evidence: evidence.trace.extend([event("store_open", generation=generation, epoch=epoch), *events])


def lost(evidence):
    evidence.store.boards.pop(PAIR)


def hold(scope, until_ms):
    return event("hold", kind="retry_after", scope=scope, until_ms=until_ms)


BAD = {
    "acknowledged before the commit": ("i1", early_ack, "was acknowledged when generation"),
    "acknowledged, never committed": ("i1", lambda e: (drop("commit")(e), drop("commit")(e)), "was acknowledged when"),
    "acknowledged without a result": ("i1", drop("applied"), "nothing of it was ever committed"),
    "a duplicate of nothing": ("i1", insert(12, event("ack", lease=7, verdict="duplicate")), "nothing of it was ever"),
    "a worker heard what nobody said": ("i1", insert(12, event("acknowledged", "r3e-worker", lease=9, verdict="stored")),
                                        "the coordinator never said so"),
    "the board is gone": ("i1", lost, "is not in the store"),
    "the content is another": ("i1", in_store(PAIR, content_hash=NEWER_HASH), "the store holds"),
    "the commit was lost in a restart": ("i1", restarted(1), "nothing of it was ever committed"),
    "two workers hold one board": ("i2", insert(3, job(LEASE + 5, PAIR)), "went out as lease"),
    "one lease twice": ("i2", insert(7, job(LEASE, PAIR)), "was handed out twice"),
    "done, but not held": ("i2", insert(3, event("lease_done", lease=12)), "nobody held it"),
    "a board of no catalogue": ("i2", lambda e: e.combinations.discard(OTHER), "not in the catalogue"),
    "no detail": ("i2", in_store(PAIR, has_detail=False), "without its detail"),
    "no rows": ("i2", in_store(PAIR, has_rows=False), "rows are not there"),
    "rows of an empty board": ("i2", in_store(OTHER, has_rows=True), "rows are there"),
    "generation repeated": ("i3", insert(10, event("commit", generation=2)), "generation 2 after 2"),
    "epoch reused": ("i3", restarted(2, 1, job((1 << 32) + 9, PAIR)), "was used"),
    "lease of another epoch": ("i3", restarted(2, 2, job((1 << 32) + 9, PAIR)), "was used"),
    "epoch falls": ("i3", restarted(2, 0), "epoch 0 after epoch 1"),
    "the store went back": ("i3", restarted(1), "but later the store was at 1"),
    "an older lease on top": ("i3", insert(9, applied(LEASE - 1, PAIR, 2)), "which is later"),
    "the record says another lease": ("i3", in_store(PAIR, lease=LEASE + 7), "was the last one committed"),
    "a record of tomorrow": ("i3", in_store(PAIR, generation=3), "still to come"),
    "an older export": ("i3", insert(15, event("export_begin", "r3e-exporter", generation=1)), "after one of 2"),
    "faster than the rate": ("i4", lambda e: e.trace.__setitem__(slice(4, 4), [
        event("grant", lease=LEASE, page=1, us=2000), event("grant", lease=LEASE, page=2, us=2000)]), "exceeds"),
    "faster than the rate over a restart": ("i4", restarted(2, 2, job((2 << 32) + 1, PAIR, us=3000),
                                                            job((2 << 32) + 2, OTHER, us=4000)), "exceeds"),
    "a job while held back": ("i4", insert(2, hold("jobs", 60000)), "while retry_after held it back"),
    "a page while held back": ("i4", insert(4, hold("requests", 60000), event("grant", lease=LEASE, page=1, us=9000)),
                               "grant of lease"),
    "a request that nobody granted": ("i4", lambda e: e.requests.append({"track": PAIR[0], "class": PAIR[1]}),
                                      "was asked 2 times"),
    "a broken file": ("i5", in_reader({"event": "problem", "path": "x", "problem": "half"}), "the reader saw"),
    "no reader": ("i5", lambda e: e.reader.clear(), "did not read to the end"),
    "a mixture of generations": ("i5", in_reader({"event": "seen", "us": 6, "path": "combinations/all_combinations.json.gz",
                                                  "boards": [[*PAIR, 4]]}), "no exported generation"),
    "published, not committed": ("i5", insert(14, event("export_end", "r3e-exporter", generation=3)), "never committed"),
    "a board was never fetched": ("i6", lambda e: e.combinations.add((1, 1)), "never fetched"),
    "a fetch failed last": ("i6", in_store(PAIR, failure_streak=1), "the last fetch failed"),
    "status lists a failure": ("i6", in_status(failed_fetch_count=1), "failed fetches"),
    "status says busy": ("i6", in_status(fetch_in_progress=True), "under way"),
    "a temporary file": ("i7", lambda e: e.left_files.append("x"), "temporary files"),
    "a process": ("i7", lambda e: e.alive.append(5), "still there"),
    "a reader slot": ("i7", lambda e: setattr(e.store, "readers", 1), "reader slots"),
    "status counts otherwise": ("i8", in_status(total_entries=4), "total_entries = 4"),
}


def test_a_good_log_is_good(good):
    invariants.check_all(good)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_log_breaks_its_invariant(case, good):
    name, change, sentence = BAD[case]
    change(good)
    with pytest.raises(invariants.Violation, match=sentence):
        next(function for function in invariants.INVARIANTS if function.__name__.startswith(name + "_"))(good)
    with pytest.raises(invariants.Violation, match=name + "_"):
        invariants.check_all(good)


def test_what_is_allowed(good):
    """Events that look odd and are none: an untraced commit, a restart, a hold that is over, a hold of jobs alone."""
    good.trace.pop(find(good, "ack") - 1)  # killed between commit and trace; the next start finds generation 2
    for name in ("ack", "ack", "acknowledged"):
        drop(name)(good)
    restarted(2, 2, event("ack", lease=LEASE, verdict="duplicate"))(good)
    good.trace += [hold("requests", 1), hold("jobs", 60000), event("grant", lease=LEASE, page=1, us=909000),
                   event("hold_cleared", kind="retry_after"), job((2 << 32) + 1, PAIR, us=910000),
                   applied((2 << 32) + 1, PAIR, 4, content=NEWER_HASH)]  # never committed
    invariants.check_all(good)


def test_the_store_is_read_as_it_is(tmp_path):
    truth = [{"track_id": 1, "track_name": "One", "class_id": 2, "class_name": "Two", "results": [
        {"driver": {"name": "Bob", "path": "/users/7/"}, "laptime": "1m 00.000s", "index": 0}]}]
    store = store_builder.Store(tmp_path / "store", truth)
    store.close()
    content = invariants.read_store(tmp_path / "store")
    assert content.generation == 1 and content.readers == 0
    assert set(content.boards) == {(1, 2)}
    board = content.boards[1, 2]
    assert (board.entry_count, board.has_rows, board.has_detail, board.lease) == (1, True, True, 1 << 32)
    store = store_builder.Store(tmp_path / "store")
    store.damage("boards", truth[0], lambda value: value[:-1] + bytes([value[-1] ^ 1]))
    store.close()
    with pytest.raises(invariants.Violation, match="is damaged"):
        invariants.read_store(tmp_path / "store")


DOCUMENT = json.dumps({"count": 1, "results": [{"track_id": "1", "class_id": "2", "entry_count": 3}]}).encode()


WHOLE = gzip.compress(DOCUMENT, mtime=0)
BROKEN = {
    "ends too early": WHOLE[:-3],
    "1 bytes after": WHOLE + b"x",
    "not gzip": DOCUMENT,
    "Expecting": gzip.compress(DOCUMENT[:-1]),
    "count is not": gzip.compress(DOCUMENT.replace(b'"count": 1', b'"count": 2')),
    "KeyError": gzip.compress(b"{}"),
    "not any more": None,
}


@pytest.mark.parametrize("problem", BROKEN)
def test_the_reader_sees_what_is_broken(problem, tmp_path):
    data = BROKEN[problem]
    public, log = tmp_path / "cache", tmp_path / "log"
    public.mkdir()
    path = public / "all_combinations.json.gz"
    path.write_bytes(WHOLE)
    with public_reader.reading(public, log):
        if data is None:
            path.unlink()
        else:
            (public / ".new").write_bytes(data)
            (public / ".new").rename(path)
    lines = invariants.read_lines(log)
    assert lines[0]["boards"] == [[1, 2, 3]]
    assert [line["event"] for line in lines[-2:]] == ["problem", "end"]
    assert problem in lines[-2]["problem"]
