"""Runs a command in a world of its own where https://game.raceroom.com is the stand-in: own network, names, certificates.

    unshare -m -n live_world.py (trusted|untrusted) FOLDER UPSTREAM CATALOGUE COMMAND…

Inside there is only a loopback. The certificate is made in FOLDER, and one that the system trusts if it is to be `trusted`;
the stand-in writes requests.log there too. Exits with the command's code; a signal is the command's business, which is in
the same process group.
"""

import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading

HOST = "game.raceroom.com"
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


def make_certificate(folder):
    """A root certificate that is a server's too: whoever trusts it trusts the server. Returns it and its key."""
    certificate, key = folder / "server.crt", folder / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key),
                    "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def replace(path, content, folder):
    """Gives everything in this world another file at `path`."""
    other = folder / path.name
    other.write_text(content)
    subprocess.run(["mount", "--bind", str(other), str(path)], check=True)


def carry(source, target):
    """Everything that comes, until there is no more."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def relay(listening, context, port):
    """Speaks TLS to the outside and passes it on in the clear."""
    while True:
        raw, _ = listening.accept()
        try:
            outside = context.wrap_socket(raw, server_side=True)
        except OSError:
            continue  # somebody who does not trust us
        inside = socket.create_connection(("127.0.0.1", port))
        for pair in ((outside, inside), (inside, outside)):
            threading.Thread(target=carry, args=pair, daemon=True).start()


def main():
    trusted, folder, upstream, catalogue, *command = sys.argv[1:]
    folder = pathlib.Path(folder)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    certificate, key = make_certificate(folder)
    if trusted == "trusted":
        replace(AUTHORITIES, AUTHORITIES.read_text() + certificate.read_text(), folder)
    replace(pathlib.Path("/etc/hosts"), f"127.0.0.1 localhost {HOST}\n", folder)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    service = subprocess.Popen([upstream, "--catalogue", catalogue, "--log", str(folder / "requests.log")],
                               stdout=subprocess.PIPE, text=True)
    port = int(service.stdout.readline().rsplit(":", 1)[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = socket.create_server(("127.0.0.1", 443))
    threading.Thread(target=relay, args=(listening, context, port), daemon=True).start()
    done = subprocess.run(command, check=False, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    service.kill()
    service.wait()
    return done.returncode


if __name__ == "__main__":
    os._exit(main())
