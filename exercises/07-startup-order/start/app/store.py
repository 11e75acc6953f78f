"""Talks to Redis. Its protocol is short enough to need no library."""

import os
import socket

ADDRESS = (os.environ.get("REDIS_HOST", "redis"), 6379)


def ask(*words):
    """Sends one command, and gives back its answer as text; None where Redis has no value."""
    request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    with socket.create_connection(ADDRESS, timeout=3) as connection:
        connection.sendall(request.encode())
        answer = connection.makefile("rb")
        first = answer.readline().decode().strip()
        if first.startswith("-"):
            raise OSError(f"Redis answers {first[1:]}")
        if first.startswith("$"):
            size = int(first[1:])
            return None if size < 0 else answer.read(size).decode()
        return first[1:]
