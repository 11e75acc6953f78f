"""The app: needs data in form 1, and Milvus. It looks once as it starts, and does not wait."""

import http.server
import json
import os
import signal
import sys
import urllib.request

import store

MILVUS = os.environ.get("MILVUS_HEALTH", "http://standalone:9091/healthz")


def schema():
    """The form of the data."""
    try:
        return store.ask("GET", "app:schema") or "none"
    except OSError as error:
        return f"no answer from Redis: {error}"


def milvus():
    """What Milvus says of itself."""
    try:
        with urllib.request.urlopen(MILVUS, timeout=3) as answer:
            return answer.read().decode().strip()
    except OSError as error:
        return f"no answer: {error}"


class Page(http.server.BaseHTTPRequestHandler):
    """One page: what the app sees of what it needs. Status 503 where something is missing."""

    def do_GET(self):
        seen = {"schema": schema(), "milvus": milvus()}
        complete = seen == {"schema": "1", "milvus": "OK"}
        body = json.dumps(seen).encode() + b"\n"
        self.send_response(200 if complete else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The probe asks every other second; that needs no line each."""


if (form := schema()) != "1":
    sys.exit(f"cannot start: the data have to be in form 1, and their form is: {form}")
if (said := milvus()) != "OK":
    sys.exit(f"cannot start: Milvus is not ready, and says: {said}")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # Without it `stop` would have to kill it.
print("all there, serving on port 8000")
http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
