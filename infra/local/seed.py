"""Fills a fresh local cloud: for now with the administrator's API key only."""

from infra.local.deploy import Deployment


def create_admin_key(_: Deployment) -> str:
    """The key that people use first; wired to the application once it has API keys."""
    return ""


def seed(deployment: Deployment) -> str:
    """Seed and return the administrator's API key."""
    return create_admin_key(deployment)
