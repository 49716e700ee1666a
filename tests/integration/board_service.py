"""A leaderboard service that serves boards given by the test, without faults; the stand-in makes up its own."""

import contextlib
import http.server
import json
import threading
import urllib.parse


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def superclasses_text(superclasses):
    """The list in a catalogue file, of {name: [class id, …]}."""
    groups = (f"{{ name = {quoted(name)}; classes = [{', '.join(map(str, sorted(set(ids))))}]; }}"
              for name, ids in superclasses.items())  # fmt: skip
    return f"superclasses = ({', '.join(groups)});\n"


def catalogue_text(boards, classes, superclasses):
    """The catalogue file of these boards; the classes are {id: name}."""

    def items(names):
        return ", ".join(f"{{ id = {number}; name = {quoted(name)}; }}" for number, name in sorted(names.items()))

    tracks = {int(board["track_id"]): board["track_name"] for board in boards}
    return f"tracks = ({items(tracks)});\nclasses = ({items(classes)});\n{superclasses_text(superclasses)}"


class Service:
    """`url` is its address; boards can be exchanged while it runs."""

    def __init__(self, boards):
        self.results = {}
        self.put(*boards)

    def put(self, *boards):
        self.results |= {(str(board["track_id"]), f"class-{board['class_id']}"): board["results"] for board in boards}

    def page(self, track, car_class, start, count):
        results = self.results.get((track, car_class), [])[int(start) : int(start) + int(count)]
        return json.dumps({"context": {"c": {"results": results}}}).encode()


@contextlib.contextmanager
def serving(boards):
    """A running Service of these boards."""
    service = Service(boards)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            body = service.page(*(query[name][0] for name in ("track", "car_class", "start", "count")))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
