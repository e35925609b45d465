"""Fills a fresh local cloud: the administrator's API key and the demo company."""

import os
import subprocess
import sys

from infra.local.cloud import CREDENTIALS, REGION
from infra.local.demo.client import Client
from infra.local.demo.company import Company, found, privacy_pages
from infra.local.deploy import Deployment
from infra.local.environments import ROOT


def create_admin_key(deployment: Deployment) -> str:
    """Make the key that people use first, as `make key` does on AWS."""
    environment = {
        **os.environ,
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": deployment.cloud_url,
        "PREFIX": deployment.prefix,
    }
    made = subprocess.run(
        [sys.executable, "-m", "infra.key", "local"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


def seed(deployment: Deployment) -> tuple[str, Company]:
    """Seed and return the administrator's API key and the demo company."""
    key = create_admin_key(deployment)
    client = Client(deployment.api_url, key)
    company = found(client)
    client.call("PUT", "/privacy-requests", privacy_pages(company.content_settings))
    return key, company
