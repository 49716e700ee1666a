"""What each process has given up, seen from outside, and felt from inside: fault points make it try what somebody would try
who has taken it over. With hardening.sandbox = false the same attempts succeed, so they are worth something."""

import ctypes
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from crawl import Crawl, assert_equals_truth, processes, wait_for, workers_of
from httpd import Httpd
from ports import free_port
from test_fault_points import has_points

WORLD = ("--tracks", 3, "--classes", 3, "--entries", 300, "--drivers", 80, "--filled", 60)
REFUSED = ("Permission denied", "Operation not permitted")  # Landlock's and the filter's
PORTS_ABI = 4
SYS_LANDLOCK_CREATE_RULESET = 444  # the same on all machines
MB = 1024 * 1024


def landlock_abi():
    return ctypes.CDLL(None, use_errno=True).syscall(SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)


needs_landlock = pytest.mark.skipif(landlock_abi() < PORTS_ABI, reason="this kernel's Landlock does not limit ports")


@pytest.fixture
def points(build_dir):
    if not has_points(build_dir):
        pytest.skip("built without fault_points")


@pytest.fixture
def world(build_dir, tmp_path, upstream, upstream_truth):
    """A Crawl of a small world that has not begun."""
    catalogue = tmp_path / "catalogue.cfg"
    started = upstream(*WORLD, "--write-catalogue", catalogue)
    made = Crawl(build_dir, tmp_path, started.url, catalogue)
    made.settings |= {"workers.local": 1, "exporter.max_rss_mb": 1024, "workers.max_rss_mb": 1024}
    made.upstream, made.truth = started, upstream_truth(*WORLD)
    return made


@pytest.fixture
def elsewhere(tmp_path_factory):
    """A folder that is nobody's business, with a file and a program in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "secret").write_text("secret")
    (folder / "program").write_text("#!/bin/sh\ntouch " + str(folder / "it-ran") + "\n")
    (folder / "program").chmod(0o755)
    return folder


@pytest.fixture
def door():
    """A socket that listens on loopback, where nobody should come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def attempts(*pairs):
    """R3E_FAULT for pairs of a point and what is tried there the first time."""
    return ",".join(f"{point}=try:{what}@1" for point, what in pairs)


def outcomes(log):
    """{what was tried: {what came of it}} by the lines of a log."""
    found = {}
    for what, came in re.findall(r"attempt: (\w+ \S+): (.*)", log):
        found.setdefault(what, set()).add(came)
    return found


def assert_refused(log, *pairs):
    came = outcomes(log)
    for _, what in pairs:
        key = what.replace(":", " ", 1)
        assert came.get(key) and came[key] <= set(REFUSED), f"{key}: {came.get(key)}\n{log}"


def assert_untouched(elsewhere, door):
    assert sorted(path.name for path in elsewhere.iterdir()) == ["program", "secret"]
    with pytest.raises(BlockingIOError):
        door.accept()


def fields(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def limit(pid, name):
    line = next(line for line in pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith(name))
    return [int(word) if word.isdigit() else word for word in line[len(name):].split()[:2]]


def children_of(pid, name):
    return [child for child, (program, parent, _) in processes().items() if parent == pid and program == name]


def is_sanitized(program):
    return b"__asan_init" in pathlib.Path(program).read_bytes()


def assert_confined(pid, sanitized):
    seen = fields(pid)
    assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("1", "2"), seen
    assert all(int(seen[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")), seen
    assert limit(pid, "Max core file size") == [0, 0]
    assert sanitized or limit(pid, "Max data size") == [300 * MB, 300 * MB]
    # Threads have capabilities of their own.
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        assert "CapEff:\t0000000000000000" in (thread / "status").read_text()


def test_every_process_has_given_up_its_privileges(points, world):
    sanitized = is_sanitized(world.program)
    world.settings |= {"exporter.max_rss_mb": 200, "workers.max_rss_mb": 200, "hardening.memory_mb": 300,
                       "hardening.open_files": 600, "hardening.file_size_mb": 100}
    if sanitized:
        world.settings |= {"exporter.max_rss_mb": 1024, "workers.max_rss_mb": 1024, "hardening.memory_mb": 1024}
    world.environment["R3E_FAULT"] = "exporter.snapshot_taken=stop"
    coordinator = world.start()
    try:
        # It stops itself, with the file of its snapshot open.
        exporter = wait_for(lambda: [pid for pid in children_of(coordinator.pid, "r3e-exporter")
                                     if processes().get(pid, ("", 0, ""))[2] == "T"])[0]
        pool = children_of(coordinator.pid, "r3e-worker")[0]
        worker = wait_for(lambda: workers_of(coordinator.pid))[0]
        for pid in (coordinator.pid, pool, worker, exporter):
            assert_confined(pid, sanitized)
        for pid in (pool, worker, exporter):
            assert limit(pid, "Max open files") == [600, 600]
        assert limit(exporter, "Max file size") == [100 * MB, 100 * MB]
        os.kill(exporter, signal.SIGKILL)
    finally:
        coordinator.terminate()
        assert coordinator.wait(timeout=20) == 0
    assert "hardening: no new privileges, " in world.log()


def worker_attempts(elsewhere, door):
    return (
        ("worker.job_received", f"write:{elsewhere}/new"),
        ("worker.before_request", f"run:{elsewhere}/program"),
        ("worker.mid_body", f"connect:127.0.0.1:{door.getsockname()[1]}"),
        ("worker.fetched", f"listen:127.0.0.1:{free_port()}"),
        ("worker.before_parse", f"read:{elsewhere}/secret"),
        ("worker.after_parse", f"remove:{elsewhere}/secret"),
        ("worker.before_result", f"signal:{os.getppid()}"),
    )


@needs_landlock
def test_a_worker_can_write_start_connect_and_read_nothing(points, world, elsewhere, door):
    tried = worker_attempts(elsewhere, door)
    world.environment["R3E_FAULT"] = attempts(*tried)
    assert world.once() == 0, world.log()
    assert_refused(world.log(), *tried)
    assert_untouched(elsewhere, door)
    assert_equals_truth(world, world.truth)


def test_the_attempts_succeed_without_the_sandbox(points, world, elsewhere, door):
    tried = worker_attempts(elsewhere, door)[:-2]
    world.settings["hardening.sandbox"] = "false"
    world.environment["R3E_FAULT"] = attempts(*tried)
    assert world.once() == 0, world.log()
    came = outcomes(world.log())
    assert all(came[what.replace(":", " ", 1)] >= {"it was done"} for _, what in tried), came
    assert (elsewhere / "new").exists() and (elsewhere / "it-ran").exists()
    door.accept()[0].close()
    assert "neither this process nor its workers and exporters are confined" in world.log()


@pytest.fixture
def lone_pool(build_dir, world):
    """A function that runs a coordinator without workers of its own, and beside it a pool as another host has one; returns
    what the pool logged when the coordinator has done its work, or, without a result, when the pool has ended."""

    def run(fault, *options, ends=False):
        world.settings["workers.local"] = 0
        coordinator = world.start("--once")
        jobs = world.folder / "store" / "jobs.sock"
        wait_for(jobs.exists)
        program = build_dir / "worker" / "r3e-worker"
        pool = subprocess.Popen([program, "--connect", f"ipc://{jobs}", *options], stderr=subprocess.PIPE, text=True,
                                env=os.environ | ({"R3E_FAULT": fault} if fault else {}))
        try:
            if not ends:
                assert coordinator.wait(timeout=60) == 0, world.log()
                pool.terminate()
            return pool.communicate(timeout=30)[1], pool.returncode
        finally:
            pool.kill()
            coordinator.kill()
            pool.wait()
            coordinator.wait()

    return run


@needs_landlock
@pytest.mark.parametrize("given", [False, True])
def test_a_worker_that_only_welcome_tells_of_ports(points, world, elsewhere, door, lone_pool, given):
    tried = (("worker.mid_body", f"connect:127.0.0.1:{door.getsockname()[1]}"),)
    options = ("--tcp-ports", str(world.upstream.port)) if given else ()
    log, code = lone_pool(attempts(*tried), "--pool", "1", *options)
    assert code == 0
    assert_refused(log, *tried)
    assert_untouched(elsewhere, door)
    assert_equals_truth(world, world.truth)


def test_a_worker_whose_ports_do_not_fit_says_so(points, world, lone_pool):
    log, code = lone_pool("", "--tcp-ports", "1", ends=True)
    assert code == 1
    assert f"needs tcp port {world.upstream.port}" in log and "which --tcp-ports does not name" in log


@needs_landlock
def test_an_exporter_can_write_the_public_folder_alone(points, world, elsewhere, door):
    tried = (
        ("exporter.snapshot_taken", f"write:{elsewhere}/new"),
        ("exporter.verified", f"write:{world.folder}/beside-public"),
        ("exporter.after_sync", f"read:{elsewhere}/secret"),
        ("exporter.after_last_rename", f"connect:127.0.0.1:{door.getsockname()[1]}"),
        ("exporter.before_manifest", f"run:{elsewhere}/program"),
        ("exporter.after_manifest", f"remove:{world.catalogue}"),
        ("exporter.before_report", f"signal:{os.getpid()}"),
    )
    world.environment["R3E_FAULT"] = attempts(*tried)
    assert world.once() == 0, world.log()
    assert_refused(world.log(), *tried)
    assert_untouched(elsewhere, door)
    assert not (world.folder / "beside-public").exists()
    assert_equals_truth(world, world.truth)


@needs_landlock
def test_a_coordinator_can_write_its_folders_and_start_its_programs_alone(points, world, elsewhere, door):
    tried = (
        ("start.sockets_bound", f"write:{elsewhere}/new"),
        ("dispatch.before_lease", f"run:{elsewhere}/program"),
        ("collect.before_put", "run:/bin/true"),
        ("status.before_write", f"listen:127.0.0.1:{free_port()}"),
        ("collect.before_ack", f"signal:{os.getpid()}"),
    )
    world.environment["R3E_FAULT"] = attempts(*tried)
    assert world.once() == 0, world.log()
    assert_refused(world.log(), *tried)
    assert_untouched(elsewhere, door)
    assert_equals_truth(world, world.truth)


@needs_landlock
@pytest.mark.parametrize("attempt", ["read", "write-there", "write", "run", "connect", "listen", "remove", "signal"])
def test_a_web_server_can_read_the_public_folder_alone(points, httpd_program, tmp_path, elsewhere, door, monkeypatch, attempt):
    (tmp_path / "a.json").write_text("{}")
    what = {
        "read": f"read:{elsewhere}/secret", "write-there": f"write:{tmp_path}/new", "write": f"write:{elsewhere}/new",
        "run": f"run:{elsewhere}/program", "connect": f"connect:127.0.0.1:{door.getsockname()[1]}",
        "listen": f"listen:127.0.0.1:{free_port()}", "remove": f"remove:{tmp_path}/a.json", "signal": f"signal:{os.getpid()}",
    }[attempt]
    monkeypatch.setenv("R3E_FAULT", attempts(("httpd.request", what)))
    server = Httpd(httpd_program, tmp_path)
    assert server.get("/livez")[0] == 200
    assert server.get("/a.json")[2] == b"{}"
    code, errors = server.stop()
    assert code == 0
    assert_refused(errors, ("httpd.request", what))
    assert_untouched(elsewhere, door)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_web_server_has_given_up_its_privileges(httpd_program, tmp_path):
    server = Httpd(httpd_program, tmp_path)
    broker = children_of(server.process.pid, "r3e-httpd")
    try:
        assert len(broker) == 1
        for pid in (server.process.pid, *broker):
            wait_for(lambda: fields(pid)["Seccomp"] == "2")  # the broker confines itself while the server serves
            seen = fields(pid)
            assert (seen["NoNewPrivs"], int(seen["CapEff"], 16)) == ("1", 0)
            assert limit(server.process.pid, "Max core file size") == [0, 0]
    finally:
        assert server.stop()[0] == 0
    assert not set(broker) & set(processes())
