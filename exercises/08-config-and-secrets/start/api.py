"""The shop's API. Whatever differs from one machine to the next, it takes from its environment."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pg8000.native


def setting(name, default=""):
    """The content of the file that NAME_FILE names, or else the value of NAME."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        with open(path) as file:
            return file.read().strip()
    return os.environ.get(name, default)


def database():
    """How the login went: `ok`, or the reason why not."""
    try:
        pg8000.native.Connection(
            host=setting("DB_HOST", "localhost"),
            port=int(setting("DB_PORT", "5432")),
            database=setting("DB_NAME"),
            user=setting("DB_USER"),
            password=setting("DB_PASSWORD"),
            timeout=3,
        ).close()
    except Exception as error:
        words = error.args[0] if error.args else error
        return words["M"] if isinstance(words, dict) else str(error)
    return "ok"


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            state = database()
            self.answer(200 if state == "ok" else 503, {"database": state})
        else:
            self.answer(200, {"title": setting("SHOP_TITLE")})

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        # For pages that a browser has loaded from elsewhere: the browser asks whether they may read this answer.
        self.send_header("Access-Control-Allow-Origin", setting("CORS_ORIGINS"))
        self.end_headers()
        self.wfile.write(json.dumps(body).encode() + b"\n")

    def log_message(self, *_):
        """Says nothing of each request."""


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
port = int(setting("PORT", "8000"))
print(f"listening on port {port}", flush=True)
ThreadingHTTPServer(("", port), Shop).serve_forever()
