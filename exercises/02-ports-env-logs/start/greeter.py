"""A small web server. It answers with the greeting in APP_GREETING and notes every request.

This file is complete: there is nothing to change in it.
"""

import os
import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8000


class Greeter(BaseHTTPRequestHandler):
    def do_GET(self):
        greeting = os.environ.get("APP_GREETING") or "(nothing)"
        found = self.path == "/"
        body = f"APP_GREETING is: {greeting}\n" if found else "There is only one page, /\n"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_request(self, code="-", size="-"):
        print(f"{self.command} {self.path} {int(code)}")


# `docker compose stop` asks with this signal. There is nothing to finish first.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

# 0.0.0.0 is every address of the container, so that requests from outside it are heard.
server = ThreadingHTTPServer(("0.0.0.0", PORT), Greeter)
print(f"greeter listens on port {PORT}")
server.serve_forever()
