"""`make bench`: measures speed and cost on this machine and writes .local/bench.json."""

import sys

import pytest

from tests.bench.measure import __file__ as measure


def main() -> None:
    sys.exit(pytest.main([measure, "-q", "-s", "-p", "no:xdist", "--no-header"]))


if __name__ == "__main__":
    main()
