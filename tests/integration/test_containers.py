"""The container files fit together and fit the programs: what they name is there. No daemon is needed."""

import re
import shlex
import subprocess

import pytest

from conftest import ROOT

yaml = pytest.importorskip("yaml")

FOLDERS = {"r3e-coordinator": "coordinator", "r3e-worker": "worker", "r3e-exporter": "exporter", "r3e-httpd": "exporter/httpd",
           "r3ectl": "coordinator/ctl"}
NOT_FOR_AN_IMAGE = {"ninja-build", "libcmocka-dev", "ca-certificates"}  # comes with meson; for tests; in the other stage


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "deploy" / "container" / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def cluster():
    return list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "r3e-leaderboard.yaml").read_text()))


@pytest.fixture(scope="module")
def check_command(plain_build_dir):
    """A function that looks whether a command line is one that our programs take."""
    printed = subprocess.run([plain_build_dir / "coordinator" / "r3e-coordinator", "--print-config"], capture_output=True,
                             text=True, check=True).stdout
    keys, group = set(), ""
    for line in printed.splitlines():
        if found := re.match(r"(\w+) : \{", line):
            group = found.group(1)
        elif found := re.match(r"    (\w+) = ", line):
            keys.add(f"{group}.{found.group(1)}")

    def check(words):
        program = words[0]
        told = subprocess.run([plain_build_dir / FOLDERS[program] / program, "--help"], capture_output=True, text=True,
                              check=True).stdout
        for word in words[1:]:
            assert not word.startswith("--") or word in told, f"{program} has no {word}"
        for option, value in zip(words, words[1:]):
            assert option != "--set" or value.partition("=")[0] in keys, f"there is no {value}"

    return check


def test_compose(compose, check_command):
    services, volumes = compose["services"], set(compose["volumes"])
    for name, service in services.items():
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= volumes, name
        assert set(service.get("depends_on", [])) <= set(services), name
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        if "entrypoint" not in service:
            check_command(service["command"])
    address = next(word for word in services["worker"]["command"] if word.startswith("tcp://"))
    assert re.fullmatch(r"tcp://(\w+):(\d+)", address).group(1) in services
    for line in services["keys"]["command"][0].splitlines():
        for command in re.findall(r"r3ectl .*", line):
            assert shlex.split(command)[1] == "keygen"


def pods(cluster):
    return [(item, item["spec"]["template"]) for item in cluster if item["kind"] in ("StatefulSet", "Deployment")]


def test_kubernetes_names_what_is_there(cluster, check_command):
    names = {(item["kind"], item["metadata"]["name"]) for item in cluster}
    assert len(names) == len(cluster)
    for item, pod in pods(cluster):
        assert item["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in item["spec"].get("volumeClaimTemplates", [])}
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            assert container["resources"]["limits"]["memory"] and container["securityContext"]["readOnlyRootFilesystem"]
        for container in pod["spec"]["containers"]:
            check_command(container["command"] + container["args"])
            ports = {port["name"] for port in container.get("ports", [])}
            probes = [container[probe] for probe in ("livenessProbe", "readinessProbe") if probe in container]
            assert {probe["httpGet"]["port"] for probe in probes} <= ports
    for item in cluster:
        if item["kind"] == "HorizontalPodAutoscaler":
            target = item["spec"]["scaleTargetRef"]
            assert (target["kind"], target["name"]) in names
            assert item["spec"]["minReplicas"] <= item["spec"]["maxReplicas"]
        if item["kind"] == "Service":
            wanted = item["spec"]["selector"].items()
            chosen = [pod for _, pod in pods(cluster) if wanted <= pod["metadata"]["labels"].items()]
            ports = {port["name"] for pod in chosen for container in pod["spec"]["containers"]
                     for port in container["ports"]}
            assert {port["targetPort"] for port in item["spec"]["ports"]} <= ports


def test_the_store_has_one_writer(cluster):
    [store] = [item for item in cluster if item["kind"] == "StatefulSet"]
    assert store["spec"]["replicas"] == 1


def dockerfile():
    text = (ROOT / "deploy" / "container" / "Dockerfile").read_text()
    return re.sub(r"\\\n", " ", text)


def packages_of(stage):
    return set(re.search(r"--no-install-recommends\s+(.*?)&&", stage).group(1).split())


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def packages_of_files(paths):
    """{path: the package that it is of}; one of the two ways to a library's file is in its package's list. All at once:
    dpkg reads the lists of all packages each time."""
    ways = {way: path for path in paths for way in (path, path.removeprefix("/usr"), "/usr" + path)}
    found = subprocess.run(["dpkg", "-S", *ways], capture_output=True, text=True)  # fails, as not all are listed
    lines = (line.rpartition(": ") for line in found.stdout.splitlines())
    return {ways[way]: names.partition(":")[0] for names, _, way in lines if way in ways}


@pytest.mark.slow
def test_the_image_has_what_the_programs_need(plain_build_dir):
    """Its second stage names the package of every library that they are linked with."""
    programs = [plain_build_dir / folder / program for program, folder in FOLDERS.items()]
    paths = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", *programs)))
    libraries = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", *programs)))
    ours = [name for name in libraries if not name.startswith(("libc.", "libm.", "libpthread", "ld-linux"))]
    packages = packages_of(dockerfile().split("FROM ")[2])
    assert len(ours) > 5
    found = packages_of_files({paths[name] for name in ours})
    assert [name for name in ours if found.get(paths[name]) not in packages] == []


def test_the_image_is_built_with_what_building_needs():
    text = (ROOT / "deploy" / "install-deps").read_text()
    needs = re.search(r"build_needs='\n(.*?)'", text, flags=re.DOTALL).group(1)
    packages = packages_of(dockerfile().split("FROM ")[1])
    for line in needs.splitlines():
        names = set(line.split()[0].split("|"))
        assert names & packages or names <= NOT_FOR_AN_IMAGE, line


def test_what_the_image_copies_is_there():
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(), flags=re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
