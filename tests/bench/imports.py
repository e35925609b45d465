"""How many rows a second a trial of an import takes, and how much memory its worker needs: run as a process of its own.

python -m tests.bench.imports 1000000
"""

import json
import resource
import sys
import time
from collections.abc import Iterator

from chalicelib import clock, files, wiring
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.definitions import jobs
from chalicelib.imports import parts, service

BLOCK = 50_000


def rows(count: int) -> Iterator[bytes]:
    yield b"First name,Last name,Email,Phone,City\r\n"
    for start in range(0, count, BLOCK):
        told = (
            f"Ada {at},Berg {at},p{at}@x.example,+4512{at:06},Aarhus\r\n"
            for at in range(start, min(start + BLOCK, count))
        )
        yield "".join(told).encode()


def trial(count: int) -> dict[str, float]:
    """Try an import of so many rows as one worker, whose slices come one after the other."""
    now = clock.now()
    import_ = service.create(clock.new_id(), RecordType.CONTACT, "bench.csv", "bench", now)
    files._uploaded(parts.source(import_.import_id), _pieces(rows(count)))
    import_, _ = service.look(import_.import_id, import_.version, now)
    statement = {"wording": "Yes", "source": "bench", "allows": {}}
    import_ = service.amend(import_.import_id, {"match_by": "email", "consent": statement}, import_.version, now)
    began = time.perf_counter()
    service.start(import_.import_id, dry=True, by="bench", version=import_.version, now=now)
    for name in ("read", "rows"):
        _work(f"import-{import_.import_id}-1-{name}")
    seconds = time.perf_counter() - began
    checked = service.find(import_.import_id).checked
    return {
        "seconds": seconds,
        "rows": sum(checked[each] for each in ("created", "updated", "unchanged", "failed")),
        "failed": checked["failed"],
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= files.LEAST_PART:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _work(job_id: str) -> None:
    jobs.begin(job_id, clock.now())
    for number in range(16):
        while not jobs.work_page(job_id, number, clock.now()).ended:
            pass
    jobs.finish(job_id, clock.now())


if __name__ == "__main__":
    wiring.wire()
    print(json.dumps(trial(int(sys.argv[1]))))
