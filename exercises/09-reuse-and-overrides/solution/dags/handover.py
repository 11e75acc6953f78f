"""Two tasks, and a file that one hands over to the other."""

import json
import os
import socket
from pathlib import Path

import humanize
from airflow.sdk import dag, task

EXCHANGE = Path(os.environ.get("EXCHANGE_DIR", "/tmp"))


@dag(schedule="@once", is_paused_upon_creation=False)
def handover():
    @task
    def collect() -> str:
        """Writes the file, and returns its path: small enough for XCom."""
        file = EXCHANGE / "squares.json"
        file.write_text(json.dumps([number * number for number in range(100_000)]))
        print(f"{socket.gethostname()} wrote {file}, {humanize.naturalsize(file.stat().st_size)}")
        return str(file)

    @task
    def report(path: str) -> None:
        """Reads the file that the other task wrote."""
        squares = json.loads(Path(path).read_text())
        (EXCHANGE / "report.txt").write_text(f"{len(squares)} squares, the last is {squares[-1]}\n")
        print(f"{socket.gethostname()} read {path}")

    report(collect())


handover()
