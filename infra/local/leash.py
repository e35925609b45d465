"""Runs a command and ends it, with everything it started, when whoever holds our standard input is gone.

That covers what no handler of the parent can: the parent killed with -9. Standard library only.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from types import FrameType

GRACE_SECONDS = 3.0


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child politely, then whatever is left in our process group, ourselves included."""
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def watch_parent(child: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    end_group(child)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a burst of callers takes more than the usual 1,024
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def on_signal(_: int, __: FrameType | None) -> None:
        end_group(child)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    threading.Thread(target=watch_parent, args=[child], daemon=True).start()
    child.wait()
    end_group(child)


if __name__ == "__main__":
    main()
