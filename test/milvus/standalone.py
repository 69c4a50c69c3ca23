"""Runs Milvus 2.3.5 standalone (PyPI package `milvus`) in the foreground: this process becomes Milvus itself.

usage: standalone.py BINARIES DATA PORT METRICS_PORT [key=value …]

BINARIES  folder that the package's binaries are unpacked into, once
DATA      folder of this server; a configuration that is there already is kept, ports and all
key=value keys of milvus.yaml (proxy.timeTickInterval=20) or of the package's template (authorization_enabled=true)
Keys that the package's template lacks go through the environment (COMMON_SECURITY_SUPERUSERS=root).
"""

import os
import pathlib
import sys

import milvus

binaries, data, port, metrics_port = (
    pathlib.Path(sys.argv[1]).resolve(),
    pathlib.Path(sys.argv[2]).resolve(),
    int(sys.argv[3]),
    sys.argv[4],
)

# Without these the server announces the machine's outer address to itself and is not found in a sandbox.
ROLES = "proxy rootCoord queryCoord queryNode indexCoord indexNode dataCoord dataNode".split()

if not (data / "configs" / "milvus.yaml").exists():
    config = milvus.MilvusServerConfig()
    config.update(data_dir=str(data), proxy_port=port)
    for role in ROLES:
        config.set(f"{role}.ip", "127.0.0.1")
    for pair in sys.argv[5:]:
        key, value = pair.split("=", 1)
        kind = config.get_type(key) if key in config.configurable_items else str
        config.set(key, value == "true" if kind is bool else kind(value))
    config.resolve()

if not (binaries / "bin" / "milvus").exists():
    milvus._initialize_data_files(str(binaries))

executable = str(binaries / "bin" / "milvus")
library_path = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
os.chdir(data)
os.execve(
    executable,
    [executable, "run", "standalone"],
    dict(
        os.environ,
        DEPLOY_MODE="STANDALONE",
        METRICS_PORT=metrics_port,
        MILVUS_RUN_DIR=str(data / "run"),
        **{library_path: f"{binaries / 'bin'}:{os.environ.get(library_path, '')}"},
    ),
)
