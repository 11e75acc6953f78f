"""Stands in for Attu where the real image is not to be had: one page that shows which address it was given and
whether a TCP connection to it works. It manages nothing.

Settings, as the real Attu names them: MILVUS_URL (Attu 2), MILVUS_ADDRESS (Attu 3), SERVER_PORT (3000 by default).
"""

import os
import signal
import socket
import sys
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MILVUS_PORT = 19530
CONNECT_SECONDS = 2
READ_BY = {"MILVUS_URL": "Attu 2", "MILVUS_ADDRESS": "Attu 3"}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Stand-in for Attu</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }}
td, th {{ text-align: left; padding: .2rem 1rem .2rem 0 }}</style>
<h1>This is not Attu</h1>
<p>It is a small page from the course lab that stands in for Attu. It manages nothing.
It shows the address this container was given, and whether it can connect there.</p>
<table>
<tr><th>variable<th>read by<th>value<th>TCP connection</tr>
{rows}
</table>
</html>
"""


def host_and_port(address: str) -> tuple[str, int]:
    """`http://standalone:19530/`, `standalone:19530` and `standalone` all name the same place. ValueError if none is named."""
    authority = address.strip().split("://")[-1].split("/")[0]
    host, colon, port = authority.rpartition(":")
    if not colon:
        host, port = authority, str(MILVUS_PORT)
    if not host:
        raise ValueError("no host name in it")
    return host.strip("[]"), int(port)


def connection(address: str) -> str:
    """What came of one attempt to connect, in words."""
    try:
        host, port = host_and_port(address)
    except ValueError as error:
        return f"not tried, this is no HOST:PORT ({error})"
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return f"works ({host} port {port})"
    except socket.gaierror:
        return f"fails: no such name: {host}"
    except TimeoutError:
        return f"fails: no answer from {host} port {port} in {CONNECT_SECONDS} s"
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"fails: {reason} ({host} port {port})"


def page() -> bytes:
    rows = []
    for variable, reader in READ_BY.items():
        address = os.environ.get(variable, "")
        value, outcome = (address, connection(address)) if address else ("not set", "not tried")
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}" for cell in (variable, reader, value, outcome)) + "</tr>")
    return PAGE.format(rows="\n".join(rows)).encode()


class Answer(BaseHTTPRequestHandler):
    server_version = "lab-attu"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/api/v1/healthy":
            self.answer("application/json", b'{"statusCode":200,"data":{"status":200}}')
        else:
            # Attu is a single-page application: every other path gives its page.
            self.answer("text/html; charset=utf-8", page())

    do_HEAD = do_GET

    def answer(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main() -> None:
    setting = os.environ.get("SERVER_PORT") or "3000"
    if not setting.isdecimal() or not 0 < int(setting) < 65536:
        raise SystemExit(f"SERVER_PORT is `{setting}`. Give a port number from 1 to 65535.")
    # As process 1 of a container nothing happens on SIGTERM unless somebody listens to it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = ThreadingHTTPServer(("", int(setting)), Answer)
    server.daemon_threads = True
    print(f"stand-in for Attu on port {setting}", flush=True)
    server.serve_forever()


main()
