"""A small web service. It counts visits, and keeps the number in Redis.

This file is complete: there is nothing to change in it.
"""

import os
import socket

import redis
from fastapi import FastAPI, Response
from redis.backoff import NoBackoff
from redis.retry import Retry

store = redis.Redis(
    host=os.environ.get("REDIS_HOST", "localhost"),
    port=int(os.environ.get("REDIS_PORT", "6379")),
    socket_connect_timeout=2,
    socket_timeout=2,
    # Who asks wants to know how it is now, not after some more tries.
    retry=Retry(NoBackoff(), 0),
    # The older of Redis' two protocols; its refusals are short.
    protocol=2,
)
app = FastAPI()


@app.get("/")
def visit():
    """One more visit. `from` is the container that answered."""
    return {"visits": store.incr("visits"), "from": socket.gethostname()}


@app.get("/health")
def health(response: Response):
    """200 where Redis answers, and 503 with the reason where it does not."""
    try:
        store.ping()
    except redis.RedisError as error:
        response.status_code = 503
        return {"redis": "down", "reason": str(error)}
    return {"redis": "up"}
