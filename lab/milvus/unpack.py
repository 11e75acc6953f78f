"""Turn the Python package `milvus`, which carries a whole Milvus server, into the folders of the official image.

Usage: unpack.py WHEEL TARGET; makes TARGET/bin, TARGET/lib and TARGET/configs/milvus.yaml.
"""

import lzma
import re
import sys
import zipfile
from pathlib import Path, PurePosixPath

COMPRESSED = "milvus/data/bin/"
TEMPLATE = "milvus/data/config.yaml.template"

# The system's own resolver library fits its C library; the one in the package does not.
LEFT_OUT = {"libresolv.so.2"}

# The places of the template that have no default of their own: the official image's folders.
FOLDERS = {
    "etcd_data_dir": "/var/lib/milvus/etcd",
    "local_storage_dir": "/var/lib/milvus/data/",
    "rocksmq_data_dir": "/var/lib/milvus/rdb_data",
    "system_log_path": '""',
}

CHANGES = {
    # The package is made for one process with everything inside; the course runs etcd and object storage beside it.
    "    embed: true ": "    embed: false ",
    "  storageType: local ": "  storageType: remote ",
    # Seconds. A single query node waits all that time for another one to take its collections over. None ever comes,
    # so with the usual 1800 `docker stop` ends in a kill.
    "  gracefulStopTimeout: 1800 ": "  gracefulStopTimeout: 1 ",
    # While stopping, the components left over go on calling those that have ended, ten times up to 10 s apart. Within
    # one process a fourth attempt, or one after more than half a second, brings nothing.
    "    maxMaxAttempts: 10\n": "    maxMaxAttempts: 4\n",
    "    maxBackoff: 10 ": "    maxBackoff: 0.5 ",
}


def unpack_programs(wheel: zipfile.ZipFile, target: Path) -> None:
    for entry in wheel.namelist():
        name = PurePosixPath(entry.removesuffix(".lzma")).name
        if not entry.startswith(COMPRESSED) or name in LEFT_OUT:
            continue
        path = target / ("bin" if name == "milvus" else "lib") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lzma.decompress(wheel.read(entry)))
        path.chmod(0o755)


def fill(template: str) -> str:
    """Fill each `{{ name(type): default }}` with our folder of that name, else with its default."""

    def value(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if name in FOLDERS:
            return FOLDERS[name]
        if default is None:
            raise SystemExit(f"{TEMPLATE}: `{name}` has no default. Give it a value in FOLDERS, in unpack.py.")
        return default.strip()

    text = re.sub(r"\{\{ (?P<name>\w+)(?:\(\w+\))?(?:: (?P<default>[^}]*))? \}\}", value, template)
    for before, after in CHANGES.items():
        if text.count(before) != 1:
            raise SystemExit(f"{TEMPLATE}: expected `{before.strip()}` once. Look at CHANGES, in unpack.py.")
        text = text.replace(before, after)
    return text


def main() -> None:
    wheel_path, target = Path(sys.argv[1]), Path(sys.argv[2])
    with zipfile.ZipFile(wheel_path) as wheel:
        unpack_programs(wheel, target)
        configuration = target / "configs" / "milvus.yaml"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(fill(wheel.read(TEMPLATE).decode()))
        # The server's C++ part logs by this file, and crashes without one. In a container all logs go to the terminal.
        (target / "configs" / "glog.conf").write_text("--logtostderr=true\n--minloglevel=0\n")


main()
