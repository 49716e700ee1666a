"""The stand-in service and a configuration for it, for benchmarks: `arguments` are theirs."""

import json
import subprocess
import urllib.request


def start_upstream(arguments, catalogue, *more):
    options = ["--tracks", arguments.tracks, "--classes", arguments.classes, "--entries", arguments.entries,
               "--drivers", arguments.drivers, "--filled", arguments.filled, "--write-catalogue", catalogue, *more]
    process = subprocess.Popen([arguments.build / "tests/upstream/r3e-upstream", *map(str, options)],
                               stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().split()[-1]


def ask(url, path, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url + path, method=method), timeout=30) as answer:
        return json.load(answer)


def write_configuration(folder, arguments, url, catalogue):
    path = folder / "crawl.cfg"
    path.write_text(f"""
upstream: {{ base_url = "{url}"; }};
politeness: {{ rate_per_s = 0.0; max_in_flight = 64; robots = false; }};
catalogue: {{ file = "{catalogue}"; }};
store: {{ dir = "{folder}/store"; }};
public: {{ dir = "{folder}/public"; }};
workers: {{ local = {arguments.workers}; }};
log: {{ level = "warn"; }};
""")
    return path
