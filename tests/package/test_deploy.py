"""A dry run of the deployment says what it would do and needs no account."""

import json
import subprocess
import sys

from infra.deploy import packaged
from infra.local.environments import ROOT


def test_a_dry_run_prints_the_plan_and_touches_nothing():
    command = [sys.executable, "-m", "infra.deploy", "prod", "--dry-run", "--public-url", "https://go.example.com"]
    unreachable = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(command, cwd=ROOT, env=unreachable, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "itinera-prod" in done.stdout
    assert "PublicUrl = https://go.example.com" in done.stdout
    assert "AWS::Serverless::Function" in done.stdout
    assert "Dry run: nothing was uploaded or deployed." in done.stdout


def test_every_local_file_of_the_template_is_uploaded(build, template):
    uploaded = []

    def upload(path):
        uploaded.append(path.resolve())
        return "bucket", path.name

    result = packaged(template, build, upload)

    assert (build / "deployment.zip").resolve() in uploaded
    assert all(path.is_file() for path in uploaded)
    assert "./deployment.zip" not in json.dumps(result)
    assert "../infra" not in json.dumps(result)
