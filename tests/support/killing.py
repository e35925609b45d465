"""Kills workers of a local cloud with kill -9 while they are at work, as a machine that fails would."""

import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Event, Thread

EVERY = 0.2  # seconds between two looks for somebody at work


def workers(group: int) -> Iterator[tuple[int, int]]:
    """The living workers of the cloud's process group, with the CPU time each has used."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and b"awslambdaric" in (process / "cmdline").read_bytes():
                yield int(process.name), int(fields[11]) + int(fields[12])


def function_of(worker: int) -> str:
    """The Lambda function that a worker runs."""
    with suppress(OSError):
        for pair in Path(f"/proc/{worker}/environ").read_bytes().split(b"\0"):
            name, _, value = pair.partition(b"=")
            if name == b"_HANDLER":
                return value.decode().rpartition(".")[2]
    return "gone"


@contextmanager
def killing(group: int, seed: int, allowed: Callable[[], int]) -> Iterator[list[str]]:
    """Kill as many workers as are allowed so far: of a random function, one at work just now. Yields whom it hit."""
    random, over = Random(seed), Event()
    killed: list[str] = []
    used: dict[int, int] = {}

    def kill() -> None:
        while not over.wait(EVERY):
            now = dict(workers(group))
            busy = defaultdict(list)
            for worker in sorted(each for each, spent in now.items() if spent > used.get(each, spent)):
                busy[function_of(worker)].append(worker)
            used.update(now)
            if busy and len(killed) < allowed():
                name = random.choice(sorted(busy))
                with suppress(ProcessLookupError):
                    os.kill(random.choice(busy[name]), signal.SIGKILL)
                    killed.append(name)

    killer = Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()
