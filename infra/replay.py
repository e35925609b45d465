"""`make replay STAGE=…`: after a restore, erases again whoever was erased since that moment, and says when it is done.

It asks for two jobs and watches them; they go on without it. Nobody is to be served before it says so.
"""

import argparse
import os
import time

PAUSE = 10  # seconds between two looks


def left(replay_id: str) -> str | None:
    """Return what still has to be done in the tables that the environment names (PREFIX), None for nothing."""
    from chalicelib.definitions import jobs
    from chalicelib.errors import NotFound
    from chalicelib.privacy import replaying, restoring

    for job_id in (restoring.job_id(replay_id), replaying.job_id(replay_id)):
        try:
            state = jobs.get(job_id).state
        except NotFound:
            state = "waiting"
        if state != jobs.JobState.DONE:
            return f"{job_id}: {state}"
    open_ones = replaying.unfinished()
    return f"being erased again: {', '.join(open_ones)}" if open_ones else None


def start() -> str:
    from chalicelib.clock import new_id, now
    from chalicelib.privacy import restoring

    replay_id = new_id()
    restoring.start(replay_id, now())
    return replay_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage")
    parser.add_argument("--watch", help="a replay that was begun before")
    asked = parser.parse_args()
    os.environ.setdefault("PREFIX", f"itinera-{asked.stage}")
    replay_id, told = asked.watch or start(), ""
    print(f"replay {replay_id} (ARGS='--watch {replay_id}' goes on watching it)")
    while (state := left(replay_id)) is not None:
        if state != told:
            print(state, flush=True)
        told = state
        time.sleep(PAUSE)
    print("Nothing is left of whoever was erased. It is looked at once more after 26 hours; people may be served.")


if __name__ == "__main__":
    main()
