"""The whole tree crawls and exports everything, 296,000 entries, inside a memory control group of 64 MB."""

import subprocess
import urllib.request

import pytest

from conftest import Upstream
from crawl import Crawl
from memory_group import MemoryGroup, NotPermitted
from test_full_size import WHOLE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LIMIT_MB = 64
CRAWL_WITHIN_S = 600


@pytest.fixture
def group():
    try:
        with MemoryGroup("r3e-test", LIMIT_MB) as made:
            yield made
    except NotPermitted as error:
        pytest.skip(str(error))


@pytest.fixture
def upstream(plain_build_dir, tmp_path):
    """The service; outside of the group, as it is in the world."""
    program = plain_build_dir / "tests/upstream/r3e-upstream"
    made = Upstream(program, (*WHOLE, "--write-catalogue", tmp_path / "catalogue.cfg"))
    yield made
    made.stop()


def test_everything_in_64_mb(group, upstream, plain_build_dir, tmp_path):
    crawl = Crawl(plain_build_dir, tmp_path, upstream.url, tmp_path / "catalogue.cfg")
    crawl.settings["workers.local"] = 2
    (tmp_path / "public").mkdir()
    httpd = subprocess.Popen([plain_build_dir / "exporter/httpd/r3e-httpd", "--public", tmp_path / "public",
                              "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             preexec_fn=group.enter)
    with open(crawl.log_path, "a") as log:
        coordinator = subprocess.Popen(crawl.command("--once"), stderr=log, preexec_fn=group.enter)
    try:
        url = httpd.stdout.readline().split()[-1].rstrip("/")
        assert coordinator.wait(timeout=CRAWL_WITHIN_S) == 0, crawl.log()
        with urllib.request.urlopen(url + "/cache/driver_index.json.gz", timeout=60) as answer:
            assert len(answer.read()) == (crawl.public / "driver_index.json.gz").stat().st_size
        assert crawl.status()["total_entries"] == 296000
        assert group.killed() == 0
        assert httpd.poll() is None
    finally:
        coordinator.kill()
        httpd.terminate()
        httpd.communicate(timeout=20)
    print(f"at most {group.peak_mb():.1f} MB were charged to the group, page cache included")
