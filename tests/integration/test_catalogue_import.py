"""r3ectl catalogue import: from the game's data file to the catalogue file."""

import gzip
import http.server
import json
import os
import pathlib
import re
import stat
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("R3E_BUILD", ROOT / "build")).resolve()
R3ECTL = BUILD / "coordinator" / "ctl" / "r3ectl"
COORDINATOR = BUILD / "coordinator" / "r3e-coordinator"
TIMEOUT_S = 60


def game_data(layouts=None, classes=None):
    """The shape of the game's file: tracks by id, each with layouts; classes by id."""
    layouts = {263: "Grand Prix", 264: "Classic"} if layouts is None else layouts
    classes = {1703: "GTR 3", 1704: "GTR 2"} if classes is None else classes
    return {
        "cars": {"252": {"Name": "Aquila", "Id": 252, "liveries": [{"Name": "#1", "Id": 257}]}},
        "tracks": {
            "262": {
                "Name": "RaceRoom Raceway",
                "Id": 262,
                "layouts": [{"Name": n, "Track": 262, "MaxNumberOfVehicles": 38, "Id": i} for i, n in layouts.items()],
            }
        },
        "classes": {str(i): {"Name": n, "Cars": [{"Id": 252}], "Id": i} for i, n in classes.items()},
    }


def run(*arguments, cwd=None):
    return subprocess.run(
        [str(R3ECTL), *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S, cwd=cwd
    )


@pytest.fixture
def source(tmp_path):
    """A function that writes a game data file and returns its path."""

    def write(content):
        path = tmp_path / "r3e-data.json"
        if callable(content):
            content = content()
        if isinstance(content, (dict, list)):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def import_to(output, source_path, *options):
    return run("catalogue", "import", source_path, "--output", output, *options)


def read_items(path, name):
    """The ids and names of one list of a catalogue file."""
    block = re.search(rf"^{name} = \((.*?)^\);", path.read_text(), re.S | re.M).group(1)
    return {int(i): n for i, n in re.findall(r'\{ id = (\d+); name = "((?:[^"\\]|\\.)*)"; \}', block)}


def test_first_import(source, tmp_path):
    output = tmp_path / "catalogue.cfg"
    result = import_to(output, source(game_data()))
    assert (result.returncode, result.stderr) == (0, "")
    assert 'new track: 263 "RaceRoom Raceway - Grand Prix"' in result.stdout
    assert "tracks: 2, of which 2 new, 0 renamed; 0 gone" in result.stdout
    assert "classes: 2, of which 2 new, 0 renamed; 0 gone" in result.stdout
    assert 'superclass "GT3": there is no class 2922 (kept)' in result.stdout
    assert read_items(output, "tracks") == {263: "RaceRoom Raceway - Grand Prix", 264: "RaceRoom Raceway - Classic"}
    assert read_items(output, "classes") == {1703: "GTR 3", 1704: "GTR 2"}
    assert output.read_text().count("classes = [") == 8
    assert stat.S_IMODE(output.stat().st_mode) == 0o644
    assert sorted(p.name for p in tmp_path.iterdir()) == ["catalogue.cfg", "r3e-data.json"]


def test_coordinator_accepts_what_import_wrote(source, tmp_path):
    names = {1: 'quo"te', 2: "back\\slash", 3: "Nürburgring 日本 🏁", 4: "a # b // c /* d", 5: "@include", 6: "x'y"}
    output = tmp_path / "catalogue.cfg"
    assert import_to(output, source(game_data(layouts=names))).returncode == 0
    check = subprocess.run(
        [str(COORDINATOR), "--check", "--set", f"store.dir={tmp_path}/s", "--set", f"public.dir={tmp_path}/p",
         "--set", f"catalogue.file={output}"],
        capture_output=True, text=True, timeout=TIMEOUT_S,
    )
    assert (check.returncode, check.stderr) == (0, "")
    assert "6 tracks, 2 classes, 8 superclasses" in check.stdout
    again = import_to(output, source(game_data(layouts=names)))
    assert "nothing has changed" in again.stdout


def test_changes_are_reported_and_superclasses_kept(source, tmp_path):
    output = tmp_path / "catalogue.cfg"
    output.write_text(
        'tracks = ( { id = 5; name = "Old"; }, { id = 263; name = "RaceRoom Raceway - GP"; } );\n'
        'classes = ( { id = 1703; name = "GTR 3"; } );\n'
        'superclasses = ( { name = "Mine"; classes = [1703, 77]; } );\n'
    )
    result = import_to(output, source(game_data()))
    assert result.returncode == 0
    for line in (
        'gone track: 5 "Old"',
        'renamed track: 263 "RaceRoom Raceway - GP" -> "RaceRoom Raceway - Grand Prix"',
        'new track: 264 "RaceRoom Raceway - Classic"',
        'new class: 1704 "GTR 2"',
        'superclass "Mine": there is no class 77 (kept)',
        "tracks: 2, of which 1 new, 1 renamed; 1 gone",
        "classes: 2, of which 1 new, 0 renamed; 0 gone",
    ):
        assert line in result.stdout.splitlines()
    assert '{ name = "Mine"; classes = [77, 1703]; }' in output.read_text()
    assert output.read_text().count("classes = [") == 1


def test_dry_run_and_no_change_leave_the_file_untouched(source, tmp_path):
    output = tmp_path / "catalogue.cfg"
    path = source(game_data())
    result = import_to(output, path, "--dry-run")
    assert result.returncode == 0 and "dry run" in result.stdout
    assert not output.exists()
    assert import_to(output, path).returncode == 0
    before = output.stat()
    result = import_to(output, path)
    assert result.returncode == 0 and "nothing has changed" in result.stdout
    assert (output.stat().st_ino, output.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_output_follows_the_configuration(source, tmp_path):
    config = tmp_path / "r3e.cfg"
    config.write_text('store : { dir = "s"; };\npublic : { dir = "p"; };\ncatalogue : { file = "mine.cfg"; };\n')
    result = run("--config", config, "catalogue", "import", source(game_data()), cwd="/")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "mine.cfg").exists()
    config.write_text("nonsense = 1;")
    result = run("--config", config, "catalogue", "import", source(game_data()))
    assert result.returncode == 2 and f"{config}:1: nonsense" in result.stderr


HOSTILE = {
    "empty": (b"", "not JSON"),
    "html": (b"<html>\n<body>Maintenance</body></html>", "line 1: not JSON"),
    "cut off": (json.dumps(game_data()).encode()[:-20], "not JSON"),
    "something behind": (json.dumps(game_data()).encode() + b"{}", "not JSON"),
    "another json": (b'{"drivers": []}', "$.tracks is missing"),
    "a list": (b"[1, 2]", "$ is a list"),
    "no classes": ({"tracks": game_data()["tracks"]}, "$.classes is missing"),
    "empty lists": ({"tracks": {}, "classes": {}}, "$.tracks has no layouts"),
    "id as text": (game_data(layouts={"263": "x"}), "$.tracks.262.layouts[0].Id is a string"),
    "id of 64 bits": (game_data(layouts={2**40: "x"}), "$.tracks.262.layouts[0].Id is"),
    "id of zero": (game_data(layouts={0: "x"}), "$.tracks.262.layouts[0].Id is 0"),
    "name of another type": (game_data(classes={5: ["x"]}), "$.classes.5.Name is a list"),
    "control character": (game_data(classes={5: "a\nb"}), "$.classes.5: 5 \"a?b\" is a name with a control character"),
    "name too long": (game_data(classes={5: "x" * 201}), "too long"),
    "not UTF-8": (json.dumps(game_data()).encode().replace(b"GTR 3", b"GTR\xff3"), "not valid UTF-8"),
    "too many": (game_data(layouts={i: "x" for i in range(1, 5002)}), "$.tracks.262.layouts[5000]"),
    "deep": (b"[" * 1000000, "not JSON"),
    "deep inside": (b'{"tracks":' + b"[" * 60000 + b"]" * 60000 + b"}", "not JSON"),
    "many values": (lambda: b"[" + b"0," * 5_000_000 + b"0]", "too many values"),
    "too large": (lambda: b" " * (64 * 1024 * 1024 + 1), "larger than the 67108864 bytes allowed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(source, tmp_path, name):
    content, words = HOSTILE[name]
    output = tmp_path / "catalogue.cfg"
    output.write_text('tracks = ( { id = 5; name = "Old"; } ); classes = ( { id = 6; name = "C"; } );\n')
    before = output.read_bytes()
    path = source(content)
    result = import_to(output, path)
    assert result.returncode == 1
    assert str(path) in result.stderr and words in result.stderr
    assert output.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["catalogue.cfg", "r3e-data.json"]


def test_broken_present_catalogue_is_not_replaced(source, tmp_path):
    output = tmp_path / "catalogue.cfg"
    output.write_text("tracks = (\n")
    result = import_to(output, source(game_data()))
    assert result.returncode == 1
    assert f"{output}:" in result.stderr and "syntax error" in result.stderr
    assert output.read_text() == "tracks = (\n"


def test_output_that_cannot_be_written(source, tmp_path):
    result = import_to(tmp_path / "none" / "catalogue.cfg", source(game_data()))
    assert result.returncode == 1
    assert "No such file or directory" in result.stderr


def test_source_that_cannot_be_read(tmp_path):
    result = import_to(tmp_path / "c.cfg", tmp_path / "none.json")
    assert result.returncode == 1 and f"{tmp_path}/none.json" in result.stderr
    result = import_to(tmp_path / "c.cfg", tmp_path)
    assert result.returncode == 1 and "not a regular file" in result.stderr


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(game_data()).encode()
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/r3e-data.json")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/to-file":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        known = self.path in ("/r3e-data.json", "/gzip", "/bomb", "/cut")
        self.send_response(200 if known else 404)
        if self.path == "/bomb":
            body = gzip.compress(b" " * (100 * 1024 * 1024), 9)
        elif self.path == "/gzip":
            body = gzip.compress(body)
        if self.path in ("/bomb", "/gzip"):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:-50] if self.path == "/cut" else body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """The address of a small web server on loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/r3e-data.json", "/gzip", "/moved"])
def test_url(server, tmp_path, path):
    result = import_to(tmp_path / "c.cfg", server + path)
    assert result.returncode == 0, result.stderr
    assert read_items(tmp_path / "c.cfg", "classes") == {1703: "GTR 3", 1704: "GTR 2"}


@pytest.mark.parametrize(
    "path, words",
    [
        ("/none", "404"),
        ("/bomb", "larger than the 67108864 bytes allowed"),
        ("/cut", "cannot fetch it"),
        ("/loop", "redirects"),
        ("/to-file", "cannot fetch it"),
    ],
)
def test_url_that_fails(server, tmp_path, path, words):
    result = import_to(tmp_path / "c.cfg", server + path)
    assert result.returncode == 1
    assert server + path in result.stderr and words in result.stderr
    assert not (tmp_path / "c.cfg").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["catalogue"], ["catalogue", "export"], ["catalogue", "import"], ["catalogue", "import", "a", "b"],
     ["catalogue", "import", "--nonsense", "a"], ["--nonsense"], ["--config"]],
)
def test_wrong_usage(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert "--help" in result.stderr and result.stdout == ""


def test_help_and_version():
    assert "catalogue import" in run("--help").stdout
    assert "Examples:" in run("catalogue", "import", "--help").stdout
    assert re.fullmatch(r"r3ectl \d+\.\d+\.\d+\n", run("--version").stdout)
