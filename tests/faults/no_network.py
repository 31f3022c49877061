"""The network denied: the chain runs from validation to the Bento, and no process of it asks for an address elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.row import Row, main
from tests.faults.small_chain import Shop
from tests.faults.stand import Stand

SECONDS = 600
ROOT = Path(__file__).parents[2]
# Python imports this before anything else, in every process that is started below us.
DENY = """
import ipaddress, os, sys

def local(host):
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host in (None, "", "localhost")

def deny(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
    else:
        return
    if not local(host):
        with open(os.environ["DENIED"], "a") as file:
            file.write(f"{os.path.basename(sys.argv[0])}: {event} {host}\\n")
        raise OSError(101, "Network is unreachable")

sys.addaudithook(deny)
"""
SMALL = {
    "FUSERANK_TRAINING__RANKERS": '["late"]',
    "FUSERANK_TRAINING__EPOCHS": "2",
    "FUSERANK_EVALUATION__BASELINES": '["random"]',
    "FUSERANK_GATE__LATENCY_MS": "1000000",
    "FUSERANK_GATE__MISSING_TOLERANCE": "1",
}


def tries(folder: Path, command: list[str]) -> tuple[int, list[str], str]:
    """Exit code of a command whose processes are denied the network, what they asked for, and the end of what it said."""
    (folder / "deny").mkdir()
    (folder / "deny" / "sitecustomize.py").write_text(DENY)
    asked = folder / "asked"
    asked.touch()
    env = os.environ | SMALL | {
        "PYTHONPATH": os.pathsep.join([str(folder / "deny"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "DENIED": str(asked),
        "FUSERANK_HOME": str(folder / "home"),
        "FUSERANK_REPORTS": str(folder / "reports"),
        "PREFECT_HOME": str(folder / "prefect"),
    }  # fmt: skip
    env.pop("PREFECT_API_URL", None)
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, asked.read_text().splitlines(), (done.stdout + done.stderr)[-300:]


def measure(_: Stand) -> list[Row]:
    """The chain on 60 products."""
    with tempfile.TemporaryDirectory(prefix="fuserank-offline-") as name:
        data = Shop(Path(name)).data
        code, asked, said = tries(Path(name), [sys.executable, "-m", "flows.chain", str(data)])
    seen = f"exit code {code}; asked for {', '.join(asked[:3]) or 'nothing'}" + (f"; {said}" if code else "")
    return [Row("no_network: the chain", 1, int(bool(code or asked)), "it ends well, 0 attempts", seen, not (code or asked))]


if __name__ == "__main__":
    main(measure, SECONDS)
