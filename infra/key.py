"""`make key STAGE=…`: makes an API key that may do everything, straight in the table; the first key has to come so."""

import argparse
import os


def create(name: str) -> str:
    """Make a key in the tables that the environment names (PREFIX) and return its text."""
    from chalicelib.access.service import create_key
    from chalicelib.clock import new_id, now

    _, text = create_key(new_id(), name, ["*"], ["*"], now())
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage")
    parser.add_argument("--name", default="administrator")
    asked = parser.parse_args()
    os.environ.setdefault("PREFIX", f"itinera-{asked.stage}")
    print(create(asked.name))


if __name__ == "__main__":
    main()
