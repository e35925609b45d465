"""How many rows a second an import takes, or a trial of one, what a row asks for and how much memory a worker needs.

Each part runs in processes of its own: one that sends the file and reads it, and workers that take its slices.

python -m tests.bench.imports try 1000000
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from chalicelib import clock, files, wiring
from chalicelib.contacts.custom.definition import RecordType
from chalicelib.definitions import carrying
from chalicelib.imports import parts, service
from chalicelib.imports.models import Import
from tests.support.meter import metered

BLOCK = 50_000
WORKERS = 2  # of the four slices that the machine works at once; the database needs its share of two cores as well


def rows(count: int) -> Iterator[bytes]:
    yield b"First name,Last name,Email,Phone,City\r\n"
    for start in range(0, count, BLOCK):
        told = (
            f"Ada {at},Berg {at},p{at}@x.example,+4512{at:06},Aarhus\r\n"
            for at in range(start, min(start + BLOCK, count))
        )
        yield "".join(told).encode()


def run(count: int, *, dry: bool) -> dict[str, float]:
    """Import so many rows, or try to."""
    import_ = _sent(count)
    began = time.perf_counter()
    service.start(import_.import_id, dry=dry, by="bench", version=import_.version, now=clock.now())
    job = f"import-{import_.import_id}-1"
    _work(f"{job}-read", range(16))
    carrying.finish(f"{job}-read", clock.now())
    read = time.perf_counter() - began
    carrying.begin(f"{job}-rows", clock.now())
    took = _shared_out(f"{job}-rows")
    carrying.finish(f"{job}-rows", clock.now())
    seconds = time.perf_counter() - began
    found = service.find(import_.import_id)
    return {
        **{
            name: number for name, number in (found.checked if dry else found.result).items() if isinstance(number, int)
        },
        "rows_per_second": count / seconds,
        "seconds": seconds,
        "seconds_reading": read,
        "megabytes": max(_megabytes(), *(each["megabytes"] for each in took)),
        **{name: sum(each[name] for each in took) / count for name in ("write_units", "read_units", "requests")},
    }


def _sent(count: int) -> Import:
    """Make an import whose file is sent and whose columns are mapped."""
    import_ = service.create(clock.new_id(), RecordType.CONTACT, "bench.csv", "bench", clock.now())
    files._uploaded(parts.source(import_.import_id), _pieces(rows(count)))
    import_, _ = service.look(import_.import_id, import_.version, clock.now())
    statement = {"wording": "Yes", "source": "bench", "allows": {}}
    return service.amend(import_.import_id, {"match_by": "email", "consent": statement}, import_.version, clock.now())


def _pieces(blocks: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= files.LEAST_PART:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _shared_out(job_id: str) -> list[dict[str, float]]:
    """Let workers take a job's slices side by side; returns what each came to."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.imports", "work", job_id, str(number)], stdout=subprocess.PIPE
        )
        for number in range(WORKERS)
    ]
    told = [each.communicate()[0] for each in workers]
    assert [each.returncode for each in workers] == [0] * WORKERS
    return [json.loads(each) for each in told]


def worked(job_id: str, number: int) -> dict[str, float]:
    """Take a worker's share of slices, one after the other."""
    with metered() as usage:
        _work(job_id, range(number, 16, WORKERS))
    return {
        "megabytes": _megabytes(),
        "write_units": usage.write_units,
        "read_units": usage.read_units,
        "requests": usage.round_trips,
    }


def _work(job_id: str, slices: Sequence[int]) -> None:
    carrying.begin(job_id, clock.now())
    for number in slices:
        while not carrying.work_page(job_id, number, clock.now()).ended:
            pass


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    wiring.wire()
    _, what, *given = sys.argv
    told = worked(given[0], int(given[1])) if what == "work" else run(int(given[0]), dry=what == "try")
    print(json.dumps(told))
