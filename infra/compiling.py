"""Compiles what a package holds: Lambda's disk is read-only, so each cold start would compile all that it imports."""

import compileall
import tempfile
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

HOME = "/var/task"
"""Where Lambda unpacks a package, as tracebacks name it."""


def add_compiled(package: Path) -> None:
    """Add to a zip the compiled form of every module in it that this interpreter can compile.

    It is taken without a look at the source (the two come from one package) and by interpreters of this version only:
    any other compiles the source, as it would without.
    """
    with tempfile.TemporaryDirectory() as home, zipfile.ZipFile(package, "a", zipfile.ZIP_DEFLATED) as held:
        held.extractall(home, [name for name in held.namelist() if name.endswith(".py")])
        compileall.compile_dir(
            home,
            quiet=2,
            maxlevels=30,
            stripdir=home,
            prependdir=HOME,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
        for compiled in sorted(Path(home).rglob("*.pyc")):
            entry = zipfile.ZipInfo(str(compiled.relative_to(home)))  # of one date, so that one content is one zip
            entry.external_attr = 0o644 << 16
            held.writestr(entry, compiled.read_bytes(), zipfile.ZIP_DEFLATED)
