"""Metrics by `r3ectl metrics` and r3e-httpd's /metrics: well-formed, named as Prometheus wants, and all there."""

import contextlib
import json
import math
import pathlib
import re
import subprocess

import pytest
import zmq
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_prometheus

from crawl import end, wait_for
from fake_worker import subscribe_summary
from httpd import Httpd
from keys import LockedCoordinator
from programs import need
from status_publisher import StatusPublisher, full_summary

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = "text/plain;version=0.0.4"

# Numbers of the summary that have no metric, and why.
EXCEPTIONS = {
    "v": "the protocol's version says nothing of the crawl",
    "requests_per_s": "rate(r3e_upstream_requests_total[1m]) says it, over whatever time one wants",
    "latency.p50_ms": "histogram_quantile() of the buckets says it, over whatever time one wants",
    "latency.p95_ms": "as p50_ms",
    "latency.p99_ms": "as p50_ms",
    "publication_delay.p50_ms": "as in latency",
    "publication_delay.p95_ms": "as in latency",
    "publication_delay.p99_ms": "as in latency",
    "last_refused[].times": "no label may have a value for each peer; r3e_peers_refused_total counts them",
    "put_aside[].left_ms": "as last_refused",
}


@pytest.fixture(scope="session")
def r3ectl(build_dir):
    return build_dir / "coordinator" / "ctl" / "r3ectl"


@pytest.fixture
def httpd(httpd_program, tmp_path):
    """A function that starts r3e-httpd with the options given; all must end well."""
    (tmp_path / "public" / "cache").mkdir(parents=True)
    with contextlib.ExitStack() as running:

        def start(*options):
            server = Httpd(httpd_program, tmp_path / "public", *options)
            running.callback(lambda: check_end(server))
            return server

        yield start


def check_end(server):
    code, errors = server.stop()
    assert code == 0, errors


def run(r3ectl, *options):
    return subprocess.run([r3ectl, "metrics", *options], capture_output=True, text=True, timeout=20)


def samples(text, parse=parse_openmetrics):
    """{(name, labels): value} of a page; the parser refuses what is not well-formed."""
    found = {}
    for family in parse(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def promtool_check(text):
    """The last line of a test: it is skipped here where there is no promtool."""
    need("promtool")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def scrape(server, accept=None):
    status, header, body = server.get("/metrics", **({"Accept": accept} if accept else {}))
    assert status == 200
    return header["content-type"], body.decode()


def wait_until_up(server):
    return wait_for(lambda: (page := scrape(server)[1]) and "\nr3e_coordinator_up 1\n" in page and page)


# ---- the format ----


def test_r3ectl_openmetrics(r3ectl, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        done = run(r3ectl, "--connect", publisher.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    found = samples(done.stdout)
    assert found["r3e_coordinator_up", ()] == 1
    assert found["r3e_coordinator_build_info", (("version", "9.9.9"),)] == 1
    assert found["r3e_upstream_requests_total", ()] == 55
    assert found["r3e_upstream_latency_seconds_bucket", (("le", "0.1"),)] == 12
    assert found["r3e_refresh_last_success_timestamp_seconds", ()] == 1767330000
    assert found["r3e_attempt_failures_total", (("reason", "timeout"),)] == 1
    assert found["r3e_attempt_failures_total", (("reason", "dns"),)] == 0


def test_r3ectl_prometheus(r3ectl, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        done = run(r3ectl, "--prometheus", "--connect", publisher.endpoint)
        openmetrics = run(r3ectl, "--connect", publisher.endpoint).stdout
    assert samples(done.stdout, parse_prometheus) == samples(openmetrics)
    promtool_check(done.stdout)


def test_httpd_says_what_r3ectl_says(r3ectl, httpd, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        server = httpd("--status", publisher.endpoint)
        page = wait_until_up(server)
        from_r3ectl = samples(run(r3ectl, "--connect", publisher.endpoint).stdout)
    from_httpd = samples(page)
    del from_r3ectl["r3e_coordinator_silence_seconds", ()]
    assert from_r3ectl.items() <= from_httpd.items()
    own = {name for name, _ in from_httpd if not (name, ()) in from_r3ectl and "httpd" in name}
    assert own == {"r3e_httpd_answers_total", "r3e_httpd_connections_accepted_total", "r3e_httpd_connections_ended_total",
                   "r3e_httpd_connections_open", "r3e_httpd_build_info"}


def test_httpd_formats(httpd, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        server = httpd("--status", publisher.endpoint)
        wait_until_up(server)
        newest = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
        for accept in (None, "*/*", newest):
            media_type, page = scrape(server, accept)
            assert media_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
            assert page.endswith("# EOF\n")
            samples(page)
        media_type, page = scrape(server, PROMETHEUS)
        assert media_type == "text/plain; version=0.0.4; charset=utf-8"
        status, header, body = server.get("/metrics", "HEAD")
        assert (status, body, header["cache-control"], header["vary"]) == (200, b"", "no-store", "Accept")
        promtool_check(page)


# ---- that everything is there ----


def leaves(value, path=""):
    """(path, value) of everything in a summary that is neither object nor list."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from leaves(member, f"{path}[{number}]")
    else:
        yield path, value


def replaced(value, replace, path=""):
    if isinstance(value, dict):
        return {name: replaced(member, replace, f"{path}.{name}" if path else name) for name, member in value.items()}
    if isinstance(value, list):
        return [replaced(member, replace, f"{path}[{number}]") for number, member in enumerate(value)]
    return replace(path, value)


def assert_all_numbers_are_there(r3ectl, folder, summary):
    """Every number gets a value that nothing else has, and must come back in base units."""
    marks = {path: 1_000_003 + 7919 * place for place, (path, value) in enumerate(leaves(summary))
             if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))}
    # A histogram's buckets never pass its count.
    marks = {path: mark + 900_000 if path.endswith(".count") else mark for path, mark in marks.items()}
    numbers = replaced(summary, lambda path, value: marks.get(path, value))
    # What is null may also be a time.
    times = replaced(summary, lambda path, value: "2031-01-01T00:00:00Z" if value is None else value)
    with StatusPublisher(folder, numbers) as publisher:
        found = {f"{value:.9g}" for value in samples(run(r3ectl, "--connect", publisher.endpoint).stdout).values()}
        publisher.summary = times
        as_times = wait_for(lambda: samples(run(r3ectl, "--connect", publisher.endpoint).stdout))
    ends = {path for path in marks if re.search(r"\.at_most_ms\[\d+\]\[0\]$", path)}  # they are labels
    missing = [path for path, mark in marks.items() if re.sub(r"\[\d+\]", "[]", path) not in EXCEPTIONS and path not in ends
               and not found & {f"{mark * scale:.9g}" for scale in (1, 1e-3, 1e-6, 1024)}]
    nulls = [path for path in missing if dict(leaves(summary))[path] is None]
    assert [path for path in missing if path not in nulls] == []
    shown_times = sum(value == 1924992000 for value in as_times.values())
    assert shown_times >= len(nulls), nulls


def test_every_number_that_the_document_lists_has_a_metric(r3ectl, tmp_path):
    assert_all_numbers_are_there(r3ectl, tmp_path, full_summary())


def test_every_number_of_a_real_summary_has_a_metric(r3ectl, coordinator, tmp_path):
    summary = subscribe_summary(coordinator().endpoint("status"))
    assert_all_numbers_are_there(r3ectl, tmp_path, summary)


def test_lists_are_the_coordinators():
    """States, holds and the like stand in common/metrics_table.c and in the coordinator's headers."""
    table = (ROOT / "common" / "metrics_table.c").read_text()

    def ours(name):
        body = re.search(r"static const char \*const %s\[\] = \{(.*?)\};" % name, table, re.S).group(1)
        return set(re.findall(r'"([^"]+)"', body))

    def theirs(macro, pattern):
        for header in (ROOT / "coordinator").glob("*.h"):
            found = re.search(r"#define %s\(X\)(.*?)[^\\]\n" % macro, header.read_text(), re.S)
            if found:
                return set(re.findall(pattern, found.group(1)))
        return None

    assert ours("states") == theirs("STATUS_STATES", r'"([^"]+)"')
    assert ours("holds") == theirs("HOLDS", r'"([^"]+)"')
    for name, macro, also in (("queue_kinds", "PLAN_SURVEY_KINDS", set()), ("ages", "PLAN_SURVEY_AGES", {"never"})):
        found = theirs(macro, r"X\((\w+)")
        assert found is None or ours(name) == found | also


def test_every_family_has_its_unit_and_help(r3ectl, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        families = list(parse_openmetrics(run(r3ectl, "--connect", publisher.endpoint).stdout))
    names = [family.name for family in families]
    assert len(names) == len(set(names)) > 80
    for family in families:
        assert re.fullmatch(r"r3e_[a-z0-9_]+", family.name)
        assert family.documentation.endswith("."), family.name
        assert not re.search(r"_(ms|us|kb|mb|total)$", family.name)
        for sample in family.samples:
            assert len(sample.labels) <= 1


# ---- when the coordinator is away ----


def test_nobody_there(r3ectl, httpd, tmp_path):
    endpoint = f"ipc://{tmp_path}/nobody.sock"
    server = httpd("--status", endpoint)
    found = samples(scrape(server)[1])
    assert found["r3e_coordinator_up", ()] == 0
    assert 0 <= found["r3e_coordinator_silence_seconds", ()] < 60
    assert ("r3e_upstream_requests_total", ()) not in found
    assert found["r3e_httpd_answers_total", (("code", "503"),)] == 0
    done = run(r3ectl, "--connect", endpoint)
    assert done.returncode == 1
    assert samples(done.stdout) == {("r3e_coordinator_up", ()): 0, ("r3e_coordinator_silence_seconds", ()): 5}
    assert "Is the coordinator running" in done.stderr


def test_it_comes_and_goes_and_comes(httpd, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        server = httpd("--status", publisher.endpoint)
        wait_until_up(server)
    # Within the time that a summary counts the last one is told, and how old it is.
    silent = wait_for(lambda: (now := samples(scrape(server)[1])) and now["r3e_coordinator_silence_seconds", ()] > 0.5 and now)
    assert silent["r3e_coordinator_up", ()] == 1
    with StatusPublisher(tmp_path, full_summary() | {"requests": 56}):
        wait_for(lambda: samples(scrape(server)[1])["r3e_upstream_requests_total", ()] == 56)


@pytest.mark.slow
def test_old_news_is_no_news(httpd, tmp_path):
    with StatusPublisher(tmp_path) as publisher:
        server = httpd("--status", publisher.endpoint)
        wait_until_up(server)
    found = wait_for(lambda: (now := samples(scrape(server)[1])) and now["r3e_coordinator_up", ()] == 0 and now)
    assert found["r3e_coordinator_silence_seconds", ()] > 10
    assert ("r3e_upstream_requests_total", ()) not in found


STRANGE = {
    "empty": b"", "cut": b"{", "list": b"[]", "worker": b'{"type":"worker"}', "bare": b'{"type":"summary"}',
    "not UTF-8": b"\xff" * 100, "deep lists": b'{"type":"summary","failures":' + b"[" * 5000, "deep objects": b"{" * 100_000,
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_summary_breaks_nothing(httpd, tmp_path, text):
    with zmq.Context.instance().socket(zmq.XPUB) as socket:
        socket.linger = 0
        endpoint = f"ipc://{tmp_path}/strange.sock"
        socket.bind(endpoint)
        server = httpd("--status", endpoint)
        assert socket.poll(10_000) and socket.recv() == b"\x01summary"
        socket.send_multipart([b"summary", text])
        socket.send_multipart([b"summary"])
        socket.send_multipart([b"summary", text, text])
        socket.send_multipart([b"summary-like", b"{}"])
        samples(scrape(server)[1])
        socket.send_multipart([b"summary", json.dumps(full_summary()).encode()])
        wait_until_up(server)


# ---- keys ----


def test_a_status_socket_with_keys(r3ectl, httpd_program, build_dir, tmp_path):
    """With a key that may watch /metrics tells; with one that may not, or without, the coordinator is not heard."""
    with contextlib.closing(LockedCoordinator(build_dir, tmp_path)) as locked, contextlib.ExitStack() as running:
        locked.keyring.make("watcher", "monitor").make("hand", "worker")
        locked.summary(lambda summary: summary["keys"] == 2)

        def serve(*options):
            server = Httpd(httpd_program, tmp_path, "--status", locked.tcp("status"), *map(str, options))
            running.callback(lambda: check_end(server))
            return server

        others = [serve(*locked.keyring.options("hand")), serve()]
        page = wait_until_up(serve(*locked.keyring.options("watcher")))
        assert samples(page)["r3e_coordinator_authorized_keys", ()] == 2
        for server in others:
            assert "\nr3e_coordinator_up 0\n" in scrape(server)[1]
        done = run(r3ectl, "--connect", locked.tcp("status"), *map(str, locked.keyring.options("watcher")))
        assert done.returncode == 0, done.stderr
        samples(done.stdout)


def test_half_of_the_keys(httpd_program, tmp_path):
    for options in (["--key", "x"], ["--server-key", "x"], ["--key", "x", "--server-key", "y"]):
        for status in ([], ["--status", "ipc:///nowhere"], ["--status", "tcp://127.0.0.1:1"]):
            done = subprocess.run([httpd_program, "--public", tmp_path, *status, *options], capture_output=True, text=True,
                                  timeout=20)
            assert (done.returncode, done.stdout) == (2, "") and "r3e-httpd: " in done.stderr


# ---- the real thing ----


def test_a_whole_crawl_by_config(r3ectl, build_dir, crawl, httpd_program):
    """Coordinator and web server from one configuration file; what /metrics says is what happened."""
    made = crawl("--tracks", 4, "--classes", 5, "--entries", 200, "--drivers", 50)
    process = made.start()
    configuration = made.folder / "crawl.cfg"
    server = Httpd(httpd_program, made.folder / "public", "--config", configuration)
    try:
        found = wait_for(lambda: (page := scrape(server)[1]) and "\nr3e_exports_total 1\n" in page
                         and 'r3e_coordinator_state{state="waiting"} 1' in page and samples(page))
        assert found["r3e_combinations", ()] == found["r3e_combinations_up_to_date", ()] == 20
        assert found["r3e_combinations_due", ()] == found["r3e_combinations_missing", ()] == 0
        assert found["r3e_upstream_requests_total", ()] == made.upstream.stats()["requests"]
        assert found["r3e_results_stored_total", ()] + found["r3e_results_unchanged_total", ()] == 20
        assert math.isinf(found["r3e_upstream_allowed_requests_per_second", ()])
        assert server.get("/readyz")[0] == 200
        promtool_check(run(r3ectl, "--config", configuration, "--prometheus").stdout)
    finally:
        end(process)
        check_end(server)
