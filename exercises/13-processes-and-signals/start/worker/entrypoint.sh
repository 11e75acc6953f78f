#!/bin/sh
# Says where it runs, then starts the worker.
set -eu
echo "worker: starting in $(pwd)"
python -u worker.py
