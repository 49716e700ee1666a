"""Each process killed at each named point: nothing acknowledged is lost, nobody ever reads a broken file, and the next start
needs no help. The points are those of common/fault_point.h."""

import errno
import random
import re
import signal
import time

import pytest

from crawl import processes, wait_for, workers_of
from faulty_crawl import FaultyCrawl, kill
from invariants import read_lines
from made_once import made_once
from sampling import one_in
from test_fault_points import TABLE, has_points

WORLD = ("--tracks", 3, "--classes", 3, "--entries", 300, "--drivers", 80, "--filled", 60)
OTHER = ("--seed", 2, "--entries", 300, "--drivers", 80, "--filled", 60)
SURVIVED = 0  # exit codes of a coordinator
EXPORT_FAILED = 1
FAILED = 1
SOME_BOARDS_FAILED = 3

# Which of the times that a process comes to a point; the first one if not listed.
LATER = {"worker.fetched": 2, "worker.page_done": 2, "writer.before_put": 2, "exporter.after_rename": 2, "spawn.before": 2,
         "spawn.after": 2, "exporter.file_created": 3}


@pytest.fixture(scope="session")
def old_world(build_dir, upstream_program, tmp_path_factory):
    """A folder with a finished crawl of one world, to be copied; made once for all test processes."""
    from conftest import Upstream

    if not has_points(build_dir):
        pytest.skip("built without fault_points")

    def crawl_in(folder, url=""):
        return FaultyCrawl(build_dir, folder, url, folder / "catalogue.cfg", folder / "requests.log", ())

    def make(folder):
        options = [*WORLD, "--write-catalogue", folder / "catalogue.cfg", "--log", folder / "requests.log"]
        started = Upstream(upstream_program, options)
        try:
            made = crawl_in(folder, started.url)
            assert made.once() == SURVIVED, made.log()
        finally:
            assert started.stop() == 0
        made.age_store(hours=48)

    return crawl_in(made_once(tmp_path_factory, "old-world", make))


@pytest.fixture
def changed_world(build_dir, tmp_path, old_world, upstream, upstream_truth):
    """A function that gives a FaultyCrawl whose store is of one world, while the upstream now tells of another."""

    def make(*options):
        options = (*OTHER, *options, "--catalogue", old_world.catalogue)
        truth = upstream_truth(*options)
        combinations = {(int(board["track_id"]), int(board["class_id"])) for board in truth}
        started = upstream(*options, "--log", tmp_path / "requests.log")
        made = FaultyCrawl(build_dir, tmp_path, started.url, old_world.catalogue, tmp_path / "requests.log", combinations)
        made.requests_logs.append(old_world.requests_logs[0])
        made.upstream, made.truth = started, truth
        old_world.copy_to(tmp_path)
        return made

    return make


def points_of(*programs):
    return [name for _, name, program, _ in TABLE if program in programs]


def run_killed(made, point):
    """One run with the fault; what it returns is the coordinator's own end."""
    made.set_fault(f"{point}=kill@{LATER.get(point, 1)}")
    code = made.once(timeout_s=60)
    assert made.fault_happened(), f"nobody came to {point}\n{made.log()}"
    return code


@pytest.mark.parametrize("point", one_in(12, points_of("coordinator")))
def test_the_coordinator_killed_at(point, changed_world):
    made = changed_world()
    with made.reading():
        assert run_killed(made, point) == -signal.SIGKILL
        assert made.once(timeout_s=60) == SURVIVED, made.log()
    made.judge(made.truth)


@pytest.mark.parametrize("point", one_in(12, points_of("worker", "pool")))
def test_a_worker_killed_at(point, changed_world):
    made = changed_world()
    with made.reading():
        assert run_killed(made, point) == SURVIVED, made.log()
    made.judge(made.truth)


@pytest.mark.parametrize("point", one_in(12, points_of("exporter")))
def test_the_exporter_killed_at(point, changed_world):
    made = changed_world()
    with made.reading():
        assert run_killed(made, point) == EXPORT_FAILED
        assert made.once(timeout_s=60) == SURVIVED, made.log()
    made.judge(made.truth)


def failing_points():
    return [name for _, name, _, fails in TABLE if fails == "true"]


@pytest.mark.parametrize("error", [errno.ENOSPC, pytest.param(errno.EIO, marks=pytest.mark.slow)])
@pytest.mark.parametrize("point", one_in(12, failing_points()))
def test_a_system_call_that_fails_at(point, error, changed_world):
    """The run goes on without it or ends with an error in words; the next one completes."""
    made = changed_world()
    with made.reading():
        made.set_fault(f"{point}=fail:{error}@{LATER.get(point, 1)}")
        code = made.once(timeout_s=60)
        assert made.fault_happened(), f"nobody came to {point}\n{made.log()}"
        assert code in (SURVIVED, FAILED), made.log()
        assert " bug " not in made.log()
        assert code == SURVIVED or re.search("error|fatal", made.log()), made.log()
        assert made.once(timeout_s=60) == SURVIVED, made.log()
    made.judge(made.truth)


@pytest.mark.parametrize("point", ["worker.fetched", "dispatch.after_send"])
def test_the_upstream_is_spared_whoever_dies(point, changed_world, old_world, upstream_truth):
    """A slow rate, a service that asks to wait, a worker or the coordinator that dies: no request goes out that should
    not, nor does a restart give one away."""
    board = upstream_truth(*OTHER, "--catalogue", old_world.catalogue)[4]
    made = changed_world("--fault", f"{board['track_id']}-{board['class_id']}=503-retry-after:1*1")
    made.settings |= {"politeness.rate_per_s": 40, "politeness.burst": 3}
    with made.reading():
        if run_killed(made, point) != SURVIVED:
            assert made.once(timeout_s=60) == SURVIVED, made.log()
    assert any(event["event"] == "hold" and event["kind"] == "retry_after" for event in read_lines(made.trace))
    made.judge(made.truth)


@pytest.mark.slow
def test_an_exporter_that_stops_is_killed_at_its_deadline(changed_world):
    """It holds a snapshot, so the store would grow for ever; what was published stays, the next run publishes."""
    made = changed_world()
    made.settings["exporter.timeout_s"] = 1
    made.set_fault("exporter.verified=stop")
    with made.reading():
        assert made.once(timeout_s=60) == EXPORT_FAILED
        assert "killed" in made.log()
        made.settings["exporter.timeout_s"] = 60
        assert made.once(timeout_s=60) == SURVIVED, made.log()
    made.judge(made.truth)


def family_of(coordinator):
    """{pid: kind} of a coordinator's process tree."""
    everything = processes()
    family = {coordinator: "coordinator"}
    for pid, (name, parent, state) in everything.items():
        if parent == coordinator and state != "Z":
            family[pid] = "exporter" if name == "r3e-exporter" else "pool"
    family.update((pid, "worker") for pid in workers_of(coordinator))
    return family


KILLS = 200
LONGEST_LIFE = 0.5  # the next kill comes within this share of the time that a crawl takes here when nobody is killed
WORLDS = 6
WEIGHTS = {"coordinator": 1, "pool": 1, "worker": 2, "exporter": 10}  # an exporter is seldom there


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_two_hundred_kills_at_random_instants(build_dir, tmp_path, upstream, upstream_truth):
    """Whoever it hits. Each time the crawl is complete the world changes, so that there is always something to lose."""
    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    size = ("--tracks", 8, "--classes", 6, "--entries", 1500, "--drivers", 300, "--filled", 60)
    catalogue = tmp_path / "catalogue.cfg"
    worlds = [(*size, "--seed", number + 1, "--catalogue", catalogue) for number in range(WORLDS)]
    first = upstream(*size, "--write-catalogue", catalogue)
    truths = [upstream_truth(*options) for options in worlds]
    combinations = {(int(board["track_id"]), int(board["class_id"])) for board in truths[0]}
    logs = [tmp_path / f"requests-{number}.log" for number in range(WORLDS)]
    upstreams = [upstream(*options, "--latency-ms", "5-40", "--log", log) for options, log in zip(worlds, logs)]
    made = FaultyCrawl(build_dir, tmp_path, first.url, catalogue, logs[0], combinations)
    made.requests_logs = logs
    made.settings |= {"workers.local": 4, "refresh.retries": 5}
    kills = dict.fromkeys(("coordinator", "pool", "worker", "exporter"), 0)
    turn = 0

    def live_and_die(longest_s):
        """One run, in which processes are killed until it ends; returns its exit code."""
        process = made.start("--once")
        while True:
            # The instant is what is tested: this is no wait for anything.
            time.sleep(chance.uniform(0, longest_s))
            if process.poll() is not None or sum(kills.values()) >= KILLS:
                return process.wait(timeout=120)
            family = family_of(process.pid)
            kinds = sorted(set(family.values()))
            kind = chance.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
            victim = chance.choice([pid for pid, its_kind in family.items() if its_kind == kind])
            kills[kind] += kill(victim)

    def complete(code):
        return code in (SURVIVED, SOME_BOARDS_FAILED)

    with made.reading():
        begun = time.monotonic()
        made.url = upstreams[-1].url
        assert made.once() == SURVIVED, made.log()
        longest_s = LONGEST_LIFE * (time.monotonic() - begun)
        made.age_store(hours=48)
        while sum(kills.values()) < KILLS:
            made.url = upstreams[turn % WORLDS].url
            while not complete(live_and_die(longest_s)):
                pass
            turn += 1
            made.age_store(hours=48)
        made.url = upstreams[turn % WORLDS].url
        assert made.once() == SURVIVED, made.log()
    print(f"{turn} crawls, {kills}, each within {longest_s:.2f} s")
    assert all(kills.values()), kills
    made.judge(truths[turn % WORLDS])


STOPPED_AT = ("worker.job_received", "worker.fetched", "worker.before_send")


@pytest.mark.slow
@pytest.mark.parametrize("point", STOPPED_AT)
def test_a_worker_that_sleeps_beyond_its_lease(point, changed_world):
    """Its board goes to another; when it wakes up its result is late and changes nothing."""
    made = changed_world()
    made.settings["workers.lease_s"] = 6
    made.set_fault(f"{point}=stop")
    with made.reading():
        process = made.start("--once")
        wait_for(made.fault_happened)
        sleeper = wait_for(lambda: [pid for pid in workers_of(process.pid) if processes()[pid][2] == "T"])[0]
        wait_for(lambda: "has been silent" in made.log())
        kill(sleeper, signal.SIGCONT)
        assert process.wait(timeout=60) == SURVIVED, made.log()
    made.judge(made.truth)
