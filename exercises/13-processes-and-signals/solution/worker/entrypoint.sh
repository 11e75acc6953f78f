#!/bin/sh
# Says where it runs, then becomes the worker.
set -eu
echo "worker: starting in $(pwd)"
exec python -u worker.py
