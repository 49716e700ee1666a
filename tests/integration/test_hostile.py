"""Hostile peers: the crawl that they attack is compared with one beside it that they do not know of.

Both have the same boards, the same rate and the same moment to begin; when the undisturbed one has fetched everything it is seen
how far the other is, so that the machine's speed does not matter. Then it ends, equal to the truth. The coordinator's peak of
memory is compared too. In the large ones, which run when nothing else does, the other must have fetched half by then; in
the short ones, beside which anything may run, that is printed: they take a second, and the start of a process on a busy
machine several. There the time from the first request to the last is compared, and ATTACKED_LEAST is the limit.
"""

import contextlib
import os

import pytest

import hostile
from crawl import assert_equals_truth, wait_for
from sampling import one_in

OPTIONS = ("--tracks", 8, "--classes", 6, "--entries", 500, "--drivers", 150)
BOARDS = 48
LARGE = ("--tracks", 40, "--classes", 40, "--entries", 20000, "--drivers", 4000)
LARGE_BOARDS = 1600
PATIENCE_S = 120
SETTINGS = {"politeness.rate_per_s": 40, "politeness.burst": 4, "refresh.retries": 8, "store.map_size_mb": 64}
PAUSE_S = 0.001  # or the attack takes the processor from both, and from all other tests; the slow test does without
HALF, ATTACKED_LEAST = 1 / 2, 1 / 8
FASTER = SETTINGS | {"politeness.rate_per_s": 0}
# A thousand connections have buffers, a hostile worker's queue is full, and the sanitizer keeps what was freed.
MEMORY_KB = 64 * 1024
SPACE_KB = 512 * 1024  # address space: half of the frame that is announced

pytestmark = pytest.mark.timeout(3 * PATIENCE_S)


def watched(sides):
    """Both have ended; their peaks are known up to the last moment."""
    return all([side.ended() for side in sides])


def run(sides, attack, boards, pause_s=0):
    """Runs both sides, one of them attacked; what each has fetched when the calm one is through."""
    calm, attacked = sides
    for side in sides:
        side.start()
    with hostile.Siege(attack, attacked, pause_s) as siege:
        for side in sides:
            side.start_pool()
        wait_for(lambda: calm.done() >= boards or calm.ended() or siege.error, timeout_s=PATIENCE_S)
        counts = calm.done(), attacked.done()
        wait_for(lambda: watched(sides) or siege.error, timeout_s=PATIENCE_S)
    for side in sides:
        assert side.process.returncode == 0, side.made.log()
    print(f"{attack.__name__}: {siege.done} times; {counts[1]} boards while the other crawl fetched {counts[0]}; "
          f"peak {attacked.peak_kb} kB against {calm.peak_kb}")
    return counts


@pytest.fixture
def sides(build_dir, plain_build_dir, tmp_path, upstream):
    """A function that makes two crawls, of a build without sanitizers if wanted."""
    with contextlib.ExitStack() as opened:

        def make(options, settings, plain=False):
            folder = plain_build_dir if plain else build_dir
            made = [hostile.Side(folder, tmp_path / name, upstream, options, settings) for name in ("calm", "attacked")]
            for side in made:
                opened.callback(side.close)
            return made

        yield make


@pytest.mark.parametrize("attack", one_in(14, hostile.OUTSIDE + hostile.INSIDE), ids=lambda attack: attack.__name__)
def test_the_crawl_goes_on(sides, upstream_truth, monkeypatch, attack):
    # Freed memory that the sanitizer keeps aside would hide whether anything is let go of.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4")
    calm, attacked = pair = sides(OPTIONS, SETTINGS)
    run(pair, attack, BOARDS, PAUSE_S)
    assert calm.took_s() >= attacked.took_s() * ATTACKED_LEAST, (calm.took_s(), attacked.took_s())
    assert_equals_truth(attacked.made, upstream_truth(*OPTIONS))
    assert attacked.peak_kb < calm.peak_kb + MEMORY_KB
    assert attacked.space_kb < calm.space_kb + SPACE_KB
    assert len(attacked.made.log().splitlines()) < 400, "the log was flooded"


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("attack", hostile.OUTSIDE + hostile.INSIDE, ids=lambda attack: attack.__name__)
def test_a_large_crawl_without_a_limit_goes_on(sides, upstream_truth, attack):
    """As fast as both can, by the programs as they are shipped."""
    calm, attacked = pair = sides(LARGE, FASTER, plain=True)
    fetched_calm, fetched_attacked = run(pair, attack, LARGE_BOARDS)
    assert fetched_attacked >= fetched_calm * HALF, (fetched_calm, fetched_attacked)
    assert_equals_truth(attacked.made, upstream_truth(*LARGE))
    assert attacked.peak_kb < MEMORY_KB
