"""r3ectl board, failed and names, and names in place of identifiers, against a real coordinator."""

import json
import os
import pty
import select
import subprocess
import time

import pytest

from fake_worker import Crew, catalogue_text, crews

TRACKS = {10: "Circuit de Spa-Francorchamps - Grand Prix", 20: "Monza Circuit - Grand Prix", 21: "Monza Circuit - Junior",
          30: "Nürburgring - Nordschleife"}
CLASSES = {1: "GTR 3", 2: "DTM 2020", 3: "Tatuus F4"}


class Named(Crew):
    """A coordinator whose tracks and classes have real names."""

    def __init__(self, *arguments, names=None, **options):
        self.names = names or TRACKS
        super().__init__(*arguments, **options)

    def start(self, limits=()):
        (self.folder / "catalogue.cfg").write_text(catalogue_text(self.names, CLASSES))
        super().start(limits)

    def command(self, command, *options):
        return [str(self.program.parent / "ctl" / "r3ectl"), command, "--connect", self.endpoint("control"), *map(str, options)]

    def ctl(self, command, *options):
        self.summary()  # it listens
        return subprocess.run(self.command(command, *options), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)

    def ask(self, command, *options, code=0):
        done = self.ctl(command, *options)
        assert done.returncode == code, (done.stdout, done.stderr, self.log())
        return done.stdout if code in (0, 3) else done.stderr


@pytest.fixture
def crew(build_dir, tmp_path):
    with crews(build_dir, tmp_path, kind=Named) as start:
        yield start


def test_names_are_listed(crew):
    coordinator = crew()
    text = coordinator.ask("names")
    assert text.splitlines()[0] == "tracks" and "          30  Nürburgring - Nordschleife\n" in text and "GTR 3" in text
    assert coordinator.ask("names", "nurburg") == "tracks\n          30  Nürburgring - Nordschleife\n"
    assert "try a shorter part" in coordinator.ask("names", "nowhere", code=1)
    assert {t["id"]: t["name"] for t in json.loads(coordinator.ask("names", "--json"))["tracks"]} == TRACKS


def test_a_large_catalogue_comes_whole(crew):
    names = {n: f"Track {n} {'x' * 180}" for n in range(1, 801)}
    coordinator = crew(names=names)
    listed = json.loads(coordinator.ask("names", "--json"))
    assert {t["id"]: t["name"] for t in listed["tracks"]} == names
    assert {c["id"]: c["name"] for c in listed["classes"]} == CLASSES


@pytest.mark.parametrize("words, jobs", [
    (["spa", "gtr 3"], [(10, 1)]), (["Spa", "GTR 3", "nords", "f4"], [(10, 1), (30, 3)]), (["30", "dtm"], [(30, 2)]),
    (["NURBURGRING"], [(30, 1), (30, 2), (30, 3)]), (["monza grand prix", "dtm 2020", "30-1"], [(20, 2), (30, 1)]),
    (["--all", "monza", "gtr 3"], [(20, 1), (21, 1)]),
])
def test_refresh_by_names(crew, words, jobs):
    coordinator = crew()
    worker = coordinator.worker()
    assert coordinator.ask("refresh", *words).startswith(f"{len(jobs)} board{' is' if len(jobs) == 1 else 's are'} fetched before all others")
    taken = []
    for _ in jobs:
        taken.append(worker.take())
        worker.answer(taken[-1])
    assert sorted((job["track_id"], job["class_id"]) for job in taken) == jobs


def test_where_several_have_the_name_they_are_listed_and_nothing_is_done(crew):
    coordinator = crew()
    for command in ("refresh", "why", "board", "release"):
        errors = coordinator.ask(command, "monza", "gtr 3", code=2)
        assert '2 tracks match "monza"' in errors and "        21  Monza Circuit - Junior\n" in errors and "--all" in errors
    assert coordinator.summary()["queue"]["urgent"] == 0
    assert 'no track\'s name contains "nowhere"' in coordinator.ask("refresh", "nowhere", code=2)
    assert "is a class; name the track in front of it" in coordinator.ask("refresh", "gtr 3", code=2)


class Conversation:
    """A command on a terminal, where it may ask."""

    def __init__(self, command):
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.said = ""

    def wait(self, part):
        deadline = time.monotonic() + 20
        while part not in self.said:
            assert time.monotonic() < deadline, self.said
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self.ours, 4096).decode()
                except OSError:  # it has ended
                    assert part in self.said, self.said

    def answer(self, text):
        os.write(self.ours, text.encode() + b"\n")

    def end(self):
        code = self.process.wait(timeout=20)
        os.close(self.ours)
        return code


@pytest.mark.parametrize("answer, code, said", [("2", 0, "1 board is fetched"), ("all", 0, "2 boards are fetched"),
                                                ("", 2, "Nothing was done"), ("7", 2, "Nothing was done")])
def test_on_a_terminal_it_asks(crew, answer, code, said):
    coordinator = crew()
    coordinator.summary()
    talk = Conversation(coordinator.command("refresh", "monza", "gtr 3"))
    talk.wait("Which track?")
    assert "2  Monza Circuit - Junior" in talk.said
    talk.answer(answer)
    talk.wait(said)
    assert talk.end() == code


def test_board_tells_all_that_is_known(crew):
    coordinator = crew(settings=["refresh.retries=0"])
    worker = coordinator.worker()
    done = coordinator.ask("board", "spa", "gtr 3")
    assert "state         missing\nchecked       never\n" in done and "the store has none of it yet" in done
    job = worker.take()
    assert (job["track_id"], job["class_id"]) == (10, 1)
    assert "state         leased" in coordinator.ask("board", "10-1")
    worker.answer(job, names=("a", "b", "c"))
    text = coordinator.ask("board", "10-1")
    for part in ("board         10-1\ntrack         Circuit de Spa-Francorchamps - Grand Prix\nclass         GTR 3\n",
                 "is up to date and not due until", "state         resting", "content       3 entries, generation",
                 "changes       3 rows in 1 checks"):
        assert part in text, text
    worker.fail(worker.take(), failure="timeout", http_status=0)
    text = coordinator.ask("board", "10-2")
    assert "last failure  20" in text and "timeout" in text
    details = json.loads(coordinator.ask("board", "10-1", "--json"))["details"]
    assert (details["entries"], details["failed"], details["in_catalogue"]) == (3, False, True)
    assert details["fetched"] <= details["next_due"]
    assert "not in the catalogue" in coordinator.ask("board", "99-1", code=1)
    assert "more than one board" in coordinator.ask("board", "10-1", "10-2", code=2)


def test_failed_lists_and_refreshes_them(crew):
    coordinator = crew(settings=["refresh.retries=0"])
    assert coordinator.ask("failed") == "no board failed in the last refresh\n"
    assert coordinator.ask("refresh", "--failed") == "no board failed in the last refresh\n"
    worker = coordinator.worker()
    jobs = [worker.take() for _ in range(1)]
    worker.fail(jobs[0], failure="timeout", http_status=0)
    worker.fail(worker.take(), http_status=500)
    text = coordinator.ask("failed")
    assert "10-1  20" in text and "  timeout\n    Circuit de Spa-Francorchamps - Grand Prix, GTR 3; it was never fetched\n" in text
    assert "http_status (HTTP 500)\n" in text
    listed = [json.loads(line) for line in coordinator.ask("failed", "--json").splitlines()]
    assert [(board["track_id"], board["class_id"], board["quarantined"]) for board in listed] == [(10, 1, False), (10, 2, False)]
    assert coordinator.ask("refresh", "--failed").startswith("2 boards are fetched before all others")
    again = []
    for _ in range(2):
        again.append(worker.take())
        worker.answer(again[-1])
    assert [(job["track_id"], job["class_id"]) for job in again] == [(10, 1), (10, 2)]
    assert coordinator.ask("failed") == "no board failed in the last refresh\n"


@pytest.mark.slow
def test_hundreds_of_failed_boards_come_whole(crew):
    names = {n: f"Track {n} {'x' * 180}" for n in range(1, 101)}
    coordinator = crew(names=names, settings=["refresh.retries=0"])
    worker = coordinator.worker()
    for _ in range(300):
        worker.fail(worker.take(), http_status=404)  # says nothing of the service
    coordinator.summary(lambda s: s["failed"] == 300)
    boards = {(b["track_id"], b["class_id"]) for b in map(json.loads, coordinator.ask("failed", "--json").splitlines())}
    assert boards == {(t, c) for t in names for c in CLASSES}
    assert [line.split()[0] for line in coordinator.ask("refresh", "--failed").splitlines()] == ["256", "44"]
