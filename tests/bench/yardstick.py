"""How fast this machine is, beside the one that the design's numbers are of.

The design gives its times in seconds of its authors' machine, with a floor measured there: `gzip -6` over the flat index's 105 MB
of JSON on one core, 2.2 s; `curl --parallel` for the requests of a whole crawl, 1.0 s. Virtual machines of the same name
differ by more than twice, and one drifts by a fifth within minutes; so a benchmark takes the floor in its own run, and says what its aim is
here."""

import gzip
import statistics
import subprocess
import tempfile
import time

GZIP_S_PER_BYTE = 2.2 / 105e6
CURL_S = 1.0
RUNS = 3


def gzip_factor(path):
    """How many times as long as the design's machine this one takes for `gzip -6`, over the content of a .json.gz."""
    with tempfile.NamedTemporaryFile(prefix="r3e-bench-") as plain:
        with gzip.open(path) as packed:
            size = plain.write(packed.read())
        plain.flush()
        times = []
        for _ in range(RUNS):
            started = time.monotonic()
            subprocess.run(["gzip", "-6nc", plain.name], stdout=subprocess.DEVNULL, check=True)
            times.append(time.monotonic() - started)
    return statistics.median(times) / size / GZIP_S_PER_BYTE


def curl_factor(curl_s):
    return curl_s / CURL_S


def aim(seconds, factor):
    """Text: what `seconds` of the design are here."""
    return f"{seconds * factor:.2f} s here ({seconds:g} s on the design's machine, of whose time this one takes {factor:.2f})"
