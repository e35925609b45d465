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

TIMEOUT = 75  # seconds of the journey's wait, in which letters arrive, people ask, and the question is heard
PARAMETERS = {"VerdictDelaySeconds": "3", "PollGraceSeconds": "1"}


def long_enough(publishing: float) -> int:
    """Return the journey's timeout where publishing took so many seconds: a busy machine delivers as slowly."""
    return max(TIMEOUT, 45 + 6 * round(publishing))


def play() -> None:
    say = Clock()
    build = ensure("local")
    say("Starting a local cloud …")
    with LocalCloud() as cloud:
        deployment = deploy(cloud, build, PARAMETERS, say=say)
        client = Client(deployment.api_url, create_admin_key(deployment))
        say("Publishing the company's pages, forms, emails, model, segment and journey …")
        began = time.monotonic()
        company = found(client, timeout=lambda: f"PT{long_enough(time.monotonic() - began)}S")
        timeout = long_enough(time.monotonic() - began)
        stage = Stage(client, company, deployment.inbox_url, patience=180.0 + timeout)
        say(f"The story begins; the journey waits about {timeout} s for an answer.")
        started = time.monotonic()
        for what, act in ACTS:
            stage.act(what, lambda act=act: act(stage))  # type: ignore[misc]
        print(f"\nWhat happened, in {time.monotonic() - started:.0f} s:\n\n{last_words(stage)}\n", flush=True)
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
