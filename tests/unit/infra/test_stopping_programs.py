"""Programs on a leash are ended side by side."""

import os
import sys

from infra.local.cloud import Process, stop

# When told to end, one program tells the other, which must be listening by then: neither can end before both were told.
PROGRAM = """
import signal, sys
from pathlib import Path

def on_end(*_):
    {at_the_end}
    sys.exit()

signal.signal(signal.SIGTERM, on_end)
open({ready!r}, "w").close()
while True:
    signal.pause()
"""


def test_all_are_told_to_end_before_one_is_waited_for(tmp_path):
    meeting, met, ready = (str(tmp_path / name) for name in ("meeting", "met", "ready"))
    os.mkfifo(meeting)
    endings = {
        "teller": f"open({meeting!r}, 'w').close()",
        "listener": f"open({meeting!r}).read(); Path({met!r}).touch()",
    }
    programs = []
    for name, ending in endings.items():
        os.mkfifo(f"{ready}-{name}")
        text = PROGRAM.format(at_the_end=ending, ready=f"{ready}-{name}")
        programs.append(Process(name, [sys.executable, "-c", text], os.environ, tmp_path / f"{name}.log"))
        with (tmp_path / f"ready-{name}").open() as told:  # opens when the program is ready
            told.read()

    stop(programs)

    assert (tmp_path / "met").exists()
