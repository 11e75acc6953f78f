"""Asks for the address of a name, then for a connection: `python /probe.py redis 6379`.

Images as small as python's have neither ping nor curl. This file is complete: there is nothing to change in it.
"""

import socket
import sys
from threading import Thread

SECONDS = 3


def addresses(name, found):
    try:
        found += [entry[4][0] for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    except OSError as error:
        found += [error]


name, port = sys.argv[1], int(sys.argv[2])
# In a thread, since nobody can tell a look-up when to give up.
found = []
look_up = Thread(target=addresses, args=(name, found), daemon=True)
look_up.start()
look_up.join(SECONDS)
if not found:
    sys.exit(f"{name} has no address: no answer in {SECONDS} seconds")
if isinstance(found[0], OSError):
    sys.exit(f"{name} has no address: {found[0]}")
print(f"{name} is {', '.join(found)}")
for address in found:
    try:
        socket.create_connection((address, port), SECONDS).close()
    except OSError as error:
        refusal = error
    else:
        print(f"port {port} answers")
        break
else:
    sys.exit(f"port {port} does not answer: {refusal}")
