"""Where the browser cannot be brought, one is told the one command that does."""

import subprocess
import sys

import pytest

from infra.local import chromium
from infra.local.environments import ROOT


def test_without_apt_the_command_is_told_and_nothing_breaks_off():
    run = subprocess.run(
        [sys.executable, "-m", "infra.local.chromium"],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert chromium.COMMAND in run.stdout
    assert len(run.stdout.strip().splitlines()) == 3


def test_a_test_that_needs_the_browser_fails_with_the_command(monkeypatch):
    from tests.support.browsing import opened

    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match="apt-get install"), opened(None, {}):
        pass
