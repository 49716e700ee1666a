"""deploy/demo as a person runs it, with a small stand-in and a folder that is built already."""

import json
import os
import pathlib
import re
import signal
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

import pytest

from conftest import ROOT
from crawl import wait_for
from invariants import read_lines

PROGRAMS = ("coordinator/r3e-coordinator", "worker/r3e-worker", "exporter/r3e-exporter")
TIMEOUT_S = 60
RATE_PER_S, BURST = 4, 8  # the defaults

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["unshare", "-m", "-n", "true"], capture_output=True).returncode != 0,
    reason="needs the right to make a network namespace")


class Demo:
    """A running deploy/demo in a session of its own, so that its whole process group can be found and signalled."""

    def __init__(self, build, *options, world=lambda folder: []):
        """`world`: a function of the temporary folder, the beginning of the command that runs it somewhere else."""
        # Short: sockets lie in it.
        self.temporary = pathlib.Path(tempfile.mkdtemp(prefix="r3e-test-", dir="/tmp"))
        self.output = self.temporary.parent / f"{self.temporary.name}.log"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [*world(self.temporary), str(ROOT / "deploy" / "demo"), *map(str, options)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                env=os.environ | {"R3E_BUILD": str(build), "TMPDIR": str(self.temporary)},
            )

    def text(self):
        return self.output.read_text()

    def wait_for(self, pattern):
        """Returns the match as soon as the output has one."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (found := re.search(pattern, self.text())):
            assert self.process.poll() is None and time.monotonic() < deadline, self.text()
            time.sleep(0.01)
        return found

    def session(self):
        """The processes of its session that still live."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text().rpartition(")")
                except (FileNotFoundError, ProcessLookupError):
                    continue
                fields = stat[2].split()
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    found.append(stat[0])
        return found

    def end(self, number, whole_group):
        """Ctrl-C goes to the whole group, kill to the shell alone."""
        (os.killpg if whole_group else os.kill)(self.process.pid, number)
        code = self.process.wait(timeout=TIMEOUT_S)
        assert self.session() == []
        assert list(self.temporary.iterdir()) == [], self.text()
        return code


@pytest.fixture
def demo(plain_build_dir):
    missing = [name for name in PROGRAMS if not (plain_build_dir / name).exists()]
    if missing:
        pytest.skip(f"not built: {', '.join(missing)}")
    running = []

    def start(*options, **more):
        running.append(Demo(plain_build_dir, *options, **more))
        return running[-1]

    yield start
    for one in running:
        if one.session():
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        shutil.rmtree(one.temporary, ignore_errors=True)
        one.output.unlink()


def test_once(demo, tmp_path):
    keep = tmp_path / ('a long name ' * 5) / 'kept "here"'
    done = demo("--once", "--combinations", 60, "--keep", keep)
    assert done.process.wait(timeout=TIMEOUT_S) == 0, done.text()
    assert done.session() == [] and list(done.temporary.iterdir()) == []
    text = done.text()
    assert "done: " in text and "driver_index.json.gz" in text and "Some drivers" in text and "Place" in text
    status = json.loads((keep / "public" / "cache" / "status.json").read_text())
    assert 50 <= status["total_fetched_combinations"] <= 70
    assert status["total_entries"] > 1000
    assert (status["state"], status["hold"]) == ("done", "")
    assert not [line for line in text.splitlines() if line.startswith("done: ") and "held back" in line]


def test_keep_goes_on_where_it_was(demo, tmp_path):
    keep = tmp_path / "kept"
    assert demo("--once", "--combinations", 30, "--keep", keep).process.wait(timeout=TIMEOUT_S) == 0
    before = {path: path.stat().st_ino for path in (keep / "public").rglob("*.gz")}
    again = demo("--once", "--combinations", 30, "--keep", keep)
    assert again.process.wait(timeout=TIMEOUT_S) == 0, again.text()
    assert {path: path.stat().st_ino for path in (keep / "public").rglob("*.gz")} == before
    assert "0 not fetched yet" in (keep / "coordinator.log").read_text()


@pytest.mark.parametrize("number, whole_group", [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_serves_until_a_signal(demo, number, whole_group):
    running = demo("--combinations", 30, "--port", 0)
    url = running.wait_for(r"Serving on (http://127\.0\.0\.1:\d+/) until Ctrl-C")[1]
    running.wait_for(r"state +http\S+/status\.json")
    for line in running.text().partition("until Ctrl-C\n")[2].splitlines():
        with urllib.request.urlopen(line.split()[-1], timeout=10) as answer:
            assert answer.status == 200
    with urllib.request.urlopen(f"{url}cache/status.json", timeout=10) as answer:
        assert json.load(answer)["total_entries"] > 0
    assert running.end(number, whole_group) == 0


def test_a_taken_port(demo, httpd_port):
    running = demo("--combinations", 10, "--port", httpd_port)
    url = running.wait_for(r"Serving on (http://127\.0\.0\.1:\d+/)")[1]
    assert f"Port {httpd_port} is taken" in running.text() and f":{httpd_port}/" not in url
    assert running.end(signal.SIGINT, True) == 0


@pytest.fixture
def httpd_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


MOMENTS = {
    "start": lambda running: running.wait_for("Crawling a stand-in"),
    "crawl": lambda running: running.wait_for(r"fetching: \d"),
    "export": lambda running: running.wait_for(r"exporting: |done: "),
}


@pytest.mark.parametrize("number, whole_group, code", [(signal.SIGINT, True, 130), (signal.SIGTERM, False, 143)])
@pytest.mark.parametrize("moment", MOMENTS)
def test_ended_at_any_moment(demo, moment, number, whole_group, code):
    # Large enough that it cannot be over before the signal comes.
    running = demo("--combinations", 400 if moment == "export" else 3000, "--port", 0)
    MOMENTS[moment](running)
    assert "Published" not in running.text()
    assert running.end(number, whole_group) == code


def test_a_kept_folder_is_whole_after_an_end(demo, tmp_path):
    """Nothing half-written is published, and the next run needs no repair."""
    keep = tmp_path / "kept"
    running = demo("--combinations", 300, "--once", "--keep", keep)
    running.wait_for(r"fetching: \d")
    assert running.end(signal.SIGINT, True) == 130
    again = demo("--combinations", 300, "--once", "--keep", keep)
    assert again.process.wait(timeout=TIMEOUT_S) == 0, again.text()
    status = json.loads((keep / "public" / "cache" / "status.json").read_text())
    assert status["total_fetched_combinations"] == int(re.search(r"service: (\d+) comb", again.text())[1])


@pytest.mark.parametrize(
    "options, message",
    [
        (["--nonsense"], "not an option"),
        (["--port"], "needs a value"),
        (["--port", "x"], "--port x"),
        (["--port", "65536"], "--port 65536"),
        (["--combinations", "0"], "--combinations 0"),
        (["--combinations", "08x"], "--combinations 08x"),
        (["--live", "--combinations", "5"], "--live"),
    ],
)
def test_wrong_usage(options, message):
    done = subprocess.run([str(ROOT / "deploy" / "demo"), *options], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert message in done.stderr and "--help" in done.stderr


def own_world(build, folder, trust="trusted"):
    """The beginning of a command that finds the stand-in where the real service is."""
    upstream, catalogue = build / "tests" / "upstream" / "r3e-upstream", ROOT / "deploy" / "catalogue.cfg"
    return ["unshare", "-m", "-n", "/usr/bin/python3", str(ROOT / "tests" / "integration" / "live_world.py"), trust,
            str(folder), str(upstream), str(catalogue)]


@needs_namespaces
def test_live_crawls_the_service_politely(demo, plain_build_dir, tmp_path):
    """Over TLS, by its name, with the rate of the defaults, after its robots.txt; until Ctrl-C."""
    started = demo("--live", "--once", world=lambda folder: own_world(plain_build_dir, tmp_path))
    log = tmp_path / "requests.log"
    wait_for(lambda: log.exists() and len(log.read_text().splitlines()) >= 20, timeout_s=TIMEOUT_S)
    assert "https://game.raceroom.com, politely" in started.text()
    assert started.end(signal.SIGINT, whole_group=True) == 130, started.text()
    robots, *listings = read_lines(log)
    assert robots.get("track") is None and all(listing.get("track") for listing in listings), "robots.txt comes first"
    assert all(request["status"] == 200 and "r3e-leaderboard" in request["user_agent"] for request in listings)
    assert len({(request["track"], request["class"]) for request in listings}) == len(listings)
    for asked, listing in enumerate(listings, start=1):
        # Since before the first may be granted: one that is late on its way counts against nobody.
        seconds = (listing["monotonic_us"] - robots["monotonic_us"]) / 1e6
        assert asked <= BURST + RATE_PER_S * seconds + 1


@needs_namespaces
def test_live_trusts_nobody_else(demo, plain_build_dir, tmp_path):
    """Where the service has no certificate that the system trusts nothing is fetched, and the reason is told."""
    started = demo("--live", "--once", "--keep", tmp_path / "kept",
                   world=lambda folder: own_world(plain_build_dir, tmp_path, "untrusted"))
    status = tmp_path / "kept" / "public" / "cache" / "status.json"
    wait_for(lambda: status.exists() and "SSL certificate problem" in json.loads(status.read_text())["hold_reason"],
             timeout_s=TIMEOUT_S)
    assert started.end(signal.SIGINT, whole_group=True) == 130, started.text()
    assert not read_lines(tmp_path / "requests.log")
