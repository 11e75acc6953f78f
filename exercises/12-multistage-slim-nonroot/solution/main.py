"""The small API of a RAG service: it tells whether it is well, and how it runs."""

import importlib.metadata
import os

import psycopg2  # a C library behind a Python name: it needs libpq where it runs
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict:
    return {"status": "ok"}


@app.get("/about")
def about() -> dict:
    packages = {dist.metadata["Name"].lower() for dist in importlib.metadata.distributions()}
    return {
        "user": os.getuid(),
        "libpq": psycopg2.extensions.libpq_version(),
        "packages": sorted(packages),
    }
