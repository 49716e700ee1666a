"""r3e-httpd: what it serves and how, and that nothing outside its folder can be had."""

import contextlib
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from httpd import Httpd
from status_publisher import StatusPublisher

BOARD = gzip.compress(b'{"track_info":{"Data":[]}}', mtime=0)
# Incompressible and larger than any socket buffer.
LARGE = os.urandom(6_000_000)


def fill(public):
    cache = public / "cache"
    (cache / "tracks" / "track_1").mkdir(parents=True)
    (cache / "track_1").symlink_to("tracks/track_1")
    (cache / "tracks" / "track_1" / "class_2.json.gz").write_bytes(BOARD)
    (cache / "status.json").write_text('{"total_entries":3}\n')
    (cache / "large.bin").write_bytes(LARGE)
    (cache / "only.json.gz").write_bytes(gzip.compress(json.dumps(list(range(100_000))).encode(), mtime=0))
    (cache / "wide.json.gz").write_bytes(gzip.compress(b"[" + b"0," * 8_000_000 + b"0]", 1, mtime=0))
    (cache / "broken.json.gz").write_bytes(gzip.compress(b"[1, 2]", mtime=0)[:-12])
    (cache / ".hidden").write_text("temporary")
    (cache / "empty.json").write_text("")
    for name in ("page.html", "style.css", "script.js", "picture.svg", "unknown.xyz", "naïve name.txt"):
        (public / name).write_text(name)
    os.mkfifo(public / "pipe.json")
    # Ways out, which must not be one.
    (public / "absolute.json").symlink_to("/etc/passwd")
    (public / "climbing.json").symlink_to("../secret.json")
    (public / "folder_out").symlink_to("..")
    (public / "proc").symlink_to("/proc/self/root")
    (public / "loop.json").symlink_to("loop.json")


@pytest.fixture(scope="module")
def site(httpd_program, tmp_path_factory):
    """A server for a folder that no test changes, and a secret beside that folder."""
    root = tmp_path_factory.mktemp("httpd")
    public = root / "public"
    (root / "secret.json").write_text("SECRET")
    (root / "public-secret").mkdir()
    (root / "public-secret" / "x.json").write_text("SECRET")
    fill(public)
    server = Httpd(httpd_program, public)
    yield server
    code, errors = server.stop()
    assert code == 0, errors


@pytest.mark.parametrize(
    "path, media_type",
    [
        ("/cache/status.json", "application/json"),
        ("/cache/tracks/track_1/class_2.json.gz", "application/gzip"),
        ("/cache/track_1/class_2.json.gz", "application/gzip"),
        ("/page.html", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/script.js", "text/javascript; charset=utf-8"),
        ("/picture.svg", "image/svg+xml"),
        ("/unknown.xyz", "application/octet-stream"),
        ("/na%C3%AFve%20name.txt", "text/plain; charset=utf-8"),
    ],
)
def test_types_and_safety_fields(site, path, media_type):
    status, header, body = site.get(path, Accept_Encoding="gzip")
    assert status == 200
    assert header["content-type"] == media_type
    assert "content-encoding" not in header
    assert int(header["content-length"]) == len(body) > 0
    assert header["x-content-type-options"] == "nosniff"
    assert header["cache-control"] == "no-cache"
    assert "default-src 'none'" in header["content-security-policy"]


def test_gz_comes_as_it_is(site):
    assert site.get("/cache/track_1/class_2.json.gz")[2] == BOARD


def test_head_is_get_without_body(site):
    for path in ("/", "/cache/status.json", "/cache/large.bin", "/nothing"):
        status, header, body = site.get(path, "HEAD")
        whole = site.get(path)
        assert body == b""
        assert (status, header["content-length"]) == (whole[0], str(len(whole[2])))


def test_empty_file(site):
    assert site.get("/cache/empty.json")[::2] == (200, b"")
    assert site.get("/cache/empty.json", Range="bytes=0-")[0] == 416


def test_large_file_is_whole(site):
    assert site.get("/cache/large.bin")[2] == LARGE


# ---- conditions ----


def test_etag_and_304(site):
    _, header, _ = site.get("/cache/status.json")
    etag, modified = header["etag"], header["last-modified"]
    assert etag.startswith('"') and etag.endswith('"')
    for value in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        status, answer, body = site.get("/cache/status.json", If_None_Match=value)
        assert (status, body, answer["etag"]) == (304, b"", etag)
    for value in ('"other"', etag.strip('"'), f"{etag[:-1]}x\"", ""):
        assert site.get("/cache/status.json", If_None_Match=value)[0] == 200
    assert site.get("/cache/status.json", If_Modified_Since=modified)[0] == 304
    assert site.get("/cache/status.json", If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")[0] == 200
    # If-None-Match decides alone where both are given.
    assert site.get("/cache/status.json", If_None_Match='"other"', If_Modified_Since=modified)[0] == 200


def test_etag_changes_with_the_file(httpd_program, tmp_path):
    (tmp_path / "a.json").write_text("1")
    server = Httpd(httpd_program, tmp_path)
    etags = set()
    for _ in range(5):
        (tmp_path / "new").write_text("1")
        (tmp_path / "new").rename(tmp_path / "a.json")
        etags.add(server.get("/a.json")[1]["etag"])
    assert len(etags) == 5
    assert server.stop()[0] == 0


@pytest.mark.parametrize(
    "value, first, last",
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=5999990-", 5999990, 5999999),
        ("bytes=-7", 5999993, 5999999),
        ("bytes=0-99999999999999999999999", 0, 5999999),
        ("bytes=-99999999999999999999999", 0, 5999999),
        ("BYTES=3-4", 3, 4),
    ],
)
def test_range(site, value, first, last):
    status, header, body = site.get("/cache/large.bin", Range=value)
    assert status == 206
    assert header["content-range"] == f"bytes {first}-{last}/6000000"
    assert body == LARGE[first : last + 1]


@pytest.mark.parametrize(
    "value", ["bytes=1-2,4-5", "bytes=5-4", "bytes=a-b", "bytes=", "bytes=-", "items=1-2", "bytes=1", "bytes=1-2x"]
)
def test_range_not_understood_means_everything(site, value):
    status, header, body = site.get("/cache/status.json", Range=value)
    assert (status, body) == (200, b'{"total_entries":3}\n')
    assert "content-range" not in header


@pytest.mark.parametrize("value", ["bytes=6000000-", "bytes=99999999999999999999999-", "bytes=-0"])
def test_range_outside(site, value):
    status, header, body = site.get("/cache/large.bin", Range=value)
    assert (status, body, header["content-range"]) == (416, b"", "bytes */6000000")


def test_if_range(site):
    etag = site.get("/cache/large.bin")[1]["etag"]
    assert site.get("/cache/large.bin", Range="bytes=0-1", If_Range=etag)[0] == 206
    assert site.get("/cache/large.bin", Range="bytes=0-1", If_Range='"old"')[0] == 200
    assert site.get("/cache/large.bin", Range="bytes=0-1", If_Range=f"W/{etag}")[0] == 200
    # A date does not tell two contents of one second apart.
    modified = site.get("/cache/large.bin")[1]["last-modified"]
    assert site.get("/cache/large.bin", Range="bytes=0-1", If_Range=modified)[0] == 200


def test_if_match(site):
    etag = site.get("/cache/large.bin")[1]["etag"]
    for value in (etag, f'"x", {etag}', "*"):
        assert site.get("/cache/large.bin", Range="bytes=0-1", If_Match=value)[0] == 206
    for value in ('"x"', f"W/{etag}"):
        status, header, body = site.get("/cache/large.bin", Range="bytes=0-1", If_Match=value)
        assert (status, body, header["etag"]) == (412, b"", etag)


def test_range_is_for_get_alone(site):
    status, header, _ = site.get("/cache/large.bin", "HEAD", Range="bytes=0-1")
    assert (status, header["content-length"]) == (200, "6000000")
    assert "content-range" not in header


def test_range_of_the_encoded_file(site):
    """A range counts in the bytes of what is sent, so in those of the gzip file."""
    whole = site.get("/cache/only.json", Accept_Encoding="gzip")[2]
    status, header, body = site.get("/cache/only.json", Accept_Encoding="gzip", Range="bytes=5-20")
    assert (status, body, header["content-encoding"]) == (206, whole[5:21], "gzip")
    assert header["content-range"] == f"bytes 5-20/{len(whole)}"
    # Inflated there are none: nobody knows the size.
    status, header, body = site.get("/cache/only.json", Range="bytes=5-20")
    assert (status, json.loads(body)) == (200, list(range(100_000)))
    assert "accept-ranges" not in header


# ---- .json of which only .json.gz is there ----


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip;q=0.5", "*", "GZIP", "br, *;q=0.1"])
def test_json_from_gz_encoded(site, accepted):
    status, header, body = site.get("/cache/only.json", Accept_Encoding=accepted)
    assert (status, header["content-encoding"], header["vary"]) == (200, "gzip", "Accept-Encoding")
    assert header["content-type"] == "application/json"
    assert json.loads(gzip.decompress(body)) == list(range(100_000))
    assert site.get("/cache/only.json", Accept_Encoding=accepted, If_None_Match=header["etag"])[0] == 304


@pytest.mark.parametrize("accepted", [None, "identity", "br", "gzip;q=0", "gzip;q=0.0, *", "gzipped"])
def test_json_from_gz_inflated(site, accepted):
    fields = {} if accepted is None else {"Accept_Encoding": accepted}
    status, header, body = site.get("/cache/only.json", **fields)
    assert (status, header["vary"]) == (200, "Accept-Encoding")
    assert "content-encoding" not in header
    assert json.loads(body) == list(range(100_000))
    assert header["etag"] != site.get("/cache/only.json", Accept_Encoding="gzip")[1]["etag"]


def test_broken_gz_does_not_look_whole(site):
    with pytest.raises(AssertionError, match="last chunk"):
        site.get("/cache/broken.json")


def test_inflating_is_limited(site):
    """Clients that never read hold every inflater; the others are told to come again, and it all ends well."""
    asking = b"GET /cache/wide.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            stuck = stack.enter_context(socket.socket())
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            stuck.connect(("127.0.0.1", site.port))
            stuck.sendall(asking)
            assert stuck.recv(15) == b"HTTP/1.1 200 OK"
        status, header, _ = site.get("/cache/only.json")
        assert (status, header["retry-after"]) == (503, "2")
        assert site.get("/cache/only.json", Accept_Encoding="gzip")[0] == 200
    deadline = time.monotonic() + 10
    while site.get("/cache/only.json")[0] != 200:
        assert time.monotonic() < deadline


# ---- what must not work ----

HOSTILE = [
    ("/../secret.json", 400),
    ("/cache/../../secret.json", 400),
    ("/cache/../status.json", 400),
    ("/..", 400),
    ("/.", 400),
    ("/./cache/status.json", 400),
    ("/%2e%2e/secret.json", 400),
    ("/%2E%2E/secret.json", 400),
    ("/.%2e/secret.json", 400),
    ("/cache/%2e%2e/%2e%2e/secret.json", 400),
    ("/..%2fsecret.json", 400),
    ("/%2e%2e%2fsecret.json", 400),
    ("/..%5csecret.json", 400),
    ("/..\\secret.json", 400),
    ("/%252e%252e/secret.json", 404),
    ("/%c0%ae%c0%ae/secret.json", 404),
    ("/%u002e%u002e/secret.json", 400),
    ("//etc/passwd", 404),
    ("///etc/passwd", 404),
    ("/%2fetc/passwd", 400),
    ("/cache//status.json", 404),
    ("/cache/status.json/", 404),
    ("/cache/status.json/.", 400),
    ("/cache/status.json/x", 404),
    ("/cache/status.json%00", 400),
    ("/cache/status.json%00.html", 400),
    ("/%00", 400),
    ("/cache/status.json%0d%0aX-Injected:%20yes", 400),
    ("/cache/%7f", 400),
    ("/cache/%", 400),
    ("/cache/%4", 400),
    ("/cache/%zz", 400),
    ("/cache", 404),
    ("/cache/", 404),
    ("/cache/.hidden", 404),
    ("/.git/config", 404),
    ("/absolute.json", 404),
    ("/climbing.json", 404),
    ("/folder_out/secret.json", 404),
    ("/folder_out/public-secret/x.json", 404),
    ("/proc/etc/passwd", 404),
    ("/loop.json", 404),
    ("/pipe.json", 404),
    ("/../public-secret/x.json", 400),
    ("http://localhost/cache/status.json", 400),
    ("*", 400),
    ("cache/status.json", 400),
    ("/" + "a" * 255, 404),
    ("/" + "a" * 256, 404),
    ("/" + "a/" * 200, 404),
    ("/" + "a" * 600, 414),
    ("/cache/status.json;x", 404),
    ("/?/../../secret.json", 200),
    (b"/\xff\xfe", 404),
]


@pytest.mark.parametrize("path, expected", HOSTILE, ids=[ascii(path)[:40] for path, _ in HOSTILE])
def test_hostile_path(site, path, expected):
    status, header, body = site.get(path)
    assert status == expected
    assert b"SECRET" not in body and b"root:" not in body and b"temporary" not in body
    assert "x-injected" not in header


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_other_methods(site, method):
    status, header, _ = site.get("/cache/status.json", method)
    assert (status, header["allow"]) == (405, "GET, HEAD")


HOSTILE_REQUESTS = {
    "no request": (b"\r\n\r\n\r\n", None),
    "only a method": (b"GET\r\n\r\n", None),
    "unknown version": (b"GET / HTTP/9.9\r\n\r\n", None),
    "no host": (b"GET /cache/status.json HTTP/1.1\r\n\r\n", 400),
    "negative length": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    "bad chunks": (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", None),
    "huge field": (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", None),
    "huge path": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", None),
    "many fields": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 10_000 + b"\r\n", None),
    "unwanted body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n" + b"a" * 100_000, 405),
    "GET with a body": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody", 200),
    "every byte": (bytes(range(256)) * 64, None),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", None),
    "half a request": (b"GET /cache/status.json HT", None),
}


@pytest.mark.parametrize("name", HOSTILE_REQUESTS)
def test_hostile_request(site, name):
    """Such a client gets the status listed (None: an error, or nothing for ever), and the others are served."""
    request_bytes, expected = HOSTILE_REQUESTS[name]
    answer = b""
    with site.connect() as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request_bytes)
        assert site.get("/cache/status.json")[0] == 200
        connection.setblocking(expected is not None)
        with contextlib.suppress(ConnectionError, BlockingIOError):
            answer = connection.recv(65536)
    assert b"SECRET" not in answer
    if expected is not None:
        assert answer.startswith(b"HTTP/1.1 %d " % expected), answer


# ---- start page and the folder's life ----


def test_start_page(httpd_program, tmp_path):
    public = tmp_path / "public"
    server = Httpd(httpd_program, public)  # there is no such folder yet
    status, header, body = server.get("/")
    assert (status, header["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"Nothing has been published yet" in body
    assert server.get("/cache/status.json")[0] == 404
    (public / "cache").mkdir(parents=True)
    (public / "cache" / "status.json").write_text("{}")
    assert b'href="cache/status.json"' in server.get("/")[2]
    (public / "index.html").write_text("<h1>own page</h1>")
    assert server.get("/")[2] == b"<h1>own page</h1>"
    # Deleted and made again, as when the files are rebuilt from the store.
    shutil.rmtree(public)
    assert server.get("/cache/status.json")[0] == 404
    (public / "cache").mkdir(parents=True)
    (public / "cache" / "status.json").write_text('{"new":1}')
    assert server.get("/cache/status.json")[2] == b'{"new":1}'
    code, errors = server.stop()
    assert code == 0 and "does not exist yet" in errors


def test_a_file_replaced_meanwhile_is_sent_whole(httpd_program, tmp_path):
    (tmp_path / "large.bin").write_bytes(LARGE)
    server = Httpd(httpd_program, tmp_path)
    with server.connect() as connection:
        connection.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = connection.recv(1000)
        (tmp_path / "new").write_bytes(b"short")
        (tmp_path / "new").rename(tmp_path / "large.bin")
        while piece := connection.recv(65536):
            answer += piece
    assert answer.partition(b"\r\n\r\n")[2] == LARGE
    assert server.get("/large.bin")[2] == b"short"
    assert server.stop()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_at_once_with_open_connections(httpd_program, tmp_path, number):
    (tmp_path / "large.bin").write_bytes(LARGE)
    server = Httpd(httpd_program, tmp_path)
    with server.connect() as idle, server.connect() as stuck:
        stuck.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stuck.recv(15) == b"HTTP/1.1 200 OK"
        idle.sendall(b"GET /lar")
        started = time.monotonic()
        code, errors = server.stop(number)
        assert code == 0, errors
        assert time.monotonic() - started < 2


def test_keep_alive_and_pipelining(site):
    one = b"GET /cache/status.json HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /cache/status.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert site.raw(one * 9 + last).count(b'{"total_entries":3}') == 10


# ---- command line ----


@pytest.mark.parametrize(
    "options, code, message",
    [
        ([], 2, "--public"),
        (["--public", ""], 2, "--public"),
        (["--public", "/etc/passwd"], 2, "not a folder"),
        (["--public", ".", "extra"], 2, "only options"),
        (["--public", ".", "--listen", "nowhere"], 2, "--listen nowhere"),
        (["--public", ".", "--listen", "127.0.0.1:99999"], 2, "--listen 127.0.0.1:99999"),
        (["--public", ".", "--listen", "localhost:1"], 2, "--listen localhost:1"),
        (["--public", ".", "--listen", "192.0.2.1:0"], 1, "cannot listen"),
        (["--nonsense"], 2, "--help"),
    ],
)
def test_wrong_usage(httpd_program, options, code, message):
    done = subprocess.run([str(httpd_program), *options], capture_output=True, text=True, timeout=10)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == ""


def test_port_in_use(httpd_program, site):
    done = subprocess.run(
        [str(httpd_program), "--public", ".", "--listen", f"127.0.0.1:{site.port}"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert done.returncode == 1
    assert "in use" in done.stderr and "--listen" in done.stderr


def test_help_and_version(httpd_program):
    for option in ("--help", "--version"):
        done = subprocess.run([str(httpd_program), option], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0 and "r3e-httpd" in done.stdout


@pytest.mark.alone
def test_memory(plain_build_dir, tmp_path):
    """Below 16 MB of its own with nearly every place taken and every inflater at work; shared libraries count by their
    share."""
    fill(tmp_path)
    with contextlib.ExitStack() as stack:
        publisher = stack.enter_context(StatusPublisher(tmp_path))
        server = Httpd(plain_build_dir / "exporter" / "httpd" / "r3e-httpd", tmp_path, "--status", publisher.endpoint)
        for number in range(430):
            held = stack.enter_context(server.connect())
            path = b"large.bin" if number % 4 == 0 else b"wide.json" if number < 60 else b"status.json"
            end = b"\r\n" if number % 4 == 0 or number < 60 else b""
            held.sendall(b"GET /cache/" + path + b" HTTP/1.1\r\nHost: x\r\n" + end)
        for _ in range(200):
            assert server.get("/cache/large.bin", Range="bytes=0-99999")[0] == 206
            assert server.get("/cache/status.json")[0] == 200
            assert server.get("/metrics")[0] == 200
        with open(f"/proc/{server.process.pid}/smaps_rollup", encoding="ascii") as lines:
            memory_kb = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.rstrip().endswith("kB")}
        assert server.stop()[0] == 0
    print(memory_kb["Pss"], "KiB")
    assert memory_kb["Pss"] < 16 * 1024, memory_kb
