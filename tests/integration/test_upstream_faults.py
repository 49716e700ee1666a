"""What comes of each way in which the service can misbehave: one combination of six is answered badly, the store is full
and all of it is due.

TABLE says for every mode of the stand-in (tests/upstream/README.md), with `retries` = 1: how the combination stands in
`failed_fetches` (nothing: it does not), how many requests it was worth (a board of two pages), how many of them count as
retries, and what is published of it afterwards: `old` is what was known before, untouched.

Behind every run the invariants are checked from the logs, and the five others are published as the service has them.
"""

import collections
import json
import subprocess

import pytest

import conftest
import crawl
import faulty_crawl
import invariants
import oracle_flat as oracle
from made_once import made_once
from sampling import one_in

WORLD = ("--tracks", 3, "--classes", 2, "--entries", 300, "--drivers", 100, "--filled", 100)
LARGER = ("--tracks", 8, "--classes", 9, "--entries", 1500, "--drivers", 300, "--filled", 100)
RETRIES = 1
TABLE_COLUMNS = ("error", "requests", "retries", "published")
Outcome = collections.namedtuple("Outcome", TABLE_COLUMNS)

PERMANENT = (1, 0, "old")  # waits for the next refresh
TRANSIENT = (2, 1, "old")  # is tried again after a pause
PUSHED_BACK = (5, 4, "old")  # the service asked for patience, which is no failure of the board: tried more often
TABLE = {
    # What the service says with its status.
    "400": Outcome("http_status (HTTP 400)", *PERMANENT),
    "403": Outcome("http_status (HTTP 403)", *PERMANENT),
    "404": Outcome("http_status (HTTP 404): gone from the service; what was fetched before stays", *PERMANENT),
    "410": Outcome("http_status (HTTP 410): gone from the service; what was fetched before stays", *PERMANENT),
    "500": Outcome("http_status (HTTP 500)", *TRANSIENT),
    "502": Outcome("http_status (HTTP 502)", *TRANSIENT),
    "503": Outcome("http_status (HTTP 503)", *TRANSIENT),
    "204": Outcome("http_status (HTTP 204)", *TRANSIENT),
    "429": Outcome("http_status (HTTP 429)", *PUSHED_BACK),
    "429-retry-after:1": Outcome("http_status (HTTP 429)", *PUSHED_BACK),
    "429-date:1": Outcome("http_status (HTTP 429)", *PUSHED_BACK),
    "503-retry-after:1": Outcome("http_status (HTTP 503)", *PUSHED_BACK),
    # What becomes of the connection.
    "hang": Outcome("timeout", *TRANSIENT),
    "slow": Outcome("timeout (HTTP 200)", *TRANSIENT),
    "drip-header": Outcome("timeout", *TRANSIENT),
    "reset": Outcome("reset (HTTP 200)", *TRANSIENT),
    "truncated": Outcome("truncated (HTTP 200)", *TRANSIENT),
    "redirect-other": Outcome("redirect (HTTP 302)", *PERMANENT),
    "redirect-loop": Outcome("redirect (HTTP 302)", 4, 0, "old"),  # the first and three redirects
    "redirect-same": Outcome("", 4, 0, "new"),  # followed: two for each page
    # What stands in the answer.
    "truncated-json": Outcome("truncated (HTTP 200)", *TRANSIENT),
    "html": Outcome("not_json (HTTP 200)", *TRANSIENT),
    "empty-body": Outcome("not_json (HTTP 200)", *TRANSIENT),
    "null": Outcome("not_a_listing (HTTP 200)", *TRANSIENT),
    "not-object": Outcome("not_a_listing (HTTP 200)", *TRANSIENT),
    "error-field": Outcome("not_a_listing (HTTP 200)", *TRANSIENT),
    "results-null": Outcome("not_a_listing (HTTP 200)", *TRANSIENT),
    "results-missing": Outcome("not_a_listing (HTTP 200)", *TRANSIENT),
    "wrong-types": Outcome("not_a_listing (HTTP 200)", *TRANSIENT),
    "deep": Outcome("not_json (HTTP 200)", *TRANSIENT),
    "bad-gzip": Outcome("encoding (HTTP 200)", *TRANSIENT),
    "wrong-track": Outcome("wrong_board (HTTP 200)", *TRANSIENT),
    # What is too much: asking again would only cost both sides the same once more.
    "big-header": Outcome("too_large (HTTP 200)", *PERMANENT),
    "huge:40": Outcome("too_large (HTTP 200)", *PERMANENT),
    "gzip-bomb:64": Outcome("too_large (HTTP 200)", *PERMANENT),
    "endless": Outcome("too_many_pages (HTTP 200)", 22, 0, "old"),  # begun anew once: people came twice
    # What may be true, and is believed when it comes again (confirm_shrink).
    "emptied": Outcome("", 1, 0, "old"),
    "shrunk:50": Outcome("", 1, 0, "old"),
    "shrunk:80": Outcome("", 2, 0, "fewer"),  # a fifth less: such things happen
    # What can be mended.
    "invalid-utf8": Outcome("", 1, 0, "old"),  # a name is mended, but only one entry is left of 50: kept aside
    "shifting": Outcome("", 4, 0, "same people"),  # looked at twice, then its duplicates are dropped
    "duplicate": Outcome("", 2, 0, "one more"),  # on one page: the service says so
    # What is over at the second attempt.
    "500*1": Outcome("", 3, 1, "new"),
    "429*1": Outcome("", 3, 1, "new"),
    "reset*1": Outcome("", 3, 1, "new"),
    "truncated-json*1": Outcome("", 3, 1, "new"),
    "html*1": Outcome("", 3, 1, "new"),
    "hang*1": Outcome("", 3, 1, "new"),
    "emptied*1": Outcome("", 1, 0, "old"),
}
TIMES_OUT = {"hang", "slow", "drip-header"}
SLOW = ["429-date:1", "429", "429-retry-after:1", "503-retry-after:1", "huge:40"]  # seconds of waiting

SETTINGS = {
    "refresh.retries": RETRIES, "refresh.confirm_shrink": 3, "upstream.max_response_mb": 32, "upstream.max_pages": 20,
}
IMPATIENT = {"upstream.connect_timeout_s": 1, "upstream.timeout_s": 1}  # else a slow machine would make the others time out


def place_of(board):
    return int(board["track_id"]), int(board["class_id"])


@pytest.fixture(scope="module")
def full_store(build_dir, upstream_program, tmp_path_factory):
    """A crawl of the whole world that has ended, aged by two days: to be copied; made once for all test processes."""

    def crawl_in(folder, url=""):
        return faulty_crawl.FaultyCrawl(build_dir, folder, url, folder / "catalogue.cfg", folder / "requests.log", ())

    def make(folder):
        options = (*WORLD, "--write-catalogue", folder / "catalogue.cfg", "--log", folder / "requests.log")
        service = conftest.Upstream(upstream_program, options)
        try:
            made = crawl_in(folder, service.url)
            assert made.once() == 0, made.log()
        finally:
            service.stop()
        made.age_store(hours=48)

    return crawl_in(made_once(tmp_path_factory, "full-store", make))


@pytest.fixture
def misbehaving(full_store, build_dir, tmp_path, upstream, upstream_truth):
    """A function that crawls with faults, and returns the crawl, its exit code and the truth. The store is the full
    one, or for another world empty."""

    def run(*faults, world=WORLD, **settings):
        truth = upstream_truth(*world)
        log, catalogue = tmp_path / "requests.log", tmp_path / "catalogue.cfg"
        service = upstream(*world, "--log", log, "--write-catalogue", catalogue, *faults)
        made = faulty_crawl.FaultyCrawl(build_dir, tmp_path, service.url, catalogue, log, map(place_of, truth))
        if world is WORLD:
            full_store.copy_to(tmp_path)
            made.requests_logs += full_store.requests_logs
        made.settings |= SETTINGS | settings
        with made.reading():
            code = made.once()
        return made, code, truth

    return run


def fullest(truth):
    return max(truth, key=lambda board: len(board["results"]))


def requests_for(made, board):
    return [line for line in invariants.read_lines(made.requests_logs[0])
            if (line.get("track"), line.get("class")) == place_of(board)]


def check_published(made, board, published):
    after = made.published(oracle.detail_path(board))["track_info"]["Data"]
    known = board["results"]
    if published == "fewer":
        assert after == known[:len(known) * 80 // 100]
    elif published == "same people":
        assert len(after) == len(known) and json.dumps(after) != json.dumps(known)
    elif published == "one more":
        assert after[0]["driver"] == after[1]["driver"] and len(after) == len(known) + 1
    else:
        assert after == known


def check_the_others(made, truth, bad):
    for board in truth:
        if board is not bad:
            assert made.published(oracle.detail_path(board))["track_info"]["Data"] == board["results"]
            assert requests_for(made, board), "the others were fetched"


@pytest.mark.parametrize("mode", one_in(6, [mode for mode in TABLE if mode not in SLOW]) + [
    pytest.param(mode, marks=pytest.mark.slow) for mode in SLOW])
def test_a_misbehaving_combination(mode, misbehaving, upstream_truth):
    outcome = TABLE[mode]
    bad = fullest(upstream_truth(*WORLD))
    settings = IMPATIENT if mode.partition("*")[0] in TIMES_OUT else {}
    made, code, truth = misbehaving("--fault", f"{bad['track_id']}-{bad['class_id']}={mode}", **settings)
    bad = fullest(truth)
    status = made.status()
    failed = status.get("failed_fetches", [])
    assert code == (3 if outcome.error else 0), made.log()
    assert [(line["track_id"], line["class_id"], line["error"]) for line in failed] == \
        ([(str(bad["track_id"]), str(bad["class_id"]), outcome.error)] if outcome.error else [])
    assert len(requests_for(made, bad)) == outcome.requests
    assert status["retried_fetch_count"] == outcome.retries
    check_published(made, bad, outcome.published)
    check_the_others(made, truth, bad)
    if outcome.published in ("old", "new"):
        crawl.assert_equals_truth(made, truth)
    assert "was ended by signal" not in made.log()  # no worker died of it
    invariants.check_all(made.evidence(failing={place_of(bad)} if outcome.error else set()))


def test_every_mode_of_the_stand_in_is_in_the_table(upstream_program):
    told = subprocess.run([upstream_program, "--help"], capture_output=True, text=True, check=True).stdout
    modes = {line.split()[0] for line in told.partition("\nModes:\n")[2].splitlines() if line.strip()}
    assert len(modes) >= 30
    assert {mode.partition("*")[0].partition(":")[0] for mode in TABLE} == modes


def test_one_combination_in_three_misbehaves(misbehaving, upstream_truth):
    """Each in another way; two thirds are published all the same, and everything that failed is named."""
    ways = [mode for mode, outcome in TABLE.items() if outcome.error and outcome.retries < 4 and mode not in TIMES_OUT]
    truth = upstream_truth(*LARGER)
    bad = {place_of(board): ways[place // 3 % len(ways)] for place, board in enumerate(truth) if place % 3 == 0}
    faults = [part for (track, car_class), mode in bad.items() for part in ("--fault", f"{track}-{car_class}={mode}")]
    made, code, truth = misbehaving(*faults, world=LARGER, **{"politeness.breaker_pause_s": 1})
    status = made.status()
    assert code == 3, made.log()
    failed = {(int(line["track_id"]), int(line["class_id"])): line["error"].partition(":")[0]
              for line in status["failed_fetches"]}
    expected = {place: TABLE[mode].error.partition(":")[0] for place, mode in bad.items()}
    wrong = {place: (bad.get(place), expected.get(place), error) for place, error in failed.items() if error != expected.get(place)}
    assert not wrong and failed.keys() == bad.keys()
    good = [board for board in truth if place_of(board) not in bad]
    assert status["total_fetched_combinations"] == len(good) == len(truth) * 2 // 3
    for board in good:
        assert made.published(oracle.detail_path(board))["track_info"]["Data"] == board["results"]
    assert made.published("driver_index.json.gz") == oracle.driver_index(good)
    assert made.published("all_combinations.json.gz") == oracle.combinations(good)
    invariants.check_all(made.evidence(failing=set(bad)))
