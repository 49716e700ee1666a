"""SIGHUP: a new configuration and a new catalogue in a running coordinator."""

import signal
import subprocess

import pytest

from fake_worker import Crew, catalogue_text, crews, pack_board
from test_coordinator import stored
import store_file
from crawl import Crawl, wait_for, workers_of

TRACKS = {10: "Track 1", 20: "Track 2"}
CLASSES = {1: "Class 1", 2: "Class 2"}


class Reloaded(Crew):
    """A coordinator that is told to read its files again."""

    reloads = 0

    def reload(self, *changes, tracks=None, classes=None, fails=False):
        """Changes the configuration file's text and, if given, the catalogue's; SIGHUP; waits until it is done."""
        self.summary()  # it has read its files and listens to signals
        text = self.configuration.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.configuration.write_text(text)
        if tracks:
            (self.folder / "catalogue.cfg").write_text(catalogue_text(tracks, classes or CLASSES))
        self.process.send_signal(signal.SIGHUP)
        self.reloads += 1
        word = "stay as they were" if fails else "keys of the configuration"
        lines = lambda: [line for line in self.log().splitlines() if "reload: " in line and word in line]
        wait_for(lambda: len(lines()) == self.reloads)


@pytest.fixture
def crew(build_dir, tmp_path):
    """A function that starts such a coordinator; it and its workers are ended after the test."""
    with crews(build_dir, tmp_path, kind=Reloaded, codes=(0,)) as start:
        yield lambda **options: start(**{"tracks": 2, "classes": 2, **options})


def test_an_erroneous_configuration_keeps_the_old_one(crew):
    coordinator = crew()
    coordinator.reload(("commit_ms = 10;", "commit_ms = 10; comit_results = 7;"), ("max_in_flight = 64", "max_in_flight = 0"),
                       fails=True)
    log = coordinator.log()
    assert "test.cfg:3: politeness.max_in_flight" in log
    assert "test.cfg:5: store.comit_results: unknown key; did you mean store.commit_results?" in log
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"


def test_an_erroneous_catalogue_keeps_the_old_one(crew):
    coordinator = crew()
    worker = coordinator.worker()
    job = worker.take()
    (coordinator.folder / "catalogue.cfg").write_text('tracks = ( { id = 10; name = ""; } );\nclasses = ( );\n')
    coordinator.reload(fails=True)
    assert "catalogue.cfg:1:" in coordinator.log()
    assert worker.answer(job) == "stored"
    assert coordinator.summary()["combinations"] == 4


def test_politeness_changes_at_once(crew):
    coordinator = crew()
    workers = [coordinator.worker() for _ in range(3)]
    coordinator.reload(("max_in_flight = 64", "max_in_flight = 1"))
    assert "politeness.max_in_flight has changed" in coordinator.log()
    jobs = workers[0].take()
    workers[1].say("ready")
    assert workers[1].hears_nothing("job", "retire")
    assert workers[0].answer(jobs) == "stored"
    workers[1].hear("job")


def test_a_shorter_age_makes_boards_due(crew):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    coordinator.stop()
    store_file.age(coordinator.folder / "store", hours=2)
    coordinator.start()
    worker = coordinator.worker()
    worker.say("ready")
    assert worker.hears_nothing("job")
    coordinator.reload(("workers:", "refresh: { max_age_h = 1; };\nworkers:"))
    assert worker.hear("job")


def test_what_needs_a_restart_is_named_and_stays(crew):
    coordinator = crew()
    coordinator.reload(("commit_ms = 10;", "commit_ms = 11; map_size_mb = 17;"), ('/public"', '/elsewhere"'))
    log = coordinator.log()
    for key in ("store.map_size_mb", "public.dir"):
        assert f"{key} has changed and takes effect after a restart" in log
    assert "store.commit_ms has changed\n" in log
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    assert not (coordinator.folder / "elsewhere").exists()


def test_workers_are_told_anew(crew):
    coordinator = crew()
    idle, busy = coordinator.worker(), coordinator.worker()
    job = busy.take()
    idle.say("ready")
    other = idle.hear("job")
    assert idle.answer(other) == "stored"
    coordinator.reload(('base_url = "http://127.0.0.1:9";', 'base_url = "http://127.0.0.1:10"; page_size = 77;'))
    for worker in (idle, busy):
        assert "configuration has changed" in worker.hear("retire")["reason"]
    busy.say("more", lease=job["lease"], page=1)
    assert busy.hear("grant")["page"] == 1  # what it holds is fetched to its end
    assert busy.answer(job) == "stored"
    busy.say("ready")
    assert busy.hears_nothing("job")
    welcome = coordinator.worker(hello=False).say_hello()
    assert (welcome["base_url"], welcome["page_size"]) == ("http://127.0.0.1:10", 77)
    coordinator.reload()  # nothing has changed: nobody has to go
    assert coordinator.log().count("are asked to retire") == 1


def test_a_new_class_is_fetched(crew):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    coordinator.reload(tracks={5: "New", 10: "Track 1"}, classes={1: "Class 1", 2: "Class 2"})
    coordinator.summary(lambda s: s["combinations"] == 4 and s["missing"] == 3)
    seen = []
    for _ in range(3):
        job = worker.take()
        seen.append((job["track_id"], job["class_id"], job["track_name"]))
        assert worker.answer(job) == "stored"
    assert seen == [(5, 1, "New"), (5, 2, "New"), (10, 2, "Track 1")]
    coordinator.summary(lambda s: s["missing"] == 0)


def test_what_went_away_is_superseded_kept_and_comes_back(crew):
    coordinator = crew(settings=["refresh.index_every_min=1000"])
    worker, other = coordinator.worker(), coordinator.worker()
    assert worker.answer(worker.take(), names=["Kept"]) == "stored"  # 10-1
    gone, stays = worker.take(), other.take()  # 10-2, 20-1
    assert (gone["track_id"], stays["track_id"]) == (10, 20)
    coordinator.reload(tracks={20: "Track 2"})
    coordinator.summary(lambda s: s["combinations"] == 2 and s["leased"] == 1)
    worker.say("more", lease=gone["lease"], page=1)
    assert worker.hear("grant")["page"] == 1
    assert worker.answer(gone) == "superseded"
    assert other.answer(stays, names=["Stays"]) == "stored"
    assert other.answer(stays) == "duplicate"
    job = worker.take()
    assert (job["track_id"], job["class_id"]) == (20, 2)
    assert worker.answer(job) == "stored"
    assert coordinator.summary(lambda s: s["superseded"] == 1)["invalid"] == 0
    index = coordinator.folder / "public/cache/tracks/track_10/class_1.json.gz"
    wait_for(index.exists)  # what the store has of it stays published
    coordinator.reload(tracks=TRACKS)
    coordinator.summary(lambda s: s["combinations"] == 4 and s["missing"] == 1)
    job = worker.take()
    assert (job["track_id"], job["class_id"]) == (10, 2)
    assert coordinator.stop() == 0
    assert stored(coordinator) == {(10, 1): pack_board(["Kept"]), (20, 1): pack_board(["Stays"]),
                                   (20, 2): pack_board(["Bob Dylan"])}


def test_a_worker_that_dies_with_what_went_away_harms_nobody(crew):
    coordinator = crew(tracks=2, classes=1)
    worker = coordinator.worker()
    assert worker.take()["track_id"] == 10
    coordinator.reload(tracks={20: "Track 2"}, classes={1: "Class 1"})
    worker.jobs.close()
    other = coordinator.worker()
    assert other.answer(other.take()) == "stored"
    wait_for(lambda: coordinator.summary()["workers"] == 1)
    assert coordinator.summary()["quarantined"] == 0


def test_a_new_name_is_published(crew):
    coordinator = crew(tracks=1, classes=1)
    worker = coordinator.worker()
    assert worker.answer(worker.take()) == "stored"
    path = coordinator.folder / "public/cache/top_combinations.json"
    wait_for(lambda: path.exists() and "Track 1" in path.read_text())
    coordinator.reload(tracks={10: "Renamed"}, classes={1: "Class 1"})
    wait_for(lambda: "Renamed" in path.read_text())


def test_random_reloads_lose_nothing(crew):
    """Catalogues come and go while boards are fetched; in the end the last one is complete."""
    coordinator = crew(tracks=3, classes=3)
    worker = coordinator.worker()
    everything = {10 * n: f"Track {n}" for n in range(1, 7)}
    for step in range(12):
        job = worker.take()
        tracks = {track: name for track, name in everything.items() if (track // 10 * 7 + step * 5) % 3}
        coordinator.reload(tracks=tracks, classes={1: "a", 2 + step % 2: "b"})
        assert worker.answer(job) == ("stored" if job["track_id"] in tracks and job["class_id"] in (1, 2 + step % 2)
                                      else "superseded")
    coordinator.reload(tracks=everything, classes={1: "a", 2: "b", 3: "c"})
    left = coordinator.summary(lambda s: s["combinations"] == 18)["missing"]
    for _ in range(left):
        assert worker.answer(worker.take()) == "stored"
    assert coordinator.summary(lambda s: s["missing"] == 0)["leased"] == 0
    coordinator.stop()
    assert len(stored(coordinator)) == 18


# ---- with real workers ----


@pytest.fixture
def crawl(build_dir, tmp_path, upstream):
    options = ("--tracks", 8, "--classes", 8, "--entries", 800, "--drivers", 200, "--latency-ms", 100)
    catalogue = tmp_path / "catalogue.cfg"
    started = upstream(*options, "--write-catalogue", catalogue)
    made = Crawl(build_dir, tmp_path, started.url, catalogue)
    made.upstream = started
    return made


def test_the_local_pool_is_resized_and_nobody_died_of_it(crawl):
    configured = "workers: {{ local = {}; max_rss_mb = {}; }};\n"
    del crawl.settings["workers.local"]
    path = crawl.folder / "crawl.cfg"
    process = crawl.start()  # writes the file, without our group
    process.kill()
    process.wait()
    text = path.read_text()
    path.write_text(text + configured.format(1, 64))
    with open(crawl.log_path, "a") as log:
        process = subprocess.Popen(crawl_command(crawl), stderr=log)
    try:
        wait_for(lambda: len(workers_of(process.pid)) == 1 and crawl.upstream.stats()["listing_requests"] >= 2)
        first = workers_of(process.pid)
        path.write_text(text + configured.format(3, 64))
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(workers_of(process.pid)) == 3 and not set(first) & set(workers_of(process.pid)))
        asked = crawl.upstream.stats()["listing_requests"]
        wait_for(lambda: crawl.upstream.stats()["listing_requests"] >= asked + 6)
        second = workers_of(process.pid)
        path.write_text(text + configured.format(3, 65))  # workers are told it: they retire one by one
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(workers_of(process.pid)) == 3 and not set(second) & set(workers_of(process.pid)))
        wait_for(lambda: (crawl.public / "status.json").exists() and crawl.status()["state"] == "waiting", timeout_s=60)
        assert crawl.status()["failed_fetch_count"] == 0
        assert "died" not in crawl.log() and "was ended by signal" not in crawl.log()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0, crawl.log()


def crawl_command(crawl):
    """As Crawl.command, but without writing the configuration anew."""
    overrides = [part for key, value in crawl.settings.items() for part in ("--set", f"{key}={value}")]
    return [str(crawl.program), "--config", str(crawl.folder / "crawl.cfg"), *overrides]
