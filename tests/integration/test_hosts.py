"""Three hosts joined by cables, and what becomes of a crawl when a cable, a host, a connection or the coordinator fails.

Afterwards nothing is missing, nothing was done twice, no lease is stuck, and what is published is what the service says:
`judge` of faulty_crawl.py. Every fault is held until its effect was seen, or for the length that it is about.
"""

import contextlib
import os
import signal
import time

import pytest

import hosts
from conftest import Upstream
from crawl import wait_for
from host_crawl import JOBS_PORT, RESULTS_PORT, UPSTREAM_PORT, HostCrawl
from invariants import pair_of
from keys import Keyring
from test_fault_points import has_points

MISSING = hosts.missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

WORLD = ("--tracks", 6, "--classes", 4, "--entries", 1200, "--drivers", 200, "--filled", 60)


@pytest.fixture
def network():
    with contextlib.closing(hosts.Network()) as made:
        yield made


@pytest.fixture
def world(build_dir, upstream_program, upstream_truth, tmp_path, network):
    """A function that makes a HostCrawl, not started, with a home (coordinator, upstream) and two hosts: `west`, `east`."""
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    catalogue = tmp_path / "catalogue.cfg"
    running = []

    def make(*options, latency_ms="5-20"):
        home, west, east = map(network.add, ("home", "west", "east"))
        options = (*WORLD, *options)
        service = Upstream(*home_program(home, upstream_program, options, latency_ms, catalogue, tmp_path))
        running.append(service)
        truth = upstream_truth(*options, "--catalogue", catalogue)
        combinations = {(int(board["track_id"]), int(board["class_id"])) for board in truth}
        made = HostCrawl(build_dir, tmp_path, home, Keyring(build_dir, tmp_path), catalogue, combinations)
        made.truth, made.west, made.east = truth, west, east
        return made

    yield make
    for service in running:
        assert service.stop() == 0, service.errors


def home_program(home, program, options, latency_ms, catalogue, folder):
    """The upstream's command, as conftest.Upstream wants it."""
    command, *rest = home.inside(program, "--listen", f"{home.address}:{UPSTREAM_PORT}", "--latency-ms", latency_ms,
                                 "--write-catalogue", catalogue, "--log", folder / "requests.log", *options)
    return command, rest


@contextlib.contextmanager
def judged(made):
    """A crawl, begun within the `with` block: it completes, all ends in good order, and then judgement is passed. What is
    given to the block has the last `summary` afterwards."""
    with made.reading():
        yield made
        made.last = made.rest()
        made.workers_at_rest = {pid for pool in made.pools for pid in pool.workers()}
        made.end()
    made.judge(made.truth)


def held_back(made, pool, count=1):
    """The workers of this pool that the fault has stopped, when they are so many."""
    def stopped():
        pids = [pid for pid, state in pool.workers().items() if state == "T"]
        return pids if len(pids) == count else None
    return made.wait(stopped, f"that {count} workers stop")


def with_a_result(made):
    """Starts all; one worker of west stands still with a result that it is about to send. Returns its pid and the pool."""
    made.start()
    pool = made.pool(made.west, 2, "worker.before_send=stop")
    sender = held_back(made, pool)[0]
    # One that was never welcomed is not patient: nothing may befall the host before.
    made.wait(lambda: len({event["pid"] for event in made.traced("job_received")}) == 2, "that both workers of west are at work")
    made.pool(made.east, 2)
    return sender, pool


def go_on(made, sender):
    """It sends what it has, or tries to; returns the lease."""
    lease = made.traced("job_received", pid=sender)[-1]["lease"]
    os.kill(sender, signal.SIGCONT)
    return lease


def with_boards_in_hand(made):
    """Starts all; both workers of west stand still with a board that they have fetched. Returns the leases."""
    made.start()
    pool = made.pool(made.west, 2, "worker.fetched=stop", once=False)
    pids = held_back(made, pool, 2)
    made.pool(made.east, 2)
    return [made.traced("job_received", pid=pid)[-1]["lease"] for pid in pids]


def check_taken_over(made, leases):
    """What was handed out under these leases was lost, and another has brought it."""
    for lease in leases:
        made.wait_traced("lease_lost", lease=lease)
        board = pair_of(made.traced("job", lease=lease)[0])
        made.wait(lambda: [event for event in made.traced("applied", track=board[0], **{"class": board[1]})
                           if event["lease"] > lease], f"that another brings {board}")


def jobs_of(made, **fields):
    """The boards that were handed out, in order."""
    return [pair_of(event) for event in made.traced("job", **fields)]


def check_nothing_was_lost(made):
    """Each board was handed out once, and nobody was given up."""
    assert sorted(jobs_of(made)) == sorted(made.combinations), "a board was handed out twice"
    assert made.last["workers_lost"] == 0 and made.last["leases_expired"] == 0 and made.last["superseded"] == 0


def hold(length_s):
    """For as long as a fault is to last; nothing is waited for."""
    until = time.monotonic() + length_s
    wait_for(lambda: time.monotonic() >= until, timeout_s=length_s + 10)


def test_a_crawl_over_three_hosts_equals_the_truth(world):
    with judged(world()) as made:
        made.start()
        made.ask("pause")
        pools = [made.pool(made.west, 2), made.pool(made.east, 2)]
        made.summary(lambda summary: summary["workers"] == 4)
        made.ask("resume")
    assert sorted(jobs_of(made)) == sorted(made.combinations)
    assert made.last["workers"] == 4 and made.last["connections"] == 8
    done_by = {event["worker"] for event in made.traced("job")}
    assert len(done_by) == 4, f"only {done_by} worked"
    assert not any(" warning " in pool.log() for pool in pools)


# ---- a cable ----


def check_short_pull(made, network, length_s):
    with judged(made):
        sender, pool = with_a_result(made)
        workers = pool.workers().keys()
        network.pull(made.west)
        lease = go_on(made, sender)  # into the void
        hold(length_s)
        network.plug(made.west)
        # Kernels go on sending for sockets that were closed: over new ones the result may come a second time.
        acknowledged = made.wait_traced("acknowledged", lease=lease)
        assert acknowledged[0]["verdict"] in ("stored", "duplicate")
    assert workers <= made.workers_at_rest
    check_nothing_was_lost(made)


def test_a_cable_pulled_for_less_than_the_lease_costs_nothing(world, network):
    check_short_pull(world(), network, 1)


@pytest.mark.slow
def test_a_cable_pulled_for_three_seconds_costs_nothing(world, network):
    check_short_pull(world(), network, 3)


@pytest.mark.slow
def test_a_cable_pulled_for_longer_than_a_worker_waits_costs_nothing(world, network):
    """It looks for the coordinator over new sockets meanwhile; the lease is still its own when it is back."""
    check_short_pull(world(), network, 9)


def check_long_pull(made, network, length_s=0):
    with judged(made):
        sender, pool = with_a_result(made)
        workers = pool.workers().keys()
        network.pull(made.west)
        pulled = time.monotonic()
        lease = go_on(made, sender)
        check_taken_over(made, [lease])
        hold(max(0, length_s - (time.monotonic() - pulled)))
        network.plug(made.west)
        made.wait_traced("acknowledged", lease=lease, verdict="superseded")
        made.summary(lambda summary: summary["refresh"]["kind"] == "none" and summary["missing"] == 0)  # else it serves both
        before = len(made.traced("job_received", pid=sender))
        (made.folder / "store" / "refresh_now").touch()  # something to do for those who are back
        made.wait(lambda: len(made.traced("job_received", pid=sender)) > before, "a new job for it")
    assert workers <= made.workers_at_rest, "a worker was started anew"
    assert made.last["superseded"] >= 1 and made.last["workers_lost"] >= 1


def test_a_cable_pulled_for_longer_than_the_lease_gives_the_board_to_another(world, network):
    made = world()
    made.settings["workers.lease_s"] = 2
    check_long_pull(made, network)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_cable_pulled_for_a_minute_gives_the_board_to_another(world, network):
    check_long_pull(world(), network, 60)


# ---- a bad line ----


def bad_line(made, network):
    """A proxy between west and home."""
    return network.put_proxy(made.west, JOBS_PORT, RESULTS_PORT, UPSTREAM_PORT)


@pytest.mark.slow
def test_a_host_that_is_far_away_does_not_hold_up_the_others(world, network):
    made = world()
    bad_line(made, network).tell("delay", 200)
    with judged(made):
        made.start()
        made.pool(made.west, 2)
        made.wait_traced("job_received")
        made.pool(made.east, 2)
        far = {worker["name"] for worker in made.workers_of(made.west)}
    check_nothing_was_lost(made)
    done_far = [event for event in made.traced("job") if event["worker"] in far]
    assert 0 < len(done_far) < len(made.combinations) / 2


def check_short_stall(made, network, length_s):
    proxy = bad_line(made, network)
    with judged(made):
        sender, _ = with_a_result(made)
        proxy.tell("stall")
        lease = go_on(made, sender)
        hold(length_s)
        proxy.tell("go")
        made.wait_traced("acknowledged", lease=lease, verdict="stored")
    check_nothing_was_lost(made)


@pytest.mark.slow
def test_a_connection_that_stands_still_for_less_than_the_lease_costs_nothing(world, network):
    check_short_stall(world(), network, 1)


@pytest.mark.slow
def test_a_connection_that_stands_still_for_longer_than_the_lease(world, network):
    made = world()
    made.settings["workers.lease_s"] = 2
    proxy = bad_line(made, network)
    with judged(made):
        sender, _ = with_a_result(made)
        proxy.tell("stall")
        lease = go_on(made, sender)
        check_taken_over(made, [lease])
        proxy.tell("go")
        made.wait_traced("acknowledged", lease=lease, verdict="superseded")


def test_connections_reset_in_the_middle_of_a_frame(world, network):
    """Of the results and of the messages; and whatever was on its way when all were cut. Pages are another matter: libcurl
    asks again by itself when a connection that it had kept was closed, and no grant covers that."""
    made = world()
    made.settings |= {"workers.lease_s": 5, "refresh.retries": 10}
    proxy = bad_line(made, network)
    proxy.tell("reset", RESULTS_PORT, 3000, 4)  # of these, some 520 bytes are the handshake
    proxy.tell("reset", JOBS_PORT, 760, 4)
    with judged(made):
        made.start()
        pool = made.pool(made.west, 2)
        made.wait(lambda: proxy.tell("count") == 8, "that all are reset")
        proxy.tell("cut", JOBS_PORT, RESULTS_PORT)
        made.pool(made.east, 2)
        workers = pool.workers().keys()
    assert workers <= made.workers_at_rest
    assert made.last["invalid"] == 0 and made.last["bad_frames"] == 0


# ---- hosts that come and go ----


def test_a_host_that_is_killed(world):
    made = world()
    made.settings["workers.lease_s"] = 2
    with judged(made):
        leases = with_boards_in_hand(made)
        made.west.kill()
        check_taken_over(made, leases)
    assert made.last["workers"] == 2 and made.last["workers_lost"] == 2


def check_half_open(made, network):
    """A host that is gone without a word: no FIN, no RST, and no carrier that is lost on our side."""
    leases = with_boards_in_hand(made)
    made.summary(lambda summary: summary["connections"] == 8)
    network.swallow(made.west)
    made.west.kill()
    check_taken_over(made, leases)


@pytest.mark.slow
def test_a_host_that_vanishes_and_leaves_its_connections_half_open(world, network):
    made = world()
    made.settings["workers.lease_s"] = 2
    with judged(made):
        check_half_open(made, network)
    assert made.last["workers"] == 2


@pytest.mark.slow
def test_half_open_connections_are_closed(world, network):
    made = world()
    with judged(made):
        check_half_open(made, network)
        made.summary(lambda summary: summary["connections"] == 4)


def test_the_coordinator_killed_and_started_again(world):
    """The workers say who they are, and send again what was not acknowledged."""
    made = world()
    with judged(made):
        sender, pool = with_a_result(made)
        workers = pool.workers().keys()
        made.process.kill()
        made.process.wait()
        lease = go_on(made, sender)
        made.start()
        made.wait_traced("acknowledged", lease=lease)
        made.summary(lambda summary: summary["workers"] == 4)
    assert workers <= made.workers_at_rest
    assert made.last["quarantined"] == 0 and made.last["leases_expired"] == 0


@pytest.mark.slow
def test_the_coordinator_started_again_while_a_host_was_cut_off(world, network):
    """Half open on the host's side: it never hears that its connections are no more."""
    made = world()
    made.settings["workers.lease_s"] = 2
    with judged(made):
        sender, pool = with_a_result(made)
        workers = pool.workers().keys()
        network.swallow(made.west)
        lease = go_on(made, sender)
        made.process.kill()
        made.process.wait()
        made.start()
        made.summary(lambda summary: summary["workers"] == 2)
        network.spit_out(made.west)
        made.wait_traced("acknowledged", lease=lease)
        made.summary(lambda summary: summary["workers"] == 4)
    assert workers <= made.workers_at_rest


@pytest.mark.slow
def test_a_host_that_is_added_and_one_that_is_drained(world, network):
    """In mid-crawl: what the drained one had sent is kept, what it had in hand goes to others and costs no attempt."""
    made = world(latency_ms=500)
    with judged(made):
        made.start()
        west = made.pool(made.west, 2)
        made.wait_traced("acknowledged")
        made.ask("pause")  # however long a host takes to come, there is something left for it
        north = made.pool(network.add("north"), 2)
        made.summary(lambda summary: summary["workers"] == 4)
        made.ask("resume")
        made.wait(lambda: {event["pid"] for event in made.traced("job_received")} & north.workers().keys(), "a job for north")
        drained = west.workers().keys()
        assert west.stop() == 0
        sent = {event["lease"] for event in made.traced("result_sent") if event["pid"] in drained}
        known = {event["lease"] for event in made.traced("acknowledged") if event["pid"] in drained}
        assert sent == known and "unacknowledged" not in west.log()
    assert made.last["workers"] == 2 and made.last["workers_left"]["signal"] == 2
    assert made.last["workers_lost"] == 0 and made.last["failed_attempts"] == 0 and made.last["leases_expired"] == 0
