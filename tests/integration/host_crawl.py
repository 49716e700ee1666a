"""A crawl over several hosts: coordinator and upstream at home, pools of workers with keys of their own elsewhere."""

import json
import os
import signal
import time

import zmq

import keys
from crawl import processes
from faulty_crawl import FaultyCrawl

JOBS_PORT, RESULTS_PORT, UPSTREAM_PORT = 5555, 5556, 8081
STOP_TIMEOUT_S = 20
PATIENCE_S = 60


class Pool:
    """`r3e-worker --pool` on a host, beyond the network."""

    def __init__(self, host, process, log_path):
        self.host, self.process, self.log_path = host, process, log_path

    def log(self):
        return self.log_path.read_text()

    def workers(self):
        """{pid: state} of those that live."""
        return {pid: state for pid, (_, parent, state) in processes().items() if parent == self.process.pid and state != "Z"}

    def stop(self):
        """Drained: returns its exit code when it has left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=STOP_TIMEOUT_S)


class HostCrawl(FaultyCrawl):
    """As FaultyCrawl, with the coordinator on the host `home`. Its workers are where `pool` starts them."""

    def __init__(self, build_dir, folder, home, keyring, catalogue, combinations):
        super().__init__(build_dir, folder, f"http://{home.address}:{UPSTREAM_PORT}", catalogue, folder / "requests.log",
                         combinations)
        self.worker_program = build_dir / "worker" / "r3e-worker"
        self.home, self.keyring = home, keyring
        self.pools = []
        self.events, self.trace_read = [], 0
        self.process = None
        self.settings |= {
            "workers.local": 0, "sockets.jobs": f"tcp://{home.address}:{JOBS_PORT}",
            "sockets.results": f"tcp://{home.address}:{RESULTS_PORT}",
            "security.server_key": keyring.secret("coordinator"), "security.authorized_keys": keyring.authorized}

    def start(self, *options):
        with open(self.log_path, "a") as log:
            self.process = self.home.popen(*self.command(*options), stderr=log, env=os.environ | self.environment)
        return self.process

    def pool(self, host, count, fault=None, once=True):
        """`fault` as R3E_FAULT, for each worker of the pool, or once in all of them."""
        if not self.keyring.secret(host.name).exists():
            self.keyring.make(host.name, "worker")
        environment = dict(self.environment)
        if fault:
            environment["R3E_FAULT"] = fault
        if fault and once:
            environment["R3E_FAULT_ONCE"] = str(self.folder / f"fault-on-{host.name}")
        path = self.folder / f"{host.name}-{len(self.pools)}.log"
        with open(path, "w") as log:
            process = host.popen(self.worker_program, "--connect", f"tcp://{self.home.address}:{JOBS_PORT}", "--pool", count,
                                 *self.keyring.options(host.name), stderr=log, env=os.environ | environment)
        self.pools.append(Pool(host, process, path))
        return self.pools[-1]

    # ---- what is going on ----

    def topic(self, topic, until=lambda message: True, patience_s=PATIENCE_S):
        """The first message of the status like this."""
        with zmq.Context.instance().socket(zmq.SUB) as socket:
            socket.linger = 0
            socket.connect(f"ipc://{self.folder}/store/status.sock")
            socket.subscribe(topic)
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline:
                assert self.process.poll() is None, self.log()
                if socket.poll(1000):
                    message = json.loads(socket.recv_multipart()[1])
                    if until(message):
                        return message
        raise AssertionError(f"no such {topic}; logs:\n" + self.logs())

    def summary(self, until=lambda summary: True, patience_s=PATIENCE_S):
        return self.topic("summary", until, patience_s)

    def workers_of(self, host):
        return [worker for worker in self.topic("worker")["workers"] if worker["host"] == host.name]

    def traced(self, event, **fields):
        """The events like this so far. Only what is new in the trace is read."""
        if self.trace.exists():
            with open(self.trace, "rb") as file:
                file.seek(self.trace_read)
                text = file.read()
            text = text[:text.rfind(b"\n") + 1]
            self.trace_read += len(text)
            self.events += map(json.loads, text.splitlines())
        return [line for line in self.events if line["event"] == event and
                all(line.get(name) == value for name, value in fields.items())]

    def wait(self, condition, what="it"):
        """Waits for a condition; the logs tell why it did not come about."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.02)  # the machine is for the others
        raise AssertionError(f"{what} did not come about; logs:\n" + self.logs())

    def wait_traced(self, event, **fields):
        return self.wait(lambda: self.traced(event, **fields), f"{event} {fields}")

    def logs(self):
        return "\n".join([self.log(), *(f"-- {pool.host.name}\n{pool.log()}" for pool in self.pools)])

    def ask(self, command):
        """An operator's command, on the coordinator's own host."""
        with zmq.Context.instance().socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect(f"ipc://{self.folder}/store/control.sock")
            answer = self.wait(lambda: keys.ask(socket, command=command), f"an answer to {command}")
            assert answer["ok"], answer

    # ---- the end ----

    def rest(self):
        """Waits until everything is fetched and published. No lease is stuck, no request taken for being under way."""
        summary = self.summary(lambda s: s["state"] == "waiting" and s["exports"] > 0 and s["refresh"]["kind"] == "none" and
                               s["leased"] == 0 and s["in_flight"] == 0)
        assert summary["oldest_lease_ms"] == 0 and summary["missing"] == 0 and summary["quarantined"] == 0, summary
        return summary

    def end(self):
        """Ends all that runs, in good order."""
        for pool in self.pools:
            assert pool.stop() in (0, -signal.SIGKILL), pool.log()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=STOP_TIMEOUT_S) == 0, self.log()
