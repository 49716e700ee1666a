"""One crawl of the whole size (296,000 entries, 14,703 combinations), and what must hold of it and after it."""

import os
import pathlib
import shutil

import pytest

import browser
from board_service import superclasses_text
from conftest import Upstream
from crawl import Crawl, assert_equals_truth, end
from fake_worker import subscribe_summary
from process_tree import TreeWatch
from publishing import forget_export, state_of, wait_for_index

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]

# Of the made-up classes, whose ids begin with 1685 and have gaps: one, several, and nearly all.
SUPERCLASSES = {"One": [7, 1685], "GT 1 & WTCC 1": [1701, 1733], "Everything else!": list(range(1734, 6700))}
WHOLE = ("--tracks", 169, "--classes", 87, "--entries", 296000, "--drivers", 57600, "--filled", 55)
MOST_MB = {"r3e-coordinator": 16, "r3e-worker": 24, "r3e-exporter": 64}
TREE_MOST_MB = 100


@pytest.fixture(scope="module")
def whole(plain_build_dir, tmp_path_factory):
    """The crawl, done once, by four local workers; .watch is what its processes took."""
    folder = tmp_path_factory.mktemp("whole")
    catalogue = folder / "catalogue.cfg"
    upstream = Upstream(plain_build_dir / "tests/upstream/r3e-upstream", (*WHOLE, "--write-catalogue", catalogue))
    try:
        with open(catalogue, "a", encoding="utf-8") as file:
            file.write(superclasses_text(SUPERCLASSES))
        made = Crawl(plain_build_dir, folder, upstream.url, catalogue)
        made.upstream = upstream
        process = made.start("--once")
        try:
            with TreeWatch(process.pid) as made.watch:
                assert process.wait(timeout=600) == 0, made.log()
        finally:
            process.kill()
        yield made
    finally:
        upstream.stop()


def test_it_equals_the_oracle(whole, upstream_truth):
    assert_equals_truth(whole, upstream_truth(*WHOLE), SUPERCLASSES)


def test_a_browser_takes_every_file(whole):
    browser.assert_decodes(whole.public)


def test_memory_stays_within_its_bounds(whole):
    """Proportional set sizes, sampled ten times a second: what two processes share counts half for each."""
    assert whole.settings["workers.local"] == 4
    peak_mb = {name: kb / 1024 for name, kb in whole.watch.peak_kb.items()}
    assert set(peak_mb) >= set(MOST_MB)  # all of them were seen
    assert {name: mb for name, mb in peak_mb.items() if mb > MOST_MB[name]} == {}
    assert 0 < whole.watch.tree_peak_kb / 1024 <= TREE_MOST_MB


def rest(whole):
    """Starts the coordinator, waits for its first export and until nothing is left to do, ends it; its summary."""
    process = whole.start()
    try:
        wait_for_index(whole, process)
        return subscribe_summary(f"ipc://{whole.folder}/store/status.sock", lambda summary: summary["state"] == "waiting")
    finally:
        end(process)


def test_a_restart_touches_no_file_and_sends_no_request(whole):
    forget_export(whole)
    before = state_of(whole.public)
    whole.upstream.reset()
    summary = rest(whole)
    assert summary["exports"] == 1 and summary["export_failures"] == 0
    assert state_of(whole.public) == before
    assert whole.upstream.stats()["listing_requests"] == 0


def test_a_restart_without_the_public_folder_brings_all_of_it_back(whole):
    forget_export(whole)
    before = {path: status[0] for path, status in state_of(whole.public).items()}
    contents = {path: pathlib.Path(path).read_bytes() for path in before if not os.path.islink(path)}
    gone = whole.folder / "gone"
    whole.public.rename(gone)
    whole.upstream.reset()
    try:
        rest(whole)
        after = {path: status[0] for path, status in state_of(whole.public).items()}
        assert set(after) == set(before)
        assert {path: pathlib.Path(path).read_bytes() for path in contents} == contents
        assert whole.upstream.stats()["listing_requests"] == 0
    finally:
        shutil.rmtree(gone)
