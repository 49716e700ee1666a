"""What must hold whatever was killed, stopped or broken: I1 to I8.

A run leaves evidence: the trace of coordinator, workers and exporters (common/fault_trace.h), the log of the upstream, the
log of the reader (public_reader.py), the store and the public folder. Each invariant is a function that takes the evidence
and raises Violation with a sentence that names the board, lease or file; check_all tries all of them. The judgement comes
afterwards and from the outside, in the manner of Jepsen's checkers.

    I1 no acknowledged result is lost
    I2 each combination is in exactly one state
    I3 nothing that was stored goes back
    I4 the upstream sees no more than its budget, nothing that was not granted, and nothing while a hold lasts
    I5 what is published is whole at every instant and equals one committed generation
    I6 when the faults are over the crawl completes
    I7 processes, temporary files and reader slots are gone
    I8 the status agrees with the store
"""

import dataclasses
import json
import os
import pathlib
import re

import lmdb

import store_file

RATE_SLACK_US = 1000  # the bucket counts in milliseconds
TEMPORARY = re.compile(r"^\.r3e-tmp-|\.tmp$")


class Violation(AssertionError):
    """An invariant does not hold."""


def require(condition, sentence):
    if not condition:
        raise Violation(sentence)


# ---- evidence ----


@dataclasses.dataclass
class Record:
    """A board's record, as far as the invariants need it; common/record.h."""

    fetched_at_ms: int
    generation: int
    lease: int
    entry_count: int
    content_hash: str
    failure_streak: int
    has_rows: bool = False
    has_detail: bool = False


@dataclasses.dataclass
class StoreContent:
    generation: int
    boards: dict  # (track, class): Record
    readers: int = 0


@dataclasses.dataclass
class Evidence:
    trace: list = dataclasses.field(default_factory=list)  # in the order of the file
    requests: list = dataclasses.field(default_factory=list)  # the upstream's log
    reader: list = dataclasses.field(default_factory=list)
    store: StoreContent = None
    combinations: set = dataclasses.field(default_factory=set)  # what the catalogue has
    failing: set = dataclasses.field(default_factory=set)  # those that the upstream never answers well
    status: dict = dataclasses.field(default_factory=dict)  # status.json at the end
    left_files: list = dataclasses.field(default_factory=list)  # temporary files at the end
    alive: list = dataclasses.field(default_factory=list)  # pids of the trace that still run
    rate_per_s: float = 0
    burst: int = 0
    rate_since_us: int = 0  # coordinators that began earlier had another rate


def read_lines(path):
    path = pathlib.Path(path)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def read_store(folder):
    """Opens the store of a coordinator that has ended."""
    environment = lmdb.open(str(folder), max_dbs=4, readonly=True, lock=True)
    try:
        readers = sum(1 for line in environment.readers().splitlines() if re.match(r"\s*\d", line))
        with environment.begin() as transaction:
            names = (b"boards", b"rows", b"details", b"meta")
            boards, rows, details, meta = (environment.open_db(name, transaction, create=False) for name in names)
            kept = bytes(transaction.get(b"generation", b"0", db=meta))
            old = transaction.get(b"schema", b"1", db=meta) == b"1"
            generation = int(kept if old else store_file.unseal_meta("generation", kept))
            content = StoreContent(generation, {}, readers)
            for key, value in transaction.cursor(boards):
                place = (int.from_bytes(key[:4], "big"), int.from_bytes(key[4:], "big"))
                require(store_file.is_sound(bytes(key), value), f"the record of {place} is damaged")
                record = store_file.unpack_board_record(bytes(key), value)
                content.boards[place] = Record(
                    fetched_at_ms=record["fetched_at_ms"], generation=record["generation"], lease=record["lease"],
                    entry_count=record["entry_count"], content_hash=record["content_hash"].hex(),
                    failure_streak=record["failure_streak"],
                    has_rows=transaction.get(key, db=rows) is not None,
                    has_detail=transaction.get(key, db=details) is not None)
        return content
    finally:
        environment.close()


def is_ours(pid):
    """Whether one of our programs runs with this pid; one that has ended and was not asked for yet does not run."""
    try:
        head, _, rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return False
    return "(r3e-" in head and rest.split()[0] not in "ZX"


def find_temporary(*folders):
    return [os.path.join(folder, name) for top in folders for folder, folders_below, names in os.walk(top)
            for name in [*names, *folders_below] if TEMPORARY.search(name)]


# ---- the coordinator's lives ----


@dataclasses.dataclass
class Life:
    """One coordinator, from opening the store to its end."""

    opened: dict
    events: list = dataclasses.field(default_factory=list)
    committed: int = 0  # the last generation that was on disk at its end, traced or not


def lives_of(evidence):
    """A commit of which the trace does not tell may be on disk: the next opening of the store shows it."""
    lives = []
    for event in evidence.trace:
        if event["program"] != "r3e-coordinator":
            continue
        if event["event"] == "store_open":
            lives.append(Life(event))
        elif lives:
            lives[-1].events.append(event)
    for life, following in zip(lives, lives[1:]):
        life.committed = following.opened["generation"]
    if lives:
        lives[-1].committed = evidence.store.generation
    return lives


def pair_of(event):
    return event["track"], event["class"]


def committed_results(evidence):
    """Every `applied` event that came to disk, in order."""
    return [event for life in lives_of(evidence) for event in life.events
            if event["event"] == "applied" and event["generation"] <= life.committed]


def contents_of(evidence):
    """{pair: its last committed content}, an `applied` event with verdict stored."""
    return {pair_of(event): event for event in committed_results(evidence) if event["verdict"] == "stored"}


# ---- the invariants ----


def i1_no_acknowledged_result_is_lost(evidence):
    """What was acknowledged was on disk before, and is there at the end unless something later replaced it."""
    durable = {event["lease"]: event for event in committed_results(evidence)}
    acknowledged = set()
    for life in lives_of(evidence):
        on_disk = life.opened["generation"]
        applied = {}
        for event in life.events:
            if event["event"] == "commit":
                on_disk = event["generation"]
            elif event["event"] == "applied":
                applied[event["lease"]] = event
            elif event["event"] == "ack":
                acknowledged.add(event["lease"])
                result = applied.get(event["lease"])
                if result and result["verdict"] == "stored":
                    require(result["generation"] <= on_disk,
                            f"lease {event['lease']} was acknowledged when generation {on_disk} was on disk, but its "
                            f"result is of {result['generation']}")
                if event["verdict"] in ("stored", "duplicate"):
                    require(event["lease"] in durable, f"lease {event['lease']} was acknowledged as {event['verdict']}, "
                                                       f"but nothing of it was ever committed")
                if event["verdict"] == "stored":
                    require(result and result["verdict"] == "stored",
                            f"lease {event['lease']} was acknowledged as stored, but was not applied")
    for event in evidence.trace:
        if event["event"] == "acknowledged":
            require(event["lease"] in acknowledged,
                    f"a worker was told that lease {event['lease']} is acknowledged, but the coordinator never said so")
    for pair, content in contents_of(evidence).items():
        record = evidence.store.boards.get(pair)
        require(record, f"board {pair} was committed with lease {content['lease']} and is not in the store")
        require(record.content_hash == content["hash"] and record.entry_count == content["entries"],
                f"board {pair}: the store holds {record.content_hash} with {record.entry_count} entries, but lease "
                f"{content['lease']} had committed {content['hash']} with {content['entries']}")


def i2_each_combination_is_in_one_state(evidence):
    """It is leased to nobody or to one, and in the store with all its parts or not at all."""
    seen = set()
    for life in lives_of(evidence):
        held = {}  # lease: pair
        for event in life.events:
            lease = event.get("lease")
            if event["event"] == "job":
                require(lease not in seen, f"lease {lease} was handed out twice")
                other = [holder for holder, pair in held.items() if pair == pair_of(event)]
                require(not other, f"board {pair_of(event)} went out as lease {lease} while lease {other} held it")
                seen.add(lease)
                held[lease] = pair_of(event)
            elif event["event"] in ("lease_lost", "lease_done"):
                require(lease in held or event["event"] == "lease_lost",
                        f"lease {lease} was done, but nobody held it")
                held.pop(lease, None)
    for pair, record in evidence.store.boards.items():
        require(pair in evidence.combinations, f"board {pair} is in the store, but not in the catalogue")
        require(record.has_detail == (record.fetched_at_ms > 0), f"board {pair}: a record without its detail, or the reverse")
        require(record.has_rows == (record.entry_count > 0),
                f"board {pair}: {record.entry_count} entries, but rows are {'' if record.has_rows else 'not '}there")


def i3_nothing_stored_goes_back(evidence):
    """Generations, epochs and the leases of a board only grow; an export never shows an older state."""
    latest = {}
    generation = epoch = -1
    for life in lives_of(evidence):
        # One that was killed before its first commit has handed nothing out: its epoch is free.
        require(life.opened["epoch"] >= epoch, f"epoch {life.opened['epoch']} after epoch {epoch}")
        require(life.opened["generation"] >= generation,
                f"the store was at generation {generation} and opened at {life.opened['generation']}")
        generation = life.opened["generation"]
        for event in life.events:
            if event["event"] == "job":
                require(event["lease"] >> 32 == life.opened["epoch"] > epoch,
                        f"lease {event['lease']} of epoch {life.opened['epoch']}, after epoch {epoch} was used")
            if event["event"] == "commit":
                require(event["generation"] > generation, f"generation {event['generation']} after {generation}")
                generation = event["generation"]
        if any(event["event"] == "job" for event in life.events):
            epoch = life.opened["epoch"]
        require(life.committed >= generation,
                f"generation {generation} was committed, but later the store was at {life.committed}")
    for event in committed_results(evidence):
        pair = pair_of(event)
        require(event["lease"] > latest.get(pair, 0), f"board {pair}: lease {event['lease']} was applied after "
                                                      f"lease {latest.get(pair)}, which is later")
        latest[pair] = event["lease"]
    for pair, record in evidence.store.boards.items():
        require(record.lease == latest.get(pair, record.lease), f"board {pair}: the store says lease {record.lease}, "
                                                                f"but {latest.get(pair)} was the last one committed")
        require(record.generation <= evidence.store.generation, f"board {pair} is of a generation still to come")
    exported = -1
    for event in evidence.trace:
        if event["event"] == "export_begin":
            require(event["generation"] >= exported,
                    f"an export of generation {event['generation']} after one of {exported}")
            exported = event["generation"]


def check_holds(life):
    holds = {}  # kind: (scope, until_us)
    for event in life.events:
        if event["event"] == "hold":
            holds[event["kind"]] = (event["scope"], event["until_ms"] * 1000)
        elif event["event"] == "hold_cleared":
            holds.pop(event["kind"], None)
        elif event["event"] in ("job", "grant"):
            for kind, (scope, until_us) in holds.items():
                binding = scope == "requests" or event["event"] == "job"
                require(not binding or event["us"] >= until_us - RATE_SLACK_US,
                        f"{event['event']} of lease {event['lease']} went out while {kind} held it back")


def check_rate(lives, rate_per_s, burst):
    """A restart gives nothing away: one bucket for all lives."""
    times = [event["us"] for life in lives for event in life.events if event["event"] in ("job", "grant")]
    allowed, last = float(burst), None  # a bucket of our own, as full as it can be
    for at in times:
        if last is not None:
            allowed = min(burst, allowed + (at - last + RATE_SLACK_US) / 1e6 * rate_per_s)
        last = at
        require(allowed >= 1, f"at {at} us a request was granted that exceeds {rate_per_s} per second with bursts of {burst}")
        allowed -= 1


def i4_the_upstream_is_not_hammered(evidence):
    """Grants keep to the rate and stop while a hold lasts; every request was granted before."""
    for life in lives_of(evidence):
        check_holds(life)
    if evidence.rate_per_s:
        check_rate([life for life in lives_of(evidence) if life.opened["us"] >= evidence.rate_since_us],
                   evidence.rate_per_s, evidence.burst)
    granted, asked, leased = {}, {}, {}
    for event in evidence.trace:
        if event["event"] == "job":
            leased[event["lease"]] = pair_of(event)
        if event["event"] in ("job", "grant"):
            pair = leased[event["lease"]]
            granted[pair] = granted.get(pair, 0) + 1
    for request in evidence.requests:
        if request.get("track") is not None:
            pair = request["track"], request["class"]
            asked[pair] = asked.get(pair, 0) + 1
    for pair, count in asked.items():
        require(count <= granted.get(pair, 0),
                f"board {pair}: the upstream was asked {count} times, but only {granted.get(pair, 0)} requests were granted")


def state_at(results, generation):
    """The combinations with entries as of a generation: [[track, class, entries], …]."""
    entries = {pair_of(event): event["entries"] for event in results
               if event["verdict"] == "stored" and event["generation"] <= generation}
    return sorted([*pair, count] for pair, count in entries.items() if count)


def i5_what_is_published_is_whole(evidence):
    """The reader found no broken and no vanished file, and each list of combinations is one export's generation."""
    problems = [line for line in evidence.reader if line["event"] == "problem"]
    require(not problems, f"the reader saw: {problems[:5]}")
    ends = [line for line in evidence.reader if line["event"] == "end"]
    require(ends and ends[-1]["passes"] > 1, "the reader did not read to the end")
    results = committed_results(evidence)
    states = {}
    for event in evidence.trace:
        if event["event"] == "export_begin" and event["generation"] not in states:
            states[event["generation"]] = state_at(results, event["generation"])
    for line in evidence.reader:
        if line["event"] == "seen" and "all_combinations" in line["path"]:
            require(line["boards"] in states.values(),
                    f"{line['path']} at {line['us']} us lists {line['boards']}, which is the state of no exported "
                    f"generation")
    exported = {event["generation"] for event in evidence.trace if event["event"] == "export_end"}
    for generation in exported:
        require(generation <= evidence.store.generation, f"generation {generation} was published, but never committed")


def i6_the_crawl_completes(evidence):
    """Nothing is missing, failed or overdue, but what the upstream never answers well."""
    fetched = {pair for pair, record in evidence.store.boards.items() if record.fetched_at_ms}
    missing = evidence.combinations - fetched - evidence.failing
    require(not missing, f"never fetched: {sorted(missing)[:5]}")
    # What was never fetched has no record that could say so.
    failing = {pair for pair, record in evidence.store.boards.items() if record.failure_streak} | \
        evidence.failing - evidence.store.boards.keys()
    require(failing == evidence.failing, f"the last fetch failed of {sorted(failing)[:5]}, expected of "
                                         f"{sorted(evidence.failing)[:5]}")
    count = evidence.status["failed_fetch_count"]
    require(count == len(failing), f"status lists {count} failed fetches, the store {len(failing)}")
    require(not evidence.status["fetch_in_progress"], "status says that a fetch is under way")


def i7_nothing_is_left_over(evidence):
    require(not evidence.left_files, f"temporary files stayed: {evidence.left_files[:5]}")
    require(not evidence.alive, f"processes are still there: {evidence.alive[:5]}")
    require(not evidence.store.readers, f"{evidence.store.readers} reader slots are taken")


def i8_status_agrees_with_the_store(evidence):
    fetched = {pair: record for pair, record in evidence.store.boards.items() if record.fetched_at_ms}
    figures = {
        "total_fetched_combinations": len(fetched),
        "total_entries": sum(record.entry_count for record in fetched.values()),
        "track_count": sum(1 for record in fetched.values() if record.entry_count),
        "total_unique_tracks": len({track for track, _ in fetched}),
    }
    for name, value in figures.items():
        require(evidence.status[name] == value, f"status says {name} = {evidence.status[name]}, the store has {value}")


INVARIANTS = (
    i1_no_acknowledged_result_is_lost, i2_each_combination_is_in_one_state, i3_nothing_stored_goes_back,
    i4_the_upstream_is_not_hammered, i5_what_is_published_is_whole, i6_the_crawl_completes, i7_nothing_is_left_over,
    i8_status_agrees_with_the_store,
)


def check_all(evidence):
    violations = []
    for invariant in INVARIANTS:
        try:
            invariant(evidence)
        except Violation as violation:
            violations.append(f"{invariant.__name__}: {violation}")
    require(not violations, "\n".join(violations))
