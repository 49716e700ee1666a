"""Hosts with networks of their own, joined by cables to one router: what a test needs to pull, cut and delay.

    router ── veth ── each Host: 10.77.N.2, and everything beyond its cable by way of 10.77.N.1

Every host is a network namespace (and a host name) that lives as long as the process that holds it, which ends with the
test's own process: nothing is left behind however a test ends. Needs root, or whatever may make namespaces; `missing()` says
what is not there.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

STOP_TIMEOUT_S = 10
PROXY_TABLE = 100  # of the router: packets of a host whose way leads through a proxy


def missing():
    """Why there can be no hosts here; "" if there can."""
    for program in ("ip", "unshare", "nsenter"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed"
    tried = subprocess.run(["unshare", "--net", "--uts", "sh", "-c", "ip link add left type veth peer name right && "
                            "ip rule add iif left blackhole && echo 1 > /proc/sys/net/ipv4/ip_forward"],
                           capture_output=True, text=True)
    return f"network namespaces are not permitted: {tried.stderr.strip()}" if tried.returncode else ""


class Host:
    """A network namespace. `popen` starts programs in it, `close` ends them and it."""

    def __init__(self, name):
        self.name = name
        self.started = []
        self.holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", f"hostname {name} && exec cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        print("there", file=self.holder.stdin, flush=True)
        assert self.holder.stdout.readline() == "there\n"
        self.ip("link set lo up")

    def inside(self, *command):
        """A command as it has to be called from outside; it keeps its process id."""
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--uts", *map(str, command)]

    def ip(self, *lines):
        """Gives these commands to ip(8)."""
        done = subprocess.run(self.inside("ip", "-batch", "-"), input="\n".join(lines), capture_output=True, text=True)
        assert done.returncode == 0, f"{lines}: {done.stderr}"

    def popen(self, *command, **options):
        """A program that is the head of a process group; whoever wants less than `kill` asks the process itself."""
        self.started.append(subprocess.Popen(self.inside(*command), start_new_session=True, **options))
        return self.started[-1]

    def kill(self):
        """Everything that runs here ends at once, as in a power cut; what its kernel says to others is another matter."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.started:
            process.wait(timeout=STOP_TIMEOUT_S)

    def close(self):
        self.kill()
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait(timeout=STOP_TIMEOUT_S)


class Network:
    """A router and the hosts on its cables."""

    def __init__(self):
        self.router = Host("router")
        self.hosts = {}  # Host: number of its cable
        self.proxies = []
        self.run_in_router("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def run_in_router(self, *command):
        subprocess.run(self.router.inside(*command), check=True)

    def add(self, name):
        """A new host on a cable of its own."""
        host = Host(name)
        number = len(self.hosts) + 1
        self.hosts[host] = number
        self.router.ip(f"link add {self.port(host)} type veth peer name cable netns {host.holder.pid}",
                       f"address add 10.77.{number}.1/24 dev {self.port(host)}", f"link set {self.port(host)} up")
        host.address = f"10.77.{number}.2"
        host.ip(f"address add {host.address}/24 dev cable", "link set cable up", f"route add default via 10.77.{number}.1")
        return host

    def port(self, host):
        """The name of the router's end of a host's cable."""
        return f"port{self.hosts[host]}"

    def pull(self, host):
        """The cable is out: the host sees it (no carrier), those beyond do not."""
        self.router.ip(f"link set {self.port(host)} down")

    def plug(self, host):
        self.router.ip(f"link set {self.port(host)} up")

    def swallow(self, host):
        """Packets from and to this host vanish, and nobody is told: no carrier lost, no ICMP, no RST."""
        self.router.ip(f"rule add pref 10 iif {self.port(host)} blackhole", f"rule add pref 11 to {host.address} blackhole")

    def spit_out(self, host):
        self.router.ip(f"rule delete pref 10 iif {self.port(host)}", f"rule delete pref 11 to {host.address}")

    def put_proxy(self, host, *ports):
        """Whatever this host says to these tcp ports goes through a Proxy from now on; to other ports, nowhere."""
        proxy = Proxy(self.router, ports)
        self.proxies.append(proxy)
        self.router.ip(f"rule add pref 20 iif {self.port(host)} lookup {PROXY_TABLE}",
                       f"route replace local default dev lo table {PROXY_TABLE}")
        return proxy

    def close(self):
        for host in (*self.hosts, self.router):
            host.close()
        for proxy in self.proxies:
            proxy.process.stdin.close()
            proxy.process.stdout.close()


class Proxy:
    """A running faulty_proxy.py: `tell` gives it a command and returns when that is in force, with what it answers."""

    def __init__(self, router, ports):
        program = os.path.join(os.path.dirname(__file__), "faulty_proxy.py")
        self.process = router.popen(sys.executable, program, *ports, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def tell(self, *command):
        print(*command, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        assert answer and answer[0] == "ok", answer
        return int(answer[1])
