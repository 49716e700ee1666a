"""A whole crawl: the real coordinator with its real workers and exporter, against the stand-in service."""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import time

import store_file

import oracle_files
import oracle_flat as oracle
import oracle_sharded


class Crawl:
    """A folder with catalogue, store and public files, and the configuration that a run is started with."""

    def __init__(self, build_dir, folder, url, catalogue):
        self.folder = pathlib.Path(folder)
        self.program = build_dir / "coordinator" / "r3e-coordinator"
        self.url = url
        self.catalogue = catalogue
        self.settings = {
            "politeness.rate_per_s": 0, "politeness.max_in_flight": 32, "politeness.robots": "false",
            "workers.local": 4, "refresh.backoff_s": 1, "refresh.retries": 2, "log.level": "info",
            "refresh.daily_at": "",
        }
        self.log_path = self.folder / "coordinator.log"
        self.environment = {}  # added to the one of the test

    @property
    def public(self):
        return self.folder / "public" / "cache"

    def command(self, *options):
        configuration = self.folder / "crawl.cfg"
        configuration.write_text(f"""
upstream: {{ base_url = "{self.url}"; }};
catalogue: {{ file = "{self.catalogue}"; }};
store: {{ dir = "{self.folder}/store"; }};
public: {{ dir = "{self.folder}/public"; }};
""")
        overrides = [part for key, value in self.settings.items() for part in ("--set", f"{key}={value}")]
        return [str(self.program), "--config", str(configuration), *overrides, *options]

    def start(self, *options):
        """Starts the coordinator; the caller ends it. If the test fails before it has, conftest kills it."""
        with open(self.log_path, "a") as log:
            STARTED.append(subprocess.Popen(self.command(*options), stderr=log, env=os.environ | self.environment))
        return STARTED[-1]

    def once(self, timeout_s=120):
        """Runs it with --once and returns the exit code."""
        with open(self.log_path, "a") as log:
            return subprocess.run(self.command("--once"), stderr=log, timeout=timeout_s,
                                  env=os.environ | self.environment).returncode

    def log(self):
        return self.log_path.read_text()

    def status(self):
        return json.loads((self.public / "status.json").read_text())

    def published(self, path):
        """A published file, decoded."""
        data = (self.public / path).read_bytes()
        return json.loads(gzip.decompress(data) if path.endswith(".gz") else data)

    def age_store(self, hours):
        store_file.age(self.folder / "store", hours)


def assert_equals_truth(crawl, truth, superclasses=None, classes=None):
    """Every published file says what the service said; the last two are those of the catalogue, see oracle_sharded.World."""
    changed_at_ms = store_file.changed_at(crawl.folder / "store")
    world = oracle_sharded.World(truth, superclasses or {}, classes, changed_at_ms)
    oracle_files.check(crawl.public, world, details=False)
    for board in truth:
        published = crawl.published(oracle.detail_path(board))
        assert published["cached_at"].endswith("Z")
        assert published == oracle.detail(board, published["cached_at"])
    status = crawl.status()
    figures = oracle.figures(truth)
    counted = {key: status[key] for key in figures}
    assert counted == figures, f"status says {counted}, the truth {figures}"


def processes():
    """{pid: (program, parent, state)} of everything that runs."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                head, _, rest = pathlib.Path(f"/proc/{name}/stat").read_text().rpartition(")")
            except (FileNotFoundError, ProcessLookupError):
                continue
            fields = rest.split()
            found[int(name)] = (head.partition("(")[2], int(fields[1]), fields[0])
    return found


def workers_of(pid):
    """The pids of the workers that a coordinator's pool runs."""
    everything = processes()
    pools = {child for child, (name, parent, _) in everything.items() if name == "r3e-worker" and parent == pid}
    return [child for child, (_, parent, state) in everything.items() if parent in pools and state != "Z"]


STARTED = []  # processes of Crawl.start
PATIENCE_S = 60  # for what is sure to come: on a machine that everybody uses a process waits its turn for many seconds


def wait_for(condition, timeout_s=PATIENCE_S):
    """Looks every 5 ms; for what took long already a twentieth of that later makes no difference, and to look costs something."""
    started = now = time.monotonic()
    while now < started + timeout_s:
        value = condition()
        if value:
            return value
        time.sleep(min(max(0.005, (now - started) / 20), 0.025))
        now = time.monotonic()
    raise AssertionError("it did not come about")


def end(process):
    """Ends a coordinator by SIGTERM."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE_S) == 0
