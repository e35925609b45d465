"""`make demo`: plays the reference scenario on a local cloud of its own; exit 0 if all went as it should."""

import signal
import sys
import time

from infra.local.cloud import CloudFailed, LocalCloud
from infra.local.demo.client import Client, Refused
from infra.local.demo.company import found
from infra.local.demo.report import last_words
from infra.local.demo.story import ACTS, Deviation, Stage
from infra.local.deploy import deploy
from infra.local.run import Clock, Stopped, _stop
from infra.local.seed import create_admin_key
from infra.package import ensure

TIMEOUT = "PT75S"  # for the journey's wait; long enough for two busy cores
PARAMETERS = {"VerdictDelaySeconds": "3", "PollGraceSeconds": "1"}


def play() -> None:
    say = Clock()
    build = ensure("local")
    say("Starting a local cloud …")
    with LocalCloud() as cloud:
        deployment = deploy(cloud, build, PARAMETERS, say=say)
        client = Client(deployment.api_url, create_admin_key(deployment))
        say("Publishing the company's pages, forms, emails, model, segment and journey …")
        stage = Stage(client, found(client, timeout=TIMEOUT), deployment.inbox_url)
        say("The story begins.")
        began = time.monotonic()
        for what, act in ACTS:
            stage.act(what, lambda act=act: act(stage))  # type: ignore[misc]
        print(f"\nWhat happened, in {time.monotonic() - began:.0f} s:\n\n{last_words(stage)}\n", flush=True)
        say("All as it should be.")


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        play()
    except Stopped:
        sys.exit("Stopped; nothing is left running.")
    except (Deviation, Refused) as error:
        sys.exit(f"\nDeviation. {error}")
    except CloudFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
