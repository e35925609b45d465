"""Contacts that are merged in tests, short to write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import merging, service
from chalicelib.contacts.joining import Wish
from chalicelib.contacts.models import Merge
from chalicelib.dynamodb import commit


def merge(into: str, other: str, now: datetime, choices: Mapping[str, str] | None = None) -> Merge:
    """Merge `other` into a contact; the merge's id is `<into>-<other>`."""
    wish = Wish(f"{into}-{other}", choices or {}, by="user:u", why="the same person")
    return merging.merge(into, other, wish, service.find(into).version, now)


def undo(into: str, other: str, now: datetime) -> Merge:
    return merging.undo(into, f"{into}-{other}", "user:u", now)


def prefer(contact_id: str, now: datetime, **wanted: Any) -> None:
    """Let one contact allow or refuse something by its own row."""
    evidence = Evidence(who="user:u", source="test", method="test")
    commit(consent_plans.change(consent.preferences(contact_id), wanted, evidence, f"change-{wanted}", now))
