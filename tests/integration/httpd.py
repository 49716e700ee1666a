"""A running r3e-httpd, and raw HTTP to speak to it."""

import contextlib
import signal
import socket
import subprocess

STOP_TIMEOUT_S = 10


class Httpd:
    """A running r3e-httpd, spoken to by bare sockets: no client library may tidy up what a test sends."""

    def __init__(self, program, folder, *options):
        self.process = subprocess.Popen(
            [str(program), "--public", str(folder), "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.line = self.process.stdout.readline()
        assert self.line.startswith(f"serving {folder} on http://127.0.0.1:"), self.process.stderr.read()
        self.port = int(self.line.rstrip("/\n").rsplit(":", 1)[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def raw(self, request):
        """Sends bytes, returns all that comes back until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    answer += piece
        return answer

    def get(self, path, method="GET", **fields):
        """Returns (status, header fields in lower case, body)."""
        if isinstance(path, str):
            path = path.encode()
        lines = [method.encode() + b" " + path + b" HTTP/1.1", b"Host: localhost", b"Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in fields.items()]
        answer = self.raw(b"\r\n".join(lines) + b"\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *rest = head.decode("latin-1").split("\r\n")
        header = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        if header.get("transfer-encoding") == "chunked":
            body = join_chunks(body)
        return int(status.split()[1]), header, body

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=STOP_TIMEOUT_S)
        return self.process.returncode, errors


def join_chunks(body):
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return whole
        whole += body[:length]
        body = body[length + 2 :]
    raise AssertionError("the last chunk is missing")
