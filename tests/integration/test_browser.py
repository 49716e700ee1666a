"""Every `.json.gz` is what a browser's DecompressionStream('gzip') takes."""

import pytest

import browser
import oracle_files
from test_oracle import limits


def test_every_file_decodes(store, exporter, cache):
    """Large enough that files are put together from segments; then with some that are kept from the last run."""
    boards = limits()
    one = store(boards, {"Both": [5, 6]})
    exporter("--threads", "3")
    assert len(list(cache.rglob("*.gz"))) > 10
    browser.assert_decodes(cache)
    for count in (1290, 500):
        one.put(dict(boards[0], results=boards[0]["results"][:count]))
        exporter("--threads", "2")
        browser.assert_decodes(cache)


def test_the_check_can_fail(cache):
    cache.mkdir(parents=True)
    good = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00"
    for name, data in (("good", good), ("cut", good[:-3]), ("changed", good[:-6] + b"x" + good[-5:]), ("two", good + good)):
        (cache / f"{name}.json.gz").write_bytes(data)
    decoded = {path.name.partition(".")[0]: about for path, about in browser.decode(sorted(cache.iterdir())).items()}
    assert "error" not in decoded["good"] and decoded["good"]["length"] == 2
    assert all("error" in decoded[name] for name in ("cut", "changed"))
    with pytest.raises(AssertionError, match="after the gzip member"):
        oracle_files.decode(cache / "two.json.gz")
