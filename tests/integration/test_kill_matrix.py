"""Each process killed at each named point: nothing acknowledged is lost, nobody ever reads a broken file, and the next start
needs no help. The points are those of common/fault_point.h."""

import signal

import pytest

from crawl import wait_for
from faulty_crawl import FaultyCrawl
from test_fault_points import TABLE, has_points

WORLD = ("--tracks", 3, "--classes", 3, "--entries", 300, "--drivers", 80, "--filled", 60)
OTHER = ("--seed", 2, "--entries", 300, "--drivers", 80, "--filled", 60)
SURVIVED = 0  # exit codes of a coordinator
EXPORT_FAILED = 1

# Which of the times that a process comes to a point; the first one if not listed.
LATER = {"worker.fetched": 2, "worker.page_done": 2, "writer.before_put": 2, "exporter.after_rename": 2, "spawn.before": 2,
         "spawn.after": 2, "exporter.file_created": 3}


@pytest.fixture(scope="session")
def old_world(build_dir, upstream_program, tmp_path_factory):
    """A folder with a finished crawl of one world, to be copied; made once for each test process."""
    from conftest import Upstream

    if not has_points(build_dir):
        pytest.skip("built without fault_points")
    folder = tmp_path_factory.mktemp("old-world")
    catalogue = folder / "catalogue.cfg"
    started = Upstream(upstream_program, [*WORLD, "--write-catalogue", catalogue, "--log", folder / "requests.log"])
    try:
        made = FaultyCrawl(build_dir, folder, started.url, catalogue, folder / "requests.log", ())
        assert made.once() == SURVIVED, made.log()
    finally:
        assert started.stop() == 0
    made.age_store(hours=48)
    return made


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


@pytest.mark.parametrize("point", points_of("coordinator"))
def test_the_coordinator_killed_at(point, changed_world):
    made = changed_world()
    with made.reading():
        assert run_killed(made, point) == -signal.SIGKILL
        assert made.once(timeout_s=60) == SURVIVED, made.log()
    made.judge(made.truth)


@pytest.mark.parametrize("point", points_of("worker", "pool"))
def test_a_worker_killed_at(point, changed_world):
    made = changed_world()
    with made.reading():
        assert run_killed(made, point) == SURVIVED, made.log()
    made.judge(made.truth)


@pytest.mark.parametrize("point", points_of("exporter"))
def test_the_exporter_killed_at(point, changed_world):
    made = changed_world()
    with made.reading():
        assert run_killed(made, point) == EXPORT_FAILED
        assert made.once(timeout_s=60) == SURVIVED, made.log()
    made.judge(made.truth)
