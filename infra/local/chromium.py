"""Brings the browser that tests look at pages with, where this machine lets us: Debian's Chromium, by apt.

Only the standard library, as in environments: it runs before anything is installed.
"""

import os
import shutil
import subprocess
import time

from infra.local.environments import LOCAL, alone

PACKAGES = ("chromium", "fonts-dejavu-core")
COMMAND = f"sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends {' '.join(PACKAGES)}'"
LOG = LOCAL / "chromium.log"


def found() -> str | None:
    """Return where the browser is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def install() -> bool:
    """Install it, which takes a quarter of a minute and 100 MB, and return whether it is there now."""
    began = time.monotonic()
    print(f"  chromium: installing by apt (once; {LOG.relative_to(LOCAL.parent)} tells more) …", flush=True)
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES])
    with LOG.open("w") as log:
        done = all(
            subprocess.run(step, env=quietly, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False).returncode
            == 0
            for step in steps
        )
    if done:
        print(f"  chromium: ready after {time.monotonic() - began:.0f} s", flush=True)
    return done


def main() -> None:
    """Install it where that can be done; the tests that need it say what to do where not."""
    with alone():
        if found():
            return
        if os.geteuid() != 0 or shutil.which("apt-get") is None or not install():
            print(
                f"  chromium: not there, and the browser tests need it. Install it with\n\n    {COMMAND}\n", flush=True
            )


if __name__ == "__main__":
    main()
