"""When the coordinator publishes, and what happens when it cannot: starts, a public folder that is read-only, full or gone."""

import os
import resource
import shutil
import subprocess

import pytest

from crawl import assert_equals_truth, end, wait_for
from fake_worker import subscribe_summary
from publishing import forget_export, state_of, wait_for_index

SMALL = ("--tracks", 12, "--classes", 9, "--entries", 3000, "--drivers", 700)
LARGER = ("--tracks", 12, "--classes", 9, "--entries", 12000, "--drivers", 2800)  # no board of it is smaller


@pytest.fixture
def running(request):
    """A function that starts a coordinator for a crawl; it is ended after the test, and must end well."""

    def start(crawl):
        process = crawl.start()
        request.addfinalizer(lambda: process.poll() is None and end(process))
        return process

    return start


def summary_when(crawl, condition):
    return subscribe_summary(f"ipc://{crawl.folder}/store/status.sock", condition)


def stop_upstream(crawl):
    """From here on no answer can be had, so that what is published can come from the store only."""
    crawl.upstream.stop()


def test_a_start_with_everything_in_place_touches_nothing_and_asks_for_nothing(crawl, running):
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    forget_export(made)
    before = state_of(made.public)
    made.upstream.reset()
    wait_for_index(made, running(made))
    summary = summary_when(made, lambda summary: summary["state"] == "waiting")
    assert summary["exports"] == 1 and summary["export_error"] == ""
    assert state_of(made.public) == before
    assert made.upstream.stats()["listing_requests"] == 0


def test_a_public_folder_that_was_deleted_comes_back_from_the_store(crawl, running, upstream_truth):
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    stop_upstream(made)
    forget_export(made)
    shutil.rmtree(made.public.parent)
    wait_for_index(made, running(made))
    assert_equals_truth(made, upstream_truth(*SMALL))


def test_what_is_there_is_published_before_anything_is_fetched(crawl, running, upstream_truth):
    """A store that was never published whole, all of it due again, and a service that does not answer."""
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    stop_upstream(made)
    made.age_store(hours=48)
    forget_export(made)
    shutil.rmtree(made.public.parent)
    process = running(made)
    wait_for_index(made, process)
    assert_equals_truth(made, upstream_truth(*SMALL))
    summary = summary_when(made, lambda summary: True)
    assert summary["stored"] == summary["unchanged"] == 0 and summary["due"] + summary["retrying"] > 0


def test_what_killed_processes_left_is_removed_at_the_start(crawl, running):
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    forget_export(made)
    strays = [made.public / name for name in (".status.json.0123456789abcdef.tmp", ".r3e-tmp-driver_index.json.gz",
                                              "tracks/.r3e-tmp-track_1")]  # fmt: skip
    for stray in strays:
        stray.write_text("half")
    wait_for_index(made, running(made))
    assert not any(stray.exists() for stray in strays)


@pytest.fixture
def tmpfs(tmp_path):
    """A function that mounts a tmpfs on tmp_path/public; skips the test where that is not permitted."""
    folder = tmp_path / "public"
    mounted = []

    def mount(options):
        if not shutil.which("mount"):
            pytest.skip("there is no mount(8)")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "r3e-test", str(folder)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")
        mounted.append(folder)

    def remount(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    folder.mkdir()
    mount.again = remount
    yield mount
    for _ in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_read_only_public_folder(crawl, running, tmpfs, upstream, upstream_truth):
    tmpfs("size=16m")
    made = crawl(*SMALL)
    made.settings["store.min_free_mb"] = 0  # or fetching would pause before it comes to that
    assert made.once() == 0, made.log()
    made.age_store(hours=48)
    made.url = upstream(*LARGER).url
    before = state_of(made.public)
    tmpfs.again("ro")
    process = running(made)
    summary = summary_when(made, lambda summary: summary["export_error"] and summary["due"] == summary["leased"] == 0)
    assert f"{made.public}/" in summary["export_error"] and "Read-only file system" in summary["export_error"]
    assert "mount it for writing" in summary["export_error"]
    assert summary["stored"] > 0 and summary["export_failures"] >= 1  # the crawl went on
    assert state_of(made.public) == before
    assert "status.json" in made.log()
    tmpfs.again("rw")
    wait_for(lambda: process.poll() is None and state_of(made.public) != before)
    summary = summary_when(made, lambda summary: summary["export_error"] == "")
    assert_equals_truth(made, upstream_truth(*LARGER))
    assert made.status()["export_error"] is None


@pytest.mark.slow
def test_public_folder_on_a_full_disk(crawl, running, tmpfs, upstream, upstream_truth):
    tmpfs("size=16m")
    made = crawl(*SMALL)
    made.settings["store.min_free_mb"] = 0  # or fetching would pause before it comes to that
    assert made.once() == 0, made.log()
    made.age_store(hours=48)
    made.url = upstream(*LARGER).url
    before = state_of(made.public)
    space = os.statvfs(made.public)
    used = (space.f_blocks - space.f_bfree) * space.f_frsize
    tmpfs.again(f"size={used + 64 * 1024}")
    process = running(made)
    summary = summary_when(made, lambda summary: "No space left" in summary["export_error"])
    assert str(made.public) in summary["export_error"] and "make room" in summary["export_error"]
    wait_for(lambda: made.status()["export_error"])  # small as it is, it has room for status.json
    assert state_of(made.public) == before
    assert not list(made.public.rglob(".r3e-tmp-*"))
    tmpfs.again("size=32m")
    wait_for(lambda: process.poll() is None and made.status()["export_error"] is None)
    assert_equals_truth(made, upstream_truth(*LARGER))


def test_a_file_in_the_place_of_the_public_folder(crawl, running):
    made = crawl(*SMALL)
    made.public.parent.mkdir()
    made.public.write_text("in the way")
    assert made.once() == 1
    assert f"{made.public}" in made.log() and "move the file" in made.log()
    made.public.unlink()
    assert made.once() == 0
    assert made.status()["total_entries"] == 3000


@pytest.mark.slow
def test_no_descriptors_for_the_exporter(crawl, plain_build_dir):
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    before = state_of(made.public)
    command = [plain_build_dir / "exporter/r3e-exporter", "--store", made.folder / "store", "--public", made.public.parent, "--full"]
    codes = []
    for count in range(4, 32):  # with fewer its libraries cannot be loaded
        limit = (resource.RLIMIT_NOFILE, (count, count))
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60,
                              preexec_fn=lambda: resource.setrlimit(*limit))  # fmt: skip
        codes.append(done.returncode)
        assert done.returncode == 0 or (done.returncode == 1 and "limit of open files" in done.stderr), done.stderr
        assert state_of(made.public) == before
    assert codes[0] == 1 and codes[-1] == 0


@pytest.mark.slow
def test_no_descriptors_for_the_coordinator(crawl, running):
    """It cannot start the exporter, says so, and does when it can."""
    made = crawl(*SMALL)
    assert made.once() == 0, made.log()
    forget_export(made)
    shutil.rmtree(made.public)
    made.public.write_text("in the way")
    process = running(made)
    summary_when(made, lambda summary: "move the file" in summary["export_error"])
    made.public.unlink()
    limits = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    used = {int(name) for name in os.listdir(f"/proc/{process.pid}/fd")}
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (min(set(range(max(used) + 2)) - used), limits[1]))
    wait_for(lambda: "exporter: cannot be started: no pipe: Too many open files" in made.log())
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, limits)
    wait_for_index(made, process)
    assert made.status()["total_entries"] == 3000
