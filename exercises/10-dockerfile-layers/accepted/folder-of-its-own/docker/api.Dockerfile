from python:3.11-slim
workdir /app
run apt-get update; \
    apt-get --yes install --no-install-recommends \
    # for the health check
        curl; \
    rm -rf /var/lib/apt/lists/*
copy requirements/locked.txt /tmp/requirements.txt
run pip install --no-cache-dir --requirement /tmp/requirements.txt
add *.py ./
healthcheck --interval=2s cmd curl -fsS http://127.0.0.1:8000/health || exit 1
cmd exec python app.py
