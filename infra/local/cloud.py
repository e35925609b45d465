"""Starts and stops the local cloud: MiniStack as AWS, our post office as SES, our stand-in of LinkedIn.

with LocalCloud(port=0) as cloud:
    cloud.client("dynamodb").list_tables()
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from botocore.config import Config

from infra.local.environments import LOCAL, ROOT

HOST = "127.0.0.1"
ACCOUNT = "000000000000"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
READY_SECONDS = 120.0
STOP_SECONDS = 6.0


class CloudFailed(Exception):
    """The local cloud did not start or broke off; the message says what to do."""


_ports = count(os.getpid() * 7)


def free_port() -> int:
    """Return a port below those that outgoing connections get, lest one of them takes it before a server does."""
    ports = (10_000 + next(_ports) % 10_000 for _ in range(10_000))
    return next(port for port in ports if is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def client_of(url: str, service: str, **options: Any) -> Any:
    """A boto3 client of the local cloud at an address."""
    config = Config(retries={"total_max_attempts": 3}, inject_host_prefix=False).merge(options.pop("config", Config()))
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - MiniStack asks for any
        config=config,
        **options,
    )


def sweep(home: Path) -> None:
    """Remove what a killed run left behind; a living one holds its lock."""
    for left in home.glob("run-*"):
        with (left / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(left, ignore_errors=True)


def server(port: int) -> list[str]:
    """The command that serves MiniStack, which reads GATEWAY_PORT besides, on loopback."""
    uvicorn = [str(LOCAL / "cloud/bin/python"), "-m", "uvicorn", "--host", HOST, "--port", str(port)]
    quick = ["--loop", "uvloop", "--http", "httptools", "--timeout-keep-alive", "75", "--log-level", "warning"]
    return [*uvicorn, *quick, "ministack.app:app"]


class Process:
    """A program on a leash: it and all it starts end with us, however we end."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self._leash = subprocess.Popen(
                [sys.executable, "-m", "infra.local.leash", *command],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def group(self) -> int:
        """The process group that holds the program and all it starts."""
        return self._leash.pid

    def wait_until(self, url: str) -> None:
        """Return as soon as the address answers; raise with the end of the log if the program ends or hangs."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers(url):
            if self._leash.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                msg = f"The {self.name} did not start; the end of {self.log}:\n{tail}"
                raise CloudFailed(msg)
            time.sleep(0.05)

    def let_go(self) -> None:
        """Tell the leash to end the program; it hears that we are gone."""
        if self._leash.stdin:
            self._leash.stdin.close()

    def ended_by(self, deadline: float) -> None:
        """Return when it has ended; at the deadline it is killed."""
        try:
            self._leash.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.group, 9)
            self._leash.wait()


def stop(processes: Sequence[Process]) -> None:
    """End programs side by side: all are told before one is waited for, so it takes as long as the slowest."""
    for process in processes:
        process.let_go()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.ended_by(deadline)


class LocalCloud:
    """AWS on this machine's loopback; port 0 takes a free one."""

    def __init__(self, port: int = 0, mail_rate: float = 200.0) -> None:
        self.port = port or free_port()
        self.mail_rate = mail_rate
        self.url = f"http://{HOST}:{self.port}"
        # With a given port people like to find the inbox beside it.
        beside = self.port + 1
        self.inbox_port = beside if port and is_free(beside) else free_port()
        self.inbox_url = f"http://{HOST}:{self.inbox_port}"
        self.linkedin_port = free_port()
        self.linkedin_url = f"http://{HOST}:{self.linkedin_port}"
        self.processes: list[Process] = []
        self._exit = ExitStack()

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of this cloud."""
        return client_of(self.inbox_url if service == "sesv2" else self.url, service, **options)

    def environment(self) -> dict[str, str]:
        """What a program needs to take this cloud for AWS; functions inherit it from the server."""
        return {
            **CREDENTIALS,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_SESV2": self.inbox_url,
        }

    def __enter__(self) -> Self:
        if not is_free(self.port):
            msg = f"Port {self.port} is taken on {HOST}. End what listens there, or choose another: make run PORT=4600"
            raise CloudFailed(msg)
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def _start(self) -> None:
        LOCAL.mkdir(exist_ok=True)
        home = self._home()
        self._exit.callback(stop, self.processes)
        # Nothing of the developer's own settings reaches the functions.
        base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        environment = {**base, **self.environment(), "TMPDIR": str(home)}
        post_office = [sys.executable, "-m", "infra.local.post_office", "--port", str(self.inbox_port)]
        self._run("post office", [*post_office, "--rate", str(self.mail_rate)], environment, home)
        linkedin = [sys.executable, "-m", "infra.local.linkedin", "--port", str(self.linkedin_port)]
        self._run("local cloud", server(self.port), {**environment, **self._server_settings()}, home)
        self._run("LinkedIn stand-in", linkedin, environment, home)
        self.processes[0].wait_until(f"{self.inbox_url}/health")
        self.processes[1].wait_until(f"{self.url}/_ministack/health")
        self.processes[2].wait_until(f"{self.linkedin_url}/health")

    def _home(self) -> Path:
        """A directory of this run alone, for logs and unpacked functions."""
        with (LOCAL / "runs.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            sweep(LOCAL)
            home = Path(tempfile.mkdtemp(prefix=f"run-{self.port}-", dir=LOCAL))
            lock = self._exit.enter_context((home / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        self._exit.callback(shutil.rmtree, home, ignore_errors=True)
        return home

    def _run(self, name: str, command: list[str], environment: Mapping[str, str], home: Path) -> None:
        process = Process(name, command, environment, home / f"{name.replace(' ', '-')}.log")
        self.processes.append(process)

    def _server_settings(self) -> dict[str, str]:
        return {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "IOT_MTLS_ENABLED": "0",  # else MQTT listens on every interface, whatever BIND_HOST says
            "LOG_LEVEL": "WARNING",
        }
