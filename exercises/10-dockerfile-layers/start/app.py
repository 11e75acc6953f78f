"""Answers in JSON: a greeting, and the versions of the packages that it runs with."""

from importlib.metadata import distributions

from flask import Flask
from waitress import serve

GREETING = "hello"

app = Flask(__name__)


@app.get("/")
def greet():
    return {"greeting": GREETING}


@app.get("/health")
def health():
    return {"status": "ok"}


@app.get("/packages")
def packages():
    return {package.name: package.version for package in distributions()}


if __name__ == "__main__":
    print("listening at port 8000", flush=True)
    serve(app, host="0.0.0.0", port=8000)
