"""Keys made by r3ectl keygen, a coordinator that wants them, and peers that have them."""

import json
import os
import shutil
import subprocess

import zmq

from fake_worker import Coordinator, Worker
from ports import free_ports

SOCKETS = ("jobs", "results", "status", "control")


class Keyring:
    """A folder of key pairs, and beside it the folder of those that are authorized."""

    def __init__(self, build_dir, folder):
        self.program = build_dir / "coordinator" / "ctl" / "r3ectl"
        self.folder = folder / "keys"
        self.authorized = folder / "authorized"
        self.folder.mkdir()
        self.authorized.mkdir(mode=0o755)
        self.make("coordinator")

    def make(self, name, rights=None, authorize=True):
        command = [self.program, "keygen", name, "--directory", self.folder]
        subprocess.run(command + (["--rights", rights] if rights else []), check=True, capture_output=True)
        if rights and authorize:
            self.authorize(name)
        return self

    def authorize(self, name):
        """As careful people do: the file appears whole."""
        partial = self.authorized / f".{name}"
        shutil.copy(self.public(name), partial)
        os.replace(partial, self.authorized / f"{name}.pub")

    def withdraw(self, name):
        (self.authorized / f"{name}.pub").unlink()

    def secret(self, name):
        return self.folder / f"{name}.key"

    def public(self, name):
        return self.folder / f"{name}.pub"

    def fields(self, name):
        lines = self.secret(name).read_text().splitlines()
        return dict(line.split(" = ", 1) for line in lines if not line.startswith("#"))

    def options(self, name, server="coordinator"):
        """For r3e-worker and r3ectl."""
        return ["--key", str(self.secret(name)), "--server-key", str(self.public(server))]

    def use(self, peer, name, server="coordinator"):
        """Gives a Python socket the key of that name."""
        own = self.fields(name)
        peer.curve_publickey = own["public_key"].encode()
        peer.curve_secretkey = own["secret_key"].encode()
        peer.curve_serverkey = self.fields(server)["public_key"].encode()


class LockedCoordinator(Coordinator):
    """A coordinator whose four sockets are tcp ones with keys, and ipc ones for this host."""

    def __init__(self, build_dir, folder, keyring=None, settings=(), **options):
        self.keyring = keyring or Keyring(build_dir, folder)
        self.ports = dict(zip(SOCKETS, free_ports(len(SOCKETS))))
        self.workers = []
        self.opened = []
        super().__init__(build_dir, folder, settings=[*self.own_settings(), *settings], **options)

    def own_settings(self):
        return [*(f"sockets.{name}={self.tcp(name)}" for name in SOCKETS),
                f"security.server_key={self.keyring.secret('coordinator')}",
                f"security.authorized_keys={self.keyring.authorized}"]

    def tcp(self, name):
        return f"tcp://127.0.0.1:{self.ports[name]}"

    def connect(self, kind, name, key=None, server="coordinator"):
        """A Python socket connected to one of the tcp sockets."""
        peer = zmq.Context.instance().socket(kind)
        peer.linger = 0
        if key:
            self.keyring.use(peer, key, server)
        peer.connect(self.tcp(name))
        self.opened.append(peer)
        return peer

    def worker(self, key, **options):
        self.workers.append(KeyWorker(self, key, **options))
        return self.workers[-1]

    def refused(self, **wanted):
        """Waits until the status names a refused peer like this; returns its entry."""
        def matches(entry):
            return all(text in str(entry[field]) for field, text in wanted.items())

        summary = self.summary(lambda summary: any(map(matches, summary["last_refused"])))
        return next(filter(matches, summary["last_refused"]))

    def close(self):
        for worker in self.workers:
            worker.close()
        for peer in self.opened:
            peer.close()
        assert self.stop() == 0, self.log()


class KeyWorker(Worker):
    """A worker of the test's own that comes over tcp with a key."""

    def __init__(self, coordinator, key, pid=None, hello=True):
        self.locked, self.key = coordinator, key
        super().__init__(coordinator, pid=pid, hello=False)
        self.jobs.close()
        self.jobs = coordinator.connect(zmq.DEALER, "jobs", key)
        if hello:
            self.say_hello()

    def say_hello(self, **options):
        if self.results is None:
            self.results = self.locked.connect(zmq.PUSH, "results", self.key)
            self.results.linger = 0
        return super().say_hello(**options)


def ask(peer, **request):
    """Sends a control request over a DEALER and returns the answer, None if none comes."""
    peer.send(json.dumps({"v": 1, "type": "command", **request}).encode())
    return json.loads(peer.recv()) if peer.poll(2000) else None


def lock(crawl, keyring):
    """Has a crawl's coordinator listen on tcp sockets with keys, without local workers; returns the ports."""
    ports = dict(zip(SOCKETS, free_ports(len(SOCKETS))))
    crawl.settings.update({f"sockets.{name}": f"tcp://127.0.0.1:{port}" for name, port in ports.items()})
    crawl.settings.update({"security.server_key": keyring.secret("coordinator"),
                           "security.authorized_keys": keyring.authorized, "workers.local": 0})
    return ports
