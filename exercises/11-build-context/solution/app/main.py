"""Answers with the files that lie in its image, and with its README. Needs nothing but Python."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Read when the program starts: without it there is no program.
with open(os.path.join(HOME, "README.md"), encoding="utf-8") as file:
    README = file.read()


def files():
    found = []
    for folder, _, names in os.walk(HOME):
        found += [os.path.relpath(os.path.join(folder, name), HOME) for name in names]
    return sorted(found)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/files":
            body = json.dumps(files())
        elif self.path == "/health":
            body = json.dumps({"status": "ok", "readme": len(README)})
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words):
        pass


if __name__ == "__main__":
    print("listening at port 8000", flush=True)
    ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
