"""What readers of the public folder see while it is published, and what is there when the exporter is killed.

In terms of FORMATS: every file is whole at every instant and is that of one publication. While a publication renames its
files, and only then, some are new and some still old, so that a string of the mirror may not be in its shard yet, or a file
that stats/index.json names may be gone; a reader who finds that loads anew. status.json comes last: who has read that it tells
of a publication finds no file older than that.
"""

import hashlib
import random
import subprocess
import time

import pytest

import oracle_files
import oracle_flat
import oracle_sharded
import site_reader
from board_service import catalogue_text, serving
from crawl import Crawl
from daemon import Daemon
from store_file import changed_at
from test_oracle import entry, limits


def digests(world, layouts=("flat", "sharded")):
    """{path: SHA-256 of the decoded bytes} of all files but the details."""
    return {path: hashlib.sha256(oracle_files.encode(document)).hexdigest()
            for path, document in oracle_files.documents(world, layouts)}  # fmt: skip


def newcomer(number):
    country, team = ["Spain", "Italy"][number % 2], f"Team {number % 3}"
    return entry(1, f"Newcomer {number}", 5000 + number, "1m", "", "2026-02-01", country, team, "")


def with_newcomer(board, number):
    """One row more, on top; all others are one place further down."""
    later = [row | {"global_index": row["global_index"] + 1, "index": row["index"] + 1} for row in board["results"]]
    return dict(board, results=[newcomer(number), *later], changed_at_ms=1_800_000_000_000 + number * 1000)


@pytest.mark.parametrize("publications", [5, pytest.param(80, marks=[pytest.mark.slow, pytest.mark.timeout(300)])])
def test_readers_find_every_file_whole(store, exporter, cache, tmp_path, publications):
    boards = [dict(board, results=board["results"][:150]) for board in limits()[:6]]
    one = store(boards, {"Both": [5, 6]})
    exporter()
    versions = [digests(one.world)]
    with site_reader.reading(cache, tmp_path / "reader.log") as wait_for_passes:
        for number in range(1, publications):
            place = number % len(boards)
            boards[place] = with_newcomer(boards[place], number)
            one.put(boards[place])
            versions.append(digests(one.world))
            exporter(*(["--full"] if number % 4 == 3 else []))
            wait_for_passes()
    assert site_reader.judge(tmp_path / "reader.log", versions) == publications


def test_status_comes_last(build_dir, tmp_path):
    """Beside a coordinator: which publication status.json tells of shows in the number of entries, which always grows."""
    boards = [dict(board, results=board["results"][:200]) for board in limits()]
    classes, superclasses = {5: "Five", 6: "Six"}, {"Both": [5, 6]}
    catalogue = tmp_path / "catalogue.cfg"
    missing = [dict(boards[0], class_id=klass, class_name=classes[klass], track_id=track, track_name=f"Track {track}", results=[])
               for track in range(1, 8) for klass in classes
               if (track, klass) not in {(board["track_id"], board["class_id"]) for board in boards}]  # fmt: skip
    boards += missing
    catalogue.write_text(catalogue_text(boards, classes, superclasses))
    totals, versions = [], []
    with serving(boards) as service:
        crawl = Crawl(build_dir, tmp_path, service.url, catalogue)
        one = Daemon(crawl, None).start()
        try:
            published = 0

            def publish():
                nonlocal published
                published = one.summary(lambda s: s["state"] == "waiting" and s["exports"] > published)["exports"]
                world = oracle_sharded.World(boards, superclasses, classes, changed_at(tmp_path / "store"))
                versions.append(digests(world))
                totals.append(sum(len(board["results"]) for board in boards))
                assert crawl.status()["total_entries"] == totals[-1]

            publish()
            with site_reader.reading(crawl.public, tmp_path / "reader.log") as wait_for_passes:
                for number in range(1, 8):
                    boards[number] = with_newcomer(boards[number], number)
                    service.put(boards[number])
                    one.pull(f"{boards[number]['track_id']}-{boards[number]['class_id']}\n")
                    publish()
                    wait_for_passes()
        finally:
            one.stop()
    seen = site_reader.judge(tmp_path / "reader.log", versions, lambda status: totals.index(status["total_entries"]))
    assert seen == len(versions)


# ---- kill -9 ----


class Kills:
    """Two worlds in turn, each published by a run that is killed; then what is there, then a run that is not."""

    def __init__(self, store, exporter, build_dir, cache, seed):
        self.exporter, self.cache = exporter, cache
        self.command = [str(build_dir / "exporter/r3e-exporter"), "--store", str(cache.parents[1] / "store"),
                        "--public", str(cache.parent)]
        self.dice = random.Random(seed)
        self.boards = [dict(board, results=board["results"][:60]) for board in limits()]
        self.one = store(self.boards, {"Both": [5, 6], "One": [6]})
        self.number = 0
        started = time.monotonic()
        exporter("--full")
        self.whole_s = time.monotonic() - started

    def change(self):
        """One to all boards; the world before and after."""
        before = self.one.world
        for place in self.dice.sample(range(len(self.boards)), self.dice.choice([1, 1, 2, len(self.boards)])):
            self.number += 1
            if self.dice.random() < 0.2 and len(self.one.content) > 5:
                self.one.remove(self.boards[place])
            else:
                self.boards[place] = with_newcomer(self.boards[place], self.number)
                self.one.put(self.boards[place])
        return before, self.one.world

    def kill(self):
        """Where it is by then does not matter for what must hold."""
        options = self.dice.choice([[], [], ["--full"]])
        process = subprocess.Popen([*self.command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.whole_s * self.dice.random())
        process.kill()
        process.wait()

    def assert_valid(self, worlds):
        """Every file is whole and that of one of these worlds, and what is in all of them is there."""
        wanted = [published(world) for world in worlds]
        for path in sorted(oracle_files.files_below(self.cache)):
            if ".r3e-tmp-" not in path and not (self.cache / path).is_symlink():
                assert oracle_files.decode(self.cache / path) in [world.get(path) for world in wanted], path
        missing = [path for path in set.intersection(*map(set, wanted)) if not (self.cache / path).exists()]
        assert not missing, missing


def published(world):
    found = {path: oracle_files.encode(document) for path, document in oracle_files.documents(world)}
    return found | {oracle_flat.detail_path(board): oracle_files.encode(oracle_files.detail(world, board))
                    for board in world.boards}  # fmt: skip


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_killed_at_random_instants(store, exporter, build_dir, cache, tmp_path, kills):
    one = Kills(store, exporter, build_dir, cache, seed=kills)
    for _ in range(kills):
        worlds = list(one.change())
        one.kill()
        one.assert_valid(worlds)
        if one.dice.random() < 0.3:  # killed again, on the way to another world
            worlds.append(one.change()[1])
            one.kill()
            one.assert_valid(worlds)
        exporter()
        oracle_files.check(cache, one.one.world)
        assert not list(cache.rglob(".r3e-tmp-*")) and not list((tmp_path / "store").glob("*.tmp"))
