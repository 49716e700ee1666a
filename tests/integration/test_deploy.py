"""What deploy/ ships for others to run is checked by those others: systemd, nginx, Debian's tools."""

import gzip
import os
import pathlib
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from conftest import ROOT
from crawl import wait_for
from ports import free_port
from programs import find, needs

UNITS = ("r3e-coordinator.service", "r3e-worker@.service", "r3e-httpd.service")
EXPOSURE_MOST = 2.0
PROGRAMS = {"r3e-coordinator": "coordinator", "r3e-worker": "worker", "r3e-httpd": "exporter/httpd"}


@pytest.fixture
def unit(plain_build_dir, tmp_path):
    """A function that returns a unit as it is installed, but with the programs of the build."""

    def make(name):
        text = (plain_build_dir / "deploy" / name).read_text()
        for program, folder in PROGRAMS.items():
            text = re.sub(rf"^ExecStart=\S*/{program}\b", f"ExecStart={plain_build_dir}/{folder}/{program}", text,
                          flags=re.MULTILINE)
        # Manual pages are where the package is installed.
        text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
        path = tmp_path / name
        path.write_text(text)
        return path

    return make


@needs("systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_the_unit(name, unit):
    done = subprocess.run(["systemd-analyze", "verify", unit(name)], capture_output=True, text=True)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if name.partition("@")[0].partition(".")[0] in line]
    assert not ours and done.returncode == 0, done.stderr


@needs("systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_shut_in(name, unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", unit(name)], capture_output=True, text=True)
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure and float(exposure.group(1)) <= EXPOSURE_MOST, done.stdout + done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_the_options_in_a_unit_exist(name, plain_build_dir):
    """As its Environment= and ExecStart= say; what stands in comments too."""
    text = (plain_build_dir / "deploy" / name).read_text()
    program = name.partition(".")[0].partition("@")[0]
    command = [plain_build_dir / PROGRAMS[program] / program, "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in text.splitlines() if "OPTIONS=" in line or line.startswith("ExecStart=")]
    options = set(re.findall(r"(?<=\s|=)--[a-z-]+", "\n".join(lines)))
    assert options and not [option for option in options if option not in told.stdout]


@pytest.fixture
def site(tmp_path):
    """nginx with our site over a folder; returns the folder and the address."""
    public, port = tmp_path / "public", free_port()
    (public / "cache" / "tracks" / "track_7").mkdir(parents=True)
    text = (ROOT / "deploy" / "nginx" / "r3e-leaderboard.conf").read_text()
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("    listen [::]:80;\n", "")
    text = text.replace("/var/www/r3e-leaderboard", str(public))
    (tmp_path / "site.conf").write_text(text)
    (tmp_path / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/errors;
events {{}}
http {{ access_log off; include {tmp_path}/site.conf; client_body_temp_path {tmp_path}/1; proxy_temp_path {tmp_path}/2;
fastcgi_temp_path {tmp_path}/3; uwsgi_temp_path {tmp_path}/4; scgi_temp_path {tmp_path}/5; }}
""")
    nginx = find("nginx")
    checked = subprocess.run([nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert checked.returncode == 0 and "warn" not in checked.stderr, checked.stderr
    server = subprocess.Popen([nginx, "-c", tmp_path / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield public, f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, b""


@needs("nginx")
def test_nginx_serves_the_files_as_readers_expect(site):
    public, address = site
    content = b'{"count":1}'
    packed = gzip.compress(content, mtime=0)
    (public / "cache" / "all_combinations.json.gz").write_bytes(packed)
    (public / "cache" / "status.json").write_bytes(content)
    (public / "cache" / "tracks" / "track_7" / "class_1.json.gz").write_bytes(packed)
    (public / "cache" / "track_7").symlink_to("tracks/track_7")
    (public / "cache" / ".r3e-tmp-x").write_bytes(b"half")
    (public / "cache" / "out").symlink_to("/etc/passwd")
    status, headers, body = get(f"{address}/cache/all_combinations.json.gz", **{"Accept-Encoding": "gzip"})
    assert (status, body) == (200, packed)
    assert headers["Content-Type"] == "application/gzip" and "Content-Encoding" not in headers
    assert headers["Cache-Control"] == "no-cache" and headers["X-Content-Type-Options"] == "nosniff"
    assert get(f"{address}/cache/all_combinations.json.gz", **{"If-None-Match": headers["ETag"]})[0] == 304
    status, headers, body = get(f"{address}/cache/all_combinations.json", **{"Accept-Encoding": "gzip"})
    assert (status, body, headers["Content-Encoding"]) == (200, packed, "gzip")
    assert headers["Content-Type"].startswith("application/json")
    status, headers, body = get(f"{address}/cache/status.json")
    assert (status, body) == (200, content) and headers["Content-Type"].startswith("application/json")
    assert get(f"{address}/cache/track_7/class_1.json.gz")[2] == packed
    assert get(f"{address}/cache/.r3e-tmp-x")[0] == 404
    assert get(f"{address}/cache/")[0] in (403, 404)  # no listing
    if os.geteuid() != 0 or pathlib.Path("/etc/passwd").stat().st_uid != 0:
        assert get(f"{address}/cache/out")[0] == 403


@needs("dpkg-buildpackage")
@needs("lintian")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_debian_package(tmp_path):
    done = subprocess.run([ROOT / "deploy" / "package", "--output", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [package] = tmp_path.glob("*.deb")
    listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    for path in ("usr/bin/r3e-coordinator", "usr/bin/r3ectl", "usr/lib/systemd/system/r3e-worker@.service",
                 "etc/r3e-leaderboard/r3e-leaderboard.cfg", "usr/lib/sysusers.d/r3e-leaderboard.conf"):
        assert f"./{path}\n" in listed
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "root"], check=True)
    for program in (tmp_path / "root" / "usr" / "bin").iterdir():
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        assert told.startswith(program.name)


def test_what_npm_brings_is_looked_at(tmp_path):
    """Other bytes than those that were pinned are refused, whatever registry they are from; without any the rest goes on."""
    script = tmp_path / "deploy" / "install-deps"
    script.parent.mkdir()
    shutil.copy(ROOT / "deploy" / "install-deps", script)
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\n[ -z \"$BRINGS\" ] || echo other >axe-core-$(echo \"$*\" | sed 's/.*axe-core@//').tgz\n[ -n \"$BRINGS\" ]\n")
    npm.chmod(0o755)
    for brings, code, words in (("yes", 1, "is not what it was when this was written"), ("", 0, "npm did not get axe-core-")):
        environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "BRINGS": brings}
        listed = subprocess.run([script, "--list"], env=environment, capture_output=True, text=True, timeout=60)
        if listed.returncode:
            pytest.skip("not everything that a build needs is installed by packages")
        done = subprocess.run([script, "--axe"], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == code and words in done.stderr, done
        assert not (tmp_path / ".cache" / "axe-core").exists()
