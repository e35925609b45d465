"""The local cloud serves the package, on loopback only, and leaves nothing behind."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.cloud import CloudFailed, LocalCloud
from infra.local.demo.client import send
from infra.local.environments import ROOT

LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
LISTENS = "0A"
FORM = "application/x-www-form-urlencoded"


def processes_of(groups):
    """The processes of the given process groups."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) in groups:
            yield path.parent


def sockets_of(process):
    with suppress(OSError):  # it may end while it is looked at
        for link in (process / "fd").glob("*"):
            with suppress(FileNotFoundError):
                target = str(link.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]


def listening_addresses(groups):
    inodes = {inode for process in processes_of(groups) for inode in sockets_of(process)}
    rows = [row.split() for table in ("tcp", "tcp6") for row in Path("/proc/net", table).read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTENS and row[9] in inodes}


def refused(url, method="GET", body=None, headers=None):
    answer = send(method, url, body, headers)
    assert answer.status >= 400
    return answer.status, answer.headers, answer.json


def test_the_deployed_api_answers(endpoints):
    answer = send("GET", f"{endpoints.api_url}/health")

    assert (answer.status, answer.json["status"]) == (200, "up")


def test_what_the_gateway_refuses_is_a_problem_with_cors_headers(endpoints):
    code, headers, problem = refused(f"{endpoints.api_url}/nowhere")

    assert code == problem["status"] == 404
    assert headers["content-type"] == "application/problem+json"
    assert headers["access-control-allow-origin"] == "*"


def test_what_lies_below_a_record_is_found_behind_one_path_of_the_gateway(endpoints, client):
    """Of a form `publish` and `milestones` are such; `submissions` has a path of its own, since it needs no key."""
    form, known = f"{endpoints.api_url}/forms/f", {"headers": {"Authorization": f"Bearer {client.key}"}}

    nobody, _, _ = refused(f"{form}/milestones")
    wrong_method, headers, _ = refused(f"{form}/publish", **known)
    nowhere, _, problem = refused(f"{form}/no-such-verb", **known)
    public, _, told = refused(f"{form}/submissions", "POST", b"a=1", {"Content-Type": FORM})

    assert (nobody, wrong_method, headers["allow"]) == (401, 405, "POST")
    assert (nowhere, problem["title"]) == (404, "Not Found")
    assert (public, "form" in told["detail"], "form" in problem["detail"]) == (404, True, False)


def test_nothing_listens_beyond_loopback(cloud, endpoints):
    assert send("GET", f"{endpoints.api_url}/health").status == 200
    groups = {process.group for process in cloud.processes}

    addresses = listening_addresses(groups)

    assert addresses
    assert addresses <= LOOPBACK


def test_a_taken_port_is_said_clearly(cloud):
    with pytest.raises(CloudFailed, match=f"Port {cloud.port} is taken"), LocalCloud(cloud.port):
        pass


def left_of(groups):
    """Return the processes that stay: one that has ended is to be seen until its parent has heard of it."""
    for _ in range(1000):
        if not list(processes_of(groups)):
            break
        subprocess.run([sys.executable, "-c", ""], check=True)
    return list(processes_of(groups))


def test_leaving_ends_every_process():
    with LocalCloud() as other:
        groups = {process.group for process in other.processes}
        assert len(list(processes_of(groups))) >= 4

    assert left_of(groups) == []


KILLED = """
import os, signal
from infra.local.cloud import LocalCloud
with LocalCloud() as cloud:
    print(*[process.group for process in cloud.processes], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_even_a_killed_parent_leaves_no_process():
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, check=False)
    groups = {int(group) for group in done.stdout.split()}
    assert len(groups) == 3

    # The leashes see their parent's end of the pipe close; a closed group is the public sign of it.
    assert left_of(groups) == []
