"""Fixtures that start the project's real programs, each on a free port, and end them after the test."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import urllib.request

import pytest

from crawl import STARTED, Crawl
from daemon import Daemon, Requests
from fake_worker import Coordinator, Worker, crews
from store_builder import Store

pytest_plugins = ["processor_time"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
STOP_TIMEOUT_S = 10
EXPORT_TIMEOUT_S = 120
SLOW_LIMIT_S = 900  # what a slow test has at least: it is for one that hangs, not for a machine that has much to do


def pytest_collection_modifyitems(items):
    """What takes longest begins first: what runs in one process, then what is given most time."""

    def limit_s(item):
        limit = item.get_closest_marker("timeout")
        return limit.args[0] if limit else 0

    items.sort(key=lambda item: (item.get_closest_marker("xdist_group") is None, -limit_s(item)))
    for item in items:
        if item.get_closest_marker("slow") and limit_s(item) < SLOW_LIMIT_S:
            item.add_marker(pytest.mark.timeout(SLOW_LIMIT_S), append=False)


@pytest.fixture(autouse=True)
def no_coordinator_left():
    """Ends what a test that failed has left, or it would crawl on beside all others. What wider fixtures started stays."""
    before = len(STARTED)
    yield
    for process in STARTED[before:]:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=STOP_TIMEOUT_S)
    del STARTED[before:]


@pytest.fixture(scope="session")
def build_dir():
    """The build folder: R3E_BUILD of the environment, or build/ of the checkout."""
    return pathlib.Path(os.environ.get("R3E_BUILD", ROOT / "build")).resolve()


@pytest.fixture(scope="session")
def plain_build_dir(build_dir):
    """A build without sanitizers, for valgrind and for measuring: R3E_PLAIN_BUILD, or the build folder itself."""
    return pathlib.Path(os.environ.get("R3E_PLAIN_BUILD", build_dir)).resolve()


@pytest.fixture(scope="session")
def httpd_program(build_dir):
    """The path of r3e-httpd."""
    return build_dir / "exporter" / "httpd" / "r3e-httpd"


class Upstream:
    """A running r3e-upstream. After stop(), `last_stats` holds what it printed at its end."""

    def __init__(self, program, options):
        self.process = subprocess.Popen(
            [str(program), *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.last_stats = None
        self.errors = ""
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            _, errors = self.process.communicate(timeout=STOP_TIMEOUT_S)
            raise RuntimeError(f"r3e-upstream did not start: {line}{errors}")
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def _ask(self, path, method="GET"):
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stats(self):
        """Its counters, see tests/upstream/README.md."""
        return self._ask("/__stats")

    def reset(self):
        """Sets the counters to zero."""
        self._ask("/__reset", "POST")

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns its exit code; harmless when it has ended already."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        if not self.process.stdout.closed:
            try:
                output, errors = self.process.communicate(timeout=STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
                raise
            if output.strip():
                self.last_stats = json.loads(output.splitlines()[-1])
            self.errors = errors
        return self.process.returncode


@pytest.fixture(scope="session")
def upstream_program(build_dir):
    """The path of r3e-upstream."""
    return build_dir / "tests" / "upstream" / "r3e-upstream"


@pytest.fixture
def upstream(upstream_program):
    """A function that starts r3e-upstream with the options given and returns an Upstream."""

    def end(started):
        assert started.stop() == 0, started.errors

    with contextlib.ExitStack() as running:

        def start(*options):
            started = Upstream(upstream_program, options)
            running.callback(end, started)
            return started

        yield start


@pytest.fixture
def upstream_truth(upstream_program):
    """A function that returns the boards that r3e-upstream has with the options given, as decoded JSON objects."""

    def truth(*options):
        done = subprocess.run(
            [str(upstream_program), *map(str, options), "--truth", "-"], check=True, capture_output=True, timeout=60
        )
        return [json.loads(line) for line in done.stdout.split(b"\n") if line]

    return truth


@pytest.fixture
def crawl(build_dir, tmp_path, upstream):
    """A function that starts a stand-in with the options given and returns a Crawl of it, as .upstream."""

    def make(*options):
        catalogue = tmp_path / "catalogue.cfg"
        started = upstream(*options, "--write-catalogue", catalogue)
        made = Crawl(build_dir, tmp_path, started.url, catalogue)
        made.upstream = started
        return made

    return make


@pytest.fixture
def daemon(crawl, tmp_path):
    """A function that makes a Daemon over a stand-in with the options given; not started."""
    running = []

    def make(*options):
        log = tmp_path / "requests.log"
        made = crawl(*options, "--log", log)
        running.append(Daemon(made, Requests(log)))
        return running[-1]

    yield make
    for one in running:
        one.stop()


@pytest.fixture
def pool(build_dir, tmp_path):
    """A function that starts r3e-worker with these options, ended after the test; `.log()` is what it wrote."""
    with contextlib.ExitStack() as running:

        def start(*options):
            path = tmp_path / f"worker-{len(running._exit_callbacks)}.log"
            with open(path, "w") as log:
                process = subprocess.Popen([str(build_dir / "worker" / "r3e-worker"), *map(str, options)], stderr=log)
            process.log = path.read_text

            def end():
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                process.wait(timeout=15)

            running.callback(end)
            return process

        yield start


@pytest.fixture
def crew(build_dir, tmp_path):
    """A function that starts a coordinator whose workers the test plays; all are ended after the test."""
    with crews(build_dir, tmp_path) as start:
        yield start


@pytest.fixture
def coordinator(build_dir, tmp_path):
    """A function that starts a coordinator without local workers, which is killed after the test: it may have a failing
    store."""
    with contextlib.ExitStack() as started:

        def start(**options):
            one = Coordinator(build_dir, tmp_path, **options)
            started.callback(one.stop, signal.SIGKILL)
            return one

        yield start


@pytest.fixture
def worker():
    """A function that connects a worker of the test's own."""
    with contextlib.ExitStack() as joined:

        def join(coordinator):
            return joined.enter_context(contextlib.closing(Worker(coordinator)))

        yield join


@pytest.fixture
def exporter(build_dir, tmp_path):
    """Runs r3e-exporter on tmp_path/store and tmp_path/public; returns the process, its report in `figures`."""

    def run(*options, code=0, **settings):
        program = str(build_dir / "exporter" / "r3e-exporter")
        folders = ["--store", str(tmp_path / "store"), "--public", str(tmp_path / "public")]
        done = subprocess.run(
            [program, *folders, "--report", *options], capture_output=True, text=True, timeout=EXPORT_TIMEOUT_S, **settings
        )
        assert done.returncode == code, done.stderr
        done.figures = json.loads(done.stdout.splitlines()[-1]) if code == 0 else None
        return done

    return run


@pytest.fixture
def store(tmp_path):
    """A function that makes tmp_path/store from a truth, see store_builder.Store."""
    opened = []

    def make(truth, *catalogue):
        opened.append(Store(tmp_path / "store", truth, *catalogue))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def cache(tmp_path):
    """Where the exporter of this test publishes."""
    return tmp_path / "public" / "cache"
