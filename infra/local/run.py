"""`make run`: package, start the local cloud, deploy, seed, say where everything is, and stay until Ctrl-C."""

import argparse
import json
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from infra.grants import BadGrant
from infra.local.cloud import CloudFailed, LocalCloud
from infra.local.deploy import Deployment, deploy
from infra.local.environments import LOCAL
from infra.local.seed import seed
from infra.package import PackagingFailed, ensure
from infra.template import BadTemplate

ENDPOINTS = LOCAL / "endpoints.json"


class Stopped(BaseException):
    """Somebody asked us to end; not an Exception, so that nothing on the way takes it for a failure."""


def _stop(_: int, __: FrameType | None) -> None:
    # Once: a second Ctrl-C must not break the cleaning up.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


class Clock:
    """Says what goes on and how long after the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:5.1f} s  {text}", flush=True)


def write_endpoints(path: Path, deployment: Deployment, admin_key: str) -> None:
    endpoints = {
        "api_url": deployment.api_url,
        "admin_key": admin_key,
        "cloud_url": deployment.cloud_url,
        "inbox_url": deployment.inbox_url,
    }
    path.write_text(json.dumps(endpoints, indent=2) + "\n")


def addresses(deployment: Deployment, admin_key: str) -> str:
    rows = {
        "API": f"{deployment.api_url}/health",
        "OpenAPI": f"{deployment.api_url}/openapi.json",
        "A form": f"{deployment.api_url}/p/newsletter",
        "Inbox": deployment.inbox_url,
        "Cloud": f"{deployment.cloud_url} (AWS on this machine)",
        "Admin key": admin_key or "(none yet)",
    }
    return "\n".join(f"  {name:<10} {value}" for name, value in rows.items())


def run(port: int) -> None:
    say = Clock()
    build = ensure("local")
    say("Starting the local cloud …")
    with LocalCloud(port) as cloud, ExitStack() as ending:
        deployment = deploy(cloud, build, say=say)
        say("Seeding …")
        admin_key, _ = seed(deployment)
        ending.callback(ENDPOINTS.unlink, missing_ok=True)
        write_endpoints(ENDPOINTS, deployment, admin_key)
        say("Ready. Ctrl-C ends it and forgets everything.")
        print(addresses(deployment, admin_key), flush=True)
        threading.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4566)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        run(parser.parse_args().port)
    except Stopped:
        print("\nStopped; nothing is left running.", flush=True)
    except (CloudFailed, PackagingFailed, BadTemplate, BadGrant) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
