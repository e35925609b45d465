"""Builds the deployable template and zip with `chalice package`."""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.compiling import add_compiled
from infra.grants import BadGrant, Json
from infra.template import BadTemplate, expand, load

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
STAGES = ("local", "aws")
CACHE = ROOT / ".local" / "package"
COMPILING = ROOT / "infra" / "compiling.py"
OWN_FILES = ("app.py", "chalicelib")
# Chalice writes no zip for an application without a function.
EMPTY_APP = """from chalice.app import Chalice

app = Chalice(app_name="itinera")


@app.lambda_function()
def nothing(event, context):
    return None
"""
INPUTS = (*OWN_FILES, "infra", ".chalice", "requirements.txt")


class PackagingFailed(Exception):
    """`chalice package` did not do what it should; the message holds what it said."""


def files_under(names: Iterable[str]) -> list[Path]:
    paths = [ROOT / name for name in names]
    found = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*")))]
    skipped = ("__pycache__", "deployments", "deployed")
    return [
        file
        for file in found
        if file.is_file() and not set(skipped) & set(file.parts) and not file.is_relative_to(ROOT / "infra" / "local")
    ]


def digest(files: Iterable[Path], *more: str) -> str:
    """What the files hold and are called, as one hash."""
    total = hashlib.sha256("\0".join(more).encode())
    for file in files:
        total.update(str(file.relative_to(ROOT)).encode() + b"\0")
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _chalice(project: Path, stage: str, out: Path, merge: Path | None = None) -> Json:
    chalice = Path(sys.executable).with_name("chalice")
    extra = ["--merge-template", str(merge)] if merge else []
    command = [str(chalice), "--project-dir", str(project), "package", "--stage", stage, *extra, str(out)]
    # Chalice imports the application; what Python would write down of that lies in nobody's package.
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=project)
    said = done.stdout + done.stderr
    # Chalice goes on when a dependency cannot be installed, and makes a package that lacks it.
    if done.returncode or "Could not install dependencies" in said:
        msg = f"chalice package failed:\n{said}"
        raise PackagingFailed(msg)
    template: Json = json.loads((out / "sam.json").read_text())
    return template


def _project(home: Path, requirements: str) -> Path:
    """A copy of what Chalice packages, with the given requirements."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    for name in (*OWN_FILES, ".chalice"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, home / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, home / name)
    (home / "requirements.txt").write_text(requirements)
    return home


def _dependencies() -> Path:
    """A zip of the requirements alone, kept until they change: nearly all the time and size of a package."""
    requirements = ROOT / "requirements.txt"
    kept = CACHE / f"dependencies-{digest([requirements, COMPILING], sys.version)[:16]}.zip"
    if not kept.exists():
        print("Fetching and zipping what runs in Lambda (once, until requirements.txt changes) …", flush=True)
        home = CACHE / f"dependencies-{os.getpid()}"
        project = _project(home, requirements.read_text())
        shutil.rmtree(project / "chalicelib")
        (project / "app.py").write_text(EMPTY_APP)
        _chalice(project, "local", home / "out")
        _without_own_files(home / "out" / "deployment.zip", home / "kept.zip")
        add_compiled(home / "kept.zip")
        (home / "kept.zip").rename(kept)
        shutil.rmtree(home)
    return kept


def _without_own_files(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in ("app.py", "chalice/app.py", "chalice/__init__.py"):
                new.writestr(entry, old.read(entry))


def _add_dependencies(package: Path) -> None:
    """Join the kept zip of dependencies and the small one that Chalice just made, both compiled."""
    add_compiled(package)
    joined = package.with_suffix(".joined")
    shutil.copy(_dependencies(), joined)
    with zipfile.ZipFile(package) as own, zipfile.ZipFile(joined, "a", zipfile.ZIP_DEFLATED) as target:
        for entry in own.infolist():
            target.writestr(entry, own.read(entry))
    joined.replace(package)


def build(stage: str, out: Path) -> None:
    """Make sam.json and deployment.zip in `out`, and the state machines beside it where the template looks for them."""
    home = CACHE / f"project-{os.getpid()}"
    try:
        project = _project(home, "")
        generated = _chalice(project, stage, home / "out")
        merge = home / "merge.json"
        merge.write_text(json.dumps(expand(generated, load())))
        _chalice(project, stage, out, merge)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    _add_dependencies(out / "deployment.zip")
    machines = out.parent / "infra"
    machines.mkdir(exist_ok=True)
    for definition in (ROOT / "infra").glob("*.asl.json"):
        shutil.copy(definition, machines)


@contextmanager
def alone() -> Iterator[None]:
    """Two processes at once, such as two test workers, must not write one build."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(stage: str, out: Path | None = None) -> Path:
    """Build unless nothing changed since the last time; returns where the build lies."""
    out = out or BUILD / stage
    with alone():
        stamp, wanted = out / "stamp", digest(files_under(INPUTS), stage, sys.version)
        if not (stamp.exists() and stamp.read_text() == wanted):
            began = time.monotonic()
            print(f"Packaging for {stage} …", flush=True)
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            build(stage, out)
            stamp.write_text(wanted)
            print(f"Packaged in {time.monotonic() - began:.1f} s", flush=True)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=STAGES, default="local")
    parser.add_argument("--out", type=Path, help="where to; build/<stage> by default")
    arguments = parser.parse_args()
    try:
        out = ensure(arguments.stage, arguments.out and arguments.out.resolve())
    except (PackagingFailed, BadTemplate, BadGrant) as error:
        sys.exit(str(error))
    print(f"{out}: sam.json, deployment.zip ({(out / 'deployment.zip').stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
