"""A small shop. It counts its visitors in Redis, and says at /health whether Redis answers."""

import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8000
REDIS = (os.environ["REDIS_HOST"], 6379)
PASSWORD = os.environ["REDIS_PASSWORD"]


def ask_redis(*command):
    """The answer of Redis to one command, without the signs around it."""
    with socket.create_connection(REDIS, timeout=1) as connection:
        for words in (["AUTH", PASSWORD], command):
            parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(f"*{len(words)}\r\n{parts}".encode())
            answer = connection.recv(200).decode().strip()
            if answer.startswith("-"):
                raise ConnectionError(answer)
    return answer.lstrip("+:")


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.answer(200, f"The shop is open. Visitor number {self.count()}.")
        elif self.path == "/health":
            self.health()
        else:
            self.answer(404, "There is no such page.")

    def do_POST(self):
        # For the drill: a program that ends by itself, as a crash does.
        if self.path == "/crash":
            self.answer(200, "Goodbye.")
            threading.Timer(1, os._exit, [1]).start()

    def count(self):
        try:
            return ask_redis("INCR", "visitors")
        except OSError:
            return "unknown"

    def health(self):
        try:
            self.answer(200, ask_redis("PING"))
        except OSError as error:
            self.answer(503, f"Redis does not answer: {error}")

    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(f"{text}\n".encode())

    def log_message(self, format, *arguments):
        """A health check every few seconds would fill the log."""


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
# It loads its catalogue first, as programs with something large to read do.
time.sleep(float(os.environ.get("WARM_UP_SECONDS", "0")))
print(f"the shop listens on port {PORT}", flush=True)
ThreadingHTTPServer(("", PORT), Shop).serve_forever()
