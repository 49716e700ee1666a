"""What a browser makes of published files: Node has the same DecompressionStream('gzip')."""

import hashlib
import json
import pathlib
import shutil
import subprocess

import pytest

import oracle_files

PROGRAM = pathlib.Path(__file__).parent / "decompress.mjs"
TIMEOUT_S = 600


def decode(paths):
    """{path: what decompress.mjs says of it}; skips the test where there is no such Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if subprocess.run([node, "-e", "new DecompressionStream('gzip')"], capture_output=True).returncode != 0:
        pytest.skip("this node has no DecompressionStream: it needs version 18 or later")
    done = subprocess.run([node, PROGRAM], input="\n".join(map(str, paths)), capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=True)
    return {pathlib.Path(about["path"]): about for about in map(json.loads, done.stdout.splitlines())}


def assert_decodes(cache):
    """Every `.gz` below decodes there to JSON and to the same bytes as with zlib."""
    paths = sorted(path for path in cache.rglob("*.gz") if not path.is_symlink())
    decoded = decode(paths)
    assert set(decoded) == set(paths)
    for path in paths:
        text = oracle_files.decode(path)  # asserts one member, without name and time
        assert decoded[path] == {"path": str(path), "length": len(text), "sha256": hashlib.sha256(text).hexdigest()}
