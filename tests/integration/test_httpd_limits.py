"""r3e-httpd under clients that ask for nothing, take nothing, or are many; and what it says of itself."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import time

import pytest

from crawl import wait_for
from httpd import Httpd

LARGE = os.urandom(6_000_000)
STATUS = b'{"total_entries":3}\n'
HALF = b"GET /cache/status.json HTTP/1.1\r\nHost: x\r\nX-Slow: "


@pytest.fixture
def public(tmp_path):
    cache = tmp_path / "public" / "cache"
    cache.mkdir(parents=True)
    (cache / "status.json").write_bytes(STATUS)
    (cache / "large.bin").write_bytes(LARGE)
    return tmp_path / "public"


@pytest.fixture
def server(httpd_program, public):
    started = Httpd(httpd_program, public)
    yield started
    code, errors = started.stop()
    # Nothing is said of those who asked.
    assert (code, errors) == (0, "")


def figures(server):
    """/proc's numbers of the server."""
    pid = server.process.pid
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        memory = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.rstrip().endswith("kB")}
    return len(os.listdir(f"/proc/{pid}/fd")), memory["Pss"]


def crowd(stack, server, count, sends=HALF):
    """So many connections that have asked for nothing yet."""
    connections = []
    for _ in range(count):
        connection = stack.enter_context(server.connect())
        # Who was ended to make room may hear of it right now.
        with contextlib.suppress(ConnectionError):
            connection.sendall(sends)
        connections.append(connection)
    return connections


def ended(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("count", [500, 1200])
@pytest.mark.parametrize("sends", [HALF, b""], ids=["half a request", "nothing"])
def test_slow_loris(server, count, sends):
    """Connections that ask for nothing, as many as there are places and more, do not keep anybody out."""
    with contextlib.ExitStack() as stack:
        idle = crowd(stack, server, count, sends)
        for _ in range(20):
            started = time.monotonic()
            assert server.get("/cache/status.json")[2] == STATUS
            assert time.monotonic() - started < 5
        # Those that came first make room for others.
        wait_for(lambda: ended(idle[0]))
        assert sum(not ended(connection) for connection in idle) >= 200
    wait_for(lambda: figures(server)[0] < 40)


def test_a_busy_crowd_is_not_disturbed(server):
    """Who is taking an answer keeps its place when places become scarce."""
    with contextlib.ExitStack() as stack:
        taking = stack.enter_context(server.connect())
        taking.sendall(b"GET /cache/large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = taking.recv(1000)
        crowd(stack, server, 600)
        while piece := taking.recv(1 << 20):
            answer += piece
        assert answer.partition(b"\r\n\r\n")[2] == LARGE


@pytest.mark.alone  # a thousand connections to be taken within ten seconds
def test_ends_at_once_when_full(httpd_program, public):
    """With every place taken by somebody who does not take his answer it still hears that it is to end."""
    server = Httpd(httpd_program, public)
    with contextlib.ExitStack() as stack:
        # Who is not heard within half a second may have to make room.
        for number in range(5000):
            if number >= 512 and number % 20 == 0 and figures(server)[0] >= 2 * 512:
                break
            taking = stack.enter_context(socket.socket())
            taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            taking.settimeout(10)
            taking.connect(("127.0.0.1", server.port))
            with contextlib.suppress(ConnectionError):
                taking.sendall(b"GET /cache/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        else:
            wait_for(lambda: figures(server)[0] >= 2 * 512)
        started = time.monotonic()
        assert server.stop() == (0, "")
        assert time.monotonic() - started < 5


@pytest.mark.slow
def test_a_byte_now_and_then_is_not_enough(server):
    """A header that never ends is ended after 15 s, though its client is never silent for long."""
    started = time.monotonic()
    with server.connect() as dripping:
        dripping.sendall(HALF)
        with contextlib.suppress(ConnectionError):
            while not select.select([dripping], [], [], 0.2)[0]:
                dripping.sendall(b"a")
                assert time.monotonic() - started < 30
        assert 14 < time.monotonic() - started < 20
    # A connection that asks again and again may stay as long as it likes.
    with server.connect() as busy:
        started = time.monotonic()
        while time.monotonic() - started < 20:
            busy.sendall(b"GET /cache/status.json HTTP/1.1\r\nHost: x\r\n\r\n")
            assert busy.recv(4096).startswith(b"HTTP/1.1 200 OK")
            select.select([busy], [], [], 0.5)


def test_nothing_is_left_behind(server):
    """Every kind of answer, many times: as many descriptors and, within a megabyte, as much memory as before."""
    requests = [b"/cache/status.json", b"/cache/large.bin", b"/nothing", b"/../x", b"/", b"/livez", b"/readyz"]

    def round_of_requests():
        for path in requests:
            server.get(path, Accept="text/html")
            server.get(path, "HEAD")
            server.get(path, Range="bytes=0-9")
            with server.connect() as leaving:
                leaving.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    round_of_requests()
    before = wait_for(lambda: figures(server)[0] < 20 and figures(server))
    for _ in range(10):
        round_of_requests()
    assert wait_for(lambda: figures(server)[0] <= before[0])
    # Under a sanitizer memory that was freed is kept for a while.
    assert figures(server)[1] < before[1] + 40_000


def start_with_descriptors(httpd_program, public, count):
    return subprocess.Popen(
        ["sh", "-c", f'ulimit -n {count}; exec "{httpd_program}" --public "{public}" --listen 127.0.0.1:0'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def test_few_descriptors(httpd_program, public):
    """It takes as many connections as descriptors allow, and says so; a crowd keeps nobody out."""
    started = start_with_descriptors(httpd_program, public, 100)
    port = int(started.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])

    def get():
        with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
            one.sendall(b"GET /cache/status.json HTTP/1.1\r\nHost: x\r\n\r\n")
            return one.recv(4096).startswith(b"HTTP/1.1 200 OK")

    with contextlib.ExitStack() as stack:
        for _ in range(80):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            with contextlib.suppress(ConnectionError):
                one.sendall(HALF)
        assert get()
    assert get()
    started.send_signal(signal.SIGTERM)
    _, errors = started.communicate(timeout=10)
    assert started.returncode == 0 and "so 30 connections at a time" in errors


def test_too_few_descriptors(httpd_program, public):
    started = start_with_descriptors(httpd_program, public, 60)
    output, errors = started.communicate(timeout=10)
    assert (started.returncode, output) == (1, "")
    assert "ulimit -n" in errors and "allow 1064" in errors


# ---- pages for errors, addresses for those who watch ----


def test_not_found_page(server, public):
    status, header, body = server.get("/nothing")
    assert (status, header["content-type"], body) == (404, "text/plain; charset=utf-8", b"there is no such file\n")
    status, header, body = server.get("/nothing", Accept="text/html,*/*;q=0.8")
    assert (status, header["content-type"], header["vary"]) == (404, "text/html; charset=utf-8", "Accept")
    assert b'<html lang="en">' in body and b'<a href="/">' in body
    (public / "404.html").write_text("<h1>ours</h1>")
    status, header, body = server.get("/nothing", Accept="text/html", If_None_Match="*", Range="bytes=0-1")
    assert (status, body, header["content-type"]) == (404, b"<h1>ours</h1>", "text/html; charset=utf-8")
    assert server.get("/nothing")[2] == b"there is no such file\n"
    assert server.get("/../x", Accept="text/html")[0] == 400


def test_alive_and_ready(httpd_program, tmp_path):
    server = Httpd(httpd_program, tmp_path / "public")
    status, header, body = server.get("/livez")
    assert (status, header["cache-control"], body) == (200, "no-store", b"alive\n")
    status, _, body = server.get("/readyz")
    assert (status, body) == (503, b"nothing has been published: no cache/status.json\n")
    (tmp_path / "public" / "cache").mkdir(parents=True)
    (tmp_path / "public" / "cache" / "status.json").write_bytes(STATUS)
    assert server.get("/readyz")[::2] == (200, b"ready\n")
    assert server.get("/metrics")[0] == 404  # without --status
    assert server.stop()[0] == 0


def test_every_answer_is_safe(server):
    for path in ("/", "/cache/status.json", "/nothing", "/..", "/livez", "/readyz"):
        for fields in ({}, {"Accept": "text/html"}, {"Range": "bytes=9999-"}):
            header = server.get(path, **fields)[1]
            policy = header["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert header["x-content-type-options"] == "nosniff"
            assert header["referrer-policy"] == "no-referrer"
            assert header["cache-control"] in ("no-cache", "no-store")
            assert "server" not in header


# ---- configuration ----


def test_config(httpd_program, public, tmp_path):
    configuration = tmp_path / "r3e.cfg"
    configuration.write_text(f"""
store: {{ dir = "{tmp_path}/store"; }};
public: {{ dir = "{public}"; }};
http: {{ listen = "127.0.0.1:0"; }};
""")
    started = subprocess.Popen([str(httpd_program), "--config", str(configuration)], stdout=subprocess.PIPE, text=True)
    line = started.stdout.readline()
    assert line.startswith(f"serving {public} on http://127.0.0.1:")
    with socket.create_connection(("127.0.0.1", int(line.rstrip("/\n").rsplit(":", 1)[1])), timeout=10) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert b"\nr3e_coordinator_up 0\n" in answer
    started.send_signal(signal.SIGTERM)
    started.communicate(timeout=10)
    assert started.returncode == 0


@pytest.mark.parametrize(
    "options, message",
    [
        (["--config", "/nonexistent.cfg"], "/nonexistent.cfg"),
        (["--public", ".", "--status", "nowhere"], "--status nowhere"),
        (["--public", ".", "--status", "tcp://127.0.0.1"], "--status tcp://127.0.0.1"),
    ],
)
def test_wrong_config(httpd_program, options, message):
    done = subprocess.run([str(httpd_program), *options], capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
