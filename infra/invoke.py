"""`make invoke FUNCTION=… EVENT=…`: replays events/<function>/<case>.json against the running local cloud."""

import argparse
import base64
import json
import sys
from pathlib import Path
from typing import Any

from infra.grants import Json
from infra.local.cloud import client_of
from infra.local.deploy import STACK
from infra.local.environments import LOCAL, ROOT

EVENTS = ROOT / "events"
API = "api_handler"


class CannotInvoke(Exception):
    """The function or the event was not found, or nothing runs; the message says which."""


def event_path(function: str, event: str) -> Path:
    path = EVENTS / function / f"{event.removesuffix('.json')}.json"
    if not path.is_file():
        known = sorted(f"FUNCTION={one.parent.name} EVENT={one.stem}" for one in EVENTS.glob("*/*.json"))
        msg = f"There is no {path.relative_to(ROOT)}. There are:\n  " + ("\n  ".join(known) or "(none yet)")
        raise CannotInvoke(msg)
    return path


def logical_id(function: str) -> str:
    """As Chalice names it: `rescore_contact` is RescoreContact, the API is APIHandler."""
    return "APIHandler" if function == API else "".join(part.capitalize() for part in function.split("_"))


def cloud_url(endpoints: Path = LOCAL / "endpoints.json") -> str:
    if not endpoints.is_file():
        msg = "No local cloud is running; start one with: make run"
        raise CannotInvoke(msg)
    return str(json.loads(endpoints.read_text())["cloud_url"])


def invoke(url: str, function: str, payload: bytes) -> Json:
    """Call the deployed function and return what it answered and logged."""
    cloudformation, functions = client_of(url, "cloudformation"), client_of(url, "lambda")
    found = cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id(function))
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    answer: Any = functions.invoke(FunctionName=name, Payload=payload, LogType="Tail")
    return {
        "failed": answer.get("FunctionError"),
        "result": json.loads(answer["Payload"].read() or b"null"),
        "log": base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", help="its Python name, as in events/")
    parser.add_argument("event", help="the case, with or without .json")
    arguments = parser.parse_args()
    try:
        path = event_path(arguments.function, arguments.event)
        answer = invoke(cloud_url(), arguments.function, path.read_bytes())
    except CannotInvoke as error:
        sys.exit(str(error))
    print(answer["log"], file=sys.stderr)
    print(json.dumps(answer["result"], indent=2, ensure_ascii=False))
    sys.exit(1 if answer["failed"] else 0)


if __name__ == "__main__":
    main()
