"""What a service manager hears of the daemons: ready, alive, what they do, stopping (sd_notify(3))."""

import os
import signal
import socket
import subprocess

import pytest

from crawl import wait_for


@pytest.fixture
def manager():
    """A service manager's end of the socket: a function that returns all that was said so far, and the environment."""
    name = f"@r3e-test-manager-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as end:
        end.bind("\0" + name[1:])
        said = []

        def heard():
            try:
                while True:
                    said.append(end.recv(4096).decode())
            except BlockingIOError:
                return said

        heard.environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}
        yield heard


def test_the_coordinator(crawl, manager):
    made = crawl("--tracks", 3, "--classes", 3, "--entries", 100, "--drivers", 30)
    made.environment |= manager.environment
    process = made.start()
    wait_for(lambda: "READY=1" in manager())
    wait_for(lambda: [line for line in manager() if line.startswith("STATUS=waiting for ")], timeout_s=30)
    assert manager().index("READY=1") < manager().index("WATCHDOG=1")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: manager().count("READY=1") == 2)
    reloading = [line for line in manager() if line.startswith("RELOADING=1\nMONOTONIC_USEC=")]
    assert len(reloading) == 1
    beats = manager().count("WATCHDOG=1")
    wait_for(lambda: manager().count("WATCHDOG=1") >= beats + 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert "STOPPING=1" in manager()
    # Nobody else spoke: neither workers nor exporters have the socket's name.
    assert manager().count("READY=1") == 2 and manager().count("STOPPING=1") == 1


def test_a_pool_of_workers(build_dir, crew, manager):
    coordinator = crew()
    jobs = f"ipc://{coordinator.folder}/store/jobs.sock"
    pool = subprocess.Popen([build_dir / "worker" / "r3e-worker", "--connect", jobs, "--pool", "2"],
                            env=os.environ | manager.environment)
    try:
        wait_for(lambda: "READY=1" in manager() and manager().count("WATCHDOG=1") >= 2)
    finally:
        pool.send_signal(signal.SIGTERM)
        assert pool.wait(timeout=20) == 0
    assert "STOPPING=1" in manager() and manager().count("READY=1") == 1
