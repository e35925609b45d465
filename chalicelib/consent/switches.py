"""What is decided about consent (15.2): whether a minimum counts at all, from which ages people consent themselves."""

import time
from collections.abc import Mapping
from datetime import datetime

from chalicelib.consent.models import ConsentSettings
from chalicelib.definitions import jobs
from chalicelib.definitions.lifecycle import JobWanted
from chalicelib.dynamodb import Write, commit, put_changed, put_new
from chalicelib.errors import Problem, Stale
from chalicelib.settings import settings

WORK, AGES = "consent-switch", "consent-ages"
KNOWN_EVERYWHERE = 10  # seconds after a change in which every process has forgotten what was before
OFF = "Minimum consent is switched off, so this would have no effect. Switch it on in the settings, or leave it out."

_known: list[tuple[float, ConsentSettings]] = []


def current() -> ConsentSettings:
    """Return the settings of consent, read consistently; where nobody decided anything, the defaults."""
    return ConsentSettings.find(*ConsentSettings.at()) or ConsentSettings(*ConsentSettings.at())


def counted(minimum: int | None) -> int | None:
    """Return the minimum consent that a journey or model asks for, None where the switch is off (PRV-3)."""
    return minimum if minimum is not None and _remembered().minimum_consent else None


def problems(minimum: int | None, place: str = "/minimum_consent") -> list[Problem]:
    """Return what keeps a definition with a minimum consent from going live: while the switch is off nobody sees it."""
    return [Problem(place, OFF)] if minimum is not None and not current().minimum_consent else []


def ages() -> Mapping[str, int]:
    """Return the ages of consent that the organisation puts in the place of those that are shipped, by country."""
    return _remembered().ages or {}


def fields_count() -> bool:
    """Return whether a contact's preferences count for messages that go by what its address said (RCN-6)."""
    return bool(_remembered().preference_fields)


def save(
    version: int, now: datetime, *, minimum_consent: bool, ages: Mapping[str, int], preference_fields: bool = True
) -> ConsentSettings:
    """Decide about consent. Raises Stale. Everybody is then looked at again, once all processes know of it."""
    stale = Stale("The settings have changed since you read them. Read them again and repeat the change.")
    before = current()
    wanted = ConsentSettings(*ConsentSettings.at(), minimum_consent=minimum_consent, version=version or 1)
    wanted.ages, wanted.preference_fields = dict(ages) or None, preference_fields
    turned = [WORK] if minimum_consent != before.minimum_consent else []
    moved = [AGES] if wanted.ages != before.ages else []
    write = put_changed(wanted, refused=stale) if version else put_new(wanted, refused=stale)
    commit([write], *(_again(work, version, now) for work in (*turned, *moved)))
    _known.clear()
    return wanted


def _again(work: str, version: int, now: datetime) -> list[Write]:
    return jobs.plan(f"{work}-{version}", JobWanted(work, delay=KNOWN_EVERYWHERE), now)


def _remembered() -> ConsentSettings:
    """Return the settings, at most settings.live_cache_seconds old."""
    asked, known = _known[0] if _known else (float("-inf"), None)
    if known is None or time.monotonic() - asked >= float(settings.live_cache_seconds):
        known = current()
        _known[:] = [(time.monotonic(), known)]
    return known
