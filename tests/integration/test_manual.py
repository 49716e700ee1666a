"""The manual pages know every option that the programs' --help names; r3ectl's, and the completions of three shells, every command too."""

import pathlib
import re
import shutil
import subprocess

import pytest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
PROGRAMS = {"r3e-coordinator": "coordinator", "r3e-exporter": "exporter", "r3e-httpd": "exporter/httpd", "r3e-worker": "worker"}
PAGE = DEPLOY / "man" / "r3ectl.1"
COMPLETIONS = DEPLOY / "completions"


@pytest.fixture(scope="module")
def options(build_dir):
    """{command: its long options}, as --help says; '': those in front of a command."""
    program = build_dir / "coordinator" / "ctl" / "r3ectl"

    def help_of(*command):
        return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True, timeout=20).stdout

    def long_options(text):
        return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M)) | set(re.findall(r", (--[a-z-]+) FILE  ", text))

    text = help_of()
    commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", text.partition("Commands:\n")[2].partition("\nOptions:")[0], re.M)
    assert len(commands) >= 17 and "catalogue import" in commands
    found = {command: long_options(help_of(*command.split())) for command in commands}
    assert all(found[command] for command in commands)
    return found | {"": long_options(text)}


@pytest.fixture(scope="module")
def kinds():
    header = (DEPLOY.parent / "coordinator" / "events.h").read_text()
    return set(re.findall(r'X\(EVENT_\w+, "(\w+)"', header))


def need(program):
    if not shutil.which(program):
        pytest.fail(f"{program} is not installed; deploy/install-deps --test installs it")


def test_the_page_is_sound():
    need("mandoc")
    for page in (DEPLOY / "man").glob("*.1"):
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True, text=True, timeout=20)
        assert (done.returncode, done.stdout) == (0, "")
        need("man")
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l", page], capture_output=True, text=True,
                              timeout=20, env={"LC_ALL": "C.UTF-8", "MANWIDTH": "80", "PATH": "/usr/bin:/bin"})
        assert (done.returncode, done.stderr) == (0, "")


def test_every_program_has_a_page():
    assert {page.stem for page in (DEPLOY / "man").glob("*.1")} == {"r3ectl", *PROGRAMS}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_page_has_the_options_of_its_program_and_no_others(build_dir, name):
    need("mandoc")
    program = build_dir / PROGRAMS[name] / name
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True, timeout=20).stdout
    wanted = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M)) | {"--help", "--version"}
    page = subprocess.run(["mandoc", "-Tascii", "-O", "width=200", DEPLOY / "man" / f"{name}.1"], capture_output=True, text=True,
                          check=True).stdout
    page = re.sub(r".\x08", "", page).partition("DESCRIPTION")[2].partition("EXAMPLES")[0]
    described = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", page, re.M))
    assert described == wanted and len(wanted) > 4
    letters = re.findall(r"^ +(-\w), --", text, re.M)
    assert sorted(re.findall(r"^ +(-\w), --", page, re.M)) == sorted(letters)


def test_the_page_has_every_command_and_option(options):
    need("mandoc")
    text = subprocess.run(["mandoc", "-Tascii", "-O", "width=200", PAGE], capture_output=True, text=True, check=True).stdout
    text = re.sub(r".\x08", "", text)  # bold is overstruck
    shared = options[""] | {"--config", "--connect", "--json"}
    for command, wanted in options.items():
        section = text if not command else re.split(rf"^     {command}\b", text, flags=re.M)[1]
        section = re.split(r"^     [a-z]|^[A-Z]|^   [A-Z]", section, flags=re.M)[0] if command else text
        missing = {option for option in wanted - shared if not re.search(rf"{option}\b", section)}
        assert missing == set(), command
    assert all(option in text for option in shared)


# ---- completions ----


def in_bash(*words):
    """What bash would offer for the last word."""
    script = f"""
        source '{COMPLETIONS}/r3ectl.bash'
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _r3ectl; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", "r3ectl", *words], capture_output=True, text=True, check=True,
                          timeout=20)
    return set(done.stdout.split())


def in_fish(*words):
    need("fish")
    line = " ".join(["r3ectl", *words])
    script = f"source '{COMPLETIONS}/r3ectl.fish'; complete -C '{line}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True, timeout=20)
    return {entry.split("\t")[0] for entry in done.stdout.splitlines()}


@pytest.mark.parametrize("shell", [in_bash, in_fish])
def test_completions(shell, options, kinds):
    assert shell("") >= {command.split()[0] for command in options if command}
    assert shell("re") == {"refresh", "resume", "release"}
    assert shell("catalogue", "") >= {"import"}
    assert shell("--") >= options[""]
    for command, wanted in options.items():
        if command:
            assert shell(*command.split(), "--") >= wanted, command
    assert shell("events", "--kind", "") >= kinds
    assert shell("--config", "/etc", "st") == {"status"}
    assert shell("-c", "/etc", "events", "--fo") == {"--follow"}


def test_zsh_completion(options, kinds):
    need("zsh")
    path = COMPLETIONS / "_r3ectl"
    subprocess.run(["zsh", "-n", path], check=True, timeout=20)
    text = path.read_text()
    for command, wanted in options.items():
        first = command.split()[0] if command else ""
        assert not first or f"'{first}:" in text
        section = text if not first else re.split(rf"^    {first}\)$", text, flags=re.M)[1].partition(";;")[0]
        if "$where" in section:
            section += text.partition("local -a where=(")[2].partition("\n    )\n")[0]
        assert {option for option in wanted if not re.search(rf"{option}\b", section)} == set(), command
    assert all(kind in text for kind in kinds)


def test_zsh_offers_them(tmp_path):
    """In a real zsh, on a pseudo-terminal of its own."""
    need("zsh")
    script = f"""
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "fpath=({COMPLETIONS} \\$fpath); autoload -U compinit; compinit -u -d {tmp_path}/dump; LISTMAX=1000; stty columns 200"
        zpty -w shell 'print REA''DY'
        zpty -r -m shell line '*READY*' || exit 1
        zpty -w -n shell $'r3ectl watch --l\\t'
        zpty -r -m shell line '*--line*' || exit 1
        zpty -w -n shell $'\\x15r3ectl cata\\t'
        zpty -r -m shell line '*catalogue*' || exit 1
        zpty -d shell
    """
    done = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
