"""Ports for programs that are told theirs.

A port that the system gives and that is closed again belongs to nobody until the program binds it: any connection that is
made meanwhile may get it. So these are below what the system gives, and each stays with the process that took it first.
"""

import pathlib
import random
import socket

FIRST, TRIES = 15000, 1000
RESERVED = []  # an abstract socket named after each port: nobody else on this machine can have the name while we live


def reserve(port):
    """Whether the port is ours from now on."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0r3e-test-port-{port}")
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        name.close()
        return False
    RESERVED.append(name)
    return True


def free_ports(count):
    """Ports that nobody listens to, nor gets by chance, nor is given by this function."""
    given = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = []
    for _ in range(TRIES):
        if len(ports) == count:
            return ports
        port = random.SystemRandom().randrange(FIRST, max(given, FIRST + TRIES))
        if reserve(port):
            ports.append(port)
    raise AssertionError(f"no {count} free ports between {FIRST} and {given}")


def free_port():
    return free_ports(1)[0]
