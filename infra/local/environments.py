"""Makes the virtual environments under .local/ from their requirements, and leaves alone what is up to date.

Only the standard library, for it runs under the system's Python before anything is installed.
"""

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
REQUIREMENTS = {
    "app": ["requirements-dev.txt", "requirements.txt"],
    "cloud": ["infra/local/requirements-cloud.txt"],
    "lambda": ["infra/local/requirements-lambda.txt"],
}


def stamp_of(name: str) -> str:
    """What an environment was made from: its requirements, the interpreter, and the place it lies in."""
    parts = [sys.version, sys.base_prefix, str(LOCAL / name)]
    parts += [(ROOT / path).read_text() for path in REQUIREMENTS[name]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_current(name: str) -> bool:
    stamp = LOCAL / name / "stamp"
    return stamp.exists() and stamp.read_text() == stamp_of(name)


def make(name: str) -> None:
    """Make one environment anew; the stamp comes last, so that a half-made one is made again."""
    began = time.monotonic()
    home = LOCAL / name
    print(f"  {name}: installing {REQUIREMENTS[name][0]} …", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, with_pip=True, symlinks=True)
    install = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*install, "-r", str(ROOT / REQUIREMENTS[name][0])], check=True)
    (home / "stamp").write_text(stamp_of(name))
    print(f"  {name}: ready after {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """Two makes at once must not build one environment."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "environments.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(names: list[str]) -> None:
    """Make what is missing or stale, side by side."""
    with alone():
        stale = [name for name in names if not is_current(name)]
        if stale:
            print("Making environments in .local/ (once, until their requirements change)", flush=True)
        with ThreadPoolExecutor(max_workers=len(REQUIREMENTS)) as lanes:
            list(lanes.map(make, stale))


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs under whatever Python the machine has
        sys.exit(f"Itinera needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try make PYTHON=python3.13 …")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(REQUIREMENTS))
    try:
        ensure(parser.parse_args().names)
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip failed with status {error.returncode}; its message is above.")


if __name__ == "__main__":
    main()
