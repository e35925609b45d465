"""`make bench`: measures speed and cost on this machine and writes .local/bench.json."""

import sys
from pathlib import Path

import pytest


def main() -> None:
    measurements = Path(__file__).with_name("measure.py")  # not imported here: pytest rewrites it
    sys.exit(pytest.main([str(measurements), "-q", "-s", "-p", "no:xdist", "--no-header", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
