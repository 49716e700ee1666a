"""A tcp proxy that misbehaves when it is told to: what tc-netem would do to packets it does to bytes.

    faulty_proxy.py PORT…

For a router whose routes lead packets for others to itself: it takes connections to these ports of any address
(IP_TRANSPARENT) and connects to the address that was meant. Commands are lines of standard input, each answered by `ok` and
the number of resets so far; it ends when there are no more.

    delay MS             every byte arrives so much later, each way, from now on
    stall                nothing moves any more, nothing is closed either
    go                   … and goes on
    reset PORT BYTES N   connections to this port are reset as soon as their client has sent so many bytes, N times
    cut PORT…            all connections to these ports are reset now
    count                nothing
"""

import asyncio
import contextlib
import socket
import struct
import sys

PIECE = 65536
PIECES_MOST = 64  # on their way in a direction: then the sender has to wait


class Faults:
    def __init__(self):
        self.delay_s = 0
        self.moving = asyncio.Event()
        self.moving.set()
        self.resets = {}  # port: (bytes, connections)
        self.done = 0
        self.connections = set()

    def obey(self, command, *numbers):
        numbers = list(map(int, numbers))
        if command == "delay":
            self.delay_s = numbers[0] / 1000
        elif command == "stall":
            self.moving.clear()
        elif command == "go":
            self.moving.set()
        elif command == "reset":
            self.resets[numbers[0]] = numbers[1:]
        elif command == "cut":
            for connection in [one for one in self.connections if one.port in numbers]:
                connection.reset()
        elif command != "count":
            raise ValueError(command)

    def take_reset(self, port, sent, more):
        """How many of the next bytes to this port may still pass before a reset; None: all, and there is none."""
        size, left = self.resets.get(port, (0, 0))
        if left == 0 or not sent < size <= sent + more:
            return None
        self.resets[port] = (size, left - 1)
        self.done += 1
        return size - sent


class Connection:
    """Two sockets, and a task for each half of each way: reading, and writing when it is time."""

    def __init__(self, faults, client, server, port):
        self.faults = faults
        self.client, self.server, self.port = client, server, port
        self.sent = 0  # to the server
        self.tasks = []

    async def read(self, source, queue):
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(source, PIECE):
                await queue.put((loop.time() + self.faults.delay_s, data))
        except OSError:
            self.reset()
        await queue.put((0, b""))

    async def write(self, target, queue):
        loop = asyncio.get_running_loop()
        try:
            while True:
                when, data = await queue.get()
                await asyncio.sleep(max(0, when - loop.time()))
                await self.faults.moving.wait()
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                last = None
                if target is self.server:
                    last = self.faults.take_reset(self.port, self.sent, len(data))
                    self.sent += len(data)
                await loop.sock_sendall(target, data[:last])
                if last is not None:
                    self.reset()
        except OSError:
            self.reset()

    def reset(self):
        """Both ends are told so rudely."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for task in self.tasks:
            task.cancel()

    async def run(self):
        ways = [(self.client, self.server, asyncio.Queue(PIECES_MOST)), (self.server, self.client, asyncio.Queue(PIECES_MOST))]
        for source, target, queue in ways:
            self.tasks.append(asyncio.create_task(self.read(source, queue)))
            self.tasks.append(asyncio.create_task(self.write(target, queue)))
        self.faults.connections.add(self)
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.faults.connections.discard(self)
        self.client.close()
        self.server.close()


async def carry(faults, client):
    loop = asyncio.get_running_loop()
    address, port = client.getsockname()
    server = socket.socket()
    server.setblocking(False)
    try:
        await loop.sock_connect(server, (address, port))
    except OSError:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        server.close()
        return
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await Connection(faults, client, server, port).run()


async def serve(faults, port):
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_IP, getattr(socket, "IP_TRANSPARENT", 19), 1)
    listening.bind(("0.0.0.0", port))
    listening.listen(128)
    listening.setblocking(False)
    return asyncio.create_task(accept(faults, listening))


async def accept(faults, listening):
    loop = asyncio.get_running_loop()
    running = set()
    while True:
        client, _ = await loop.sock_accept(listening)
        client.setblocking(False)
        task = asyncio.create_task(carry(faults, client))
        running.add(task)
        task.add_done_callback(running.discard)


async def main():
    loop = asyncio.get_running_loop()
    faults = Faults()
    listening = [await serve(faults, int(port)) for port in sys.argv[1:]]
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        faults.obey(*line.split())
        print("ok", faults.done, flush=True)
    for task in listening:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
