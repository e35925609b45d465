"""What may be sent to whom, and who may allow it; pure."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace


class Level(IntEnum):
    """Consent levels; each includes the lower ones (PRV-1)."""

    NONE = 0
    CONSENT = 1
    TRANSACTIONAL = 2
    SUBSCRIPTIONS = 3
    MARKETING = 4
    PROFILING = 5


class Designation(StrEnum):
    """What a message is, by law."""

    COMMERCIAL = "commercial"
    TRANSACTIONAL = "transactional"


class Preferences(Struct, frozen=True):
    """What a contact allows (2.3); `version` 0 means that it never said anything, and these are the defaults.

    `external_level` is what an external consent system says of it (PRV-9): it bars from journeys and allows nothing.
    What follows `version` tells of the log: the record after which it stands so, which contacts were one person then
    (none: it was alone), and what was ever withdrawn.
    """

    contact_id: str
    bulk_email: bool = True
    email: bool = True
    tracking: bool = True
    prefill: bool = False
    follow_email: bool = True
    consent_level: int = 0
    is_child: bool = False
    guardian_id: str | None = None
    guardian_consent: bool = False
    of_age_on: str | None = None
    external_level: int | None = None
    restricted: bool = False  # nothing is done with what is known of the person but keeping it (GDPR art. 18)
    objected: bool = False  # no marketing, no profiling (art. 21)
    version: int = 0
    changed_at: datetime | None = None
    record: str | None = None
    people: tuple[str, ...] = ()
    withdrawn: frozenset[str] = frozenset()

    def fields(self) -> dict[str, Any]:
        """Return what can be changed."""
        return {name: value for name, value in asdict(self).items() if name not in OF_THE_ROW}


OF_THE_ROW = frozenset({"contact_id", "version", "changed_at", "record", "people", "withdrawn"})


class Refusal(StrEnum):
    """Why preferences forbid a message."""

    RESTRICTED = "processing-restricted"
    DO_NOT_EMAIL = "do-not-email"
    DO_NOT_BULK_EMAIL = "do-not-bulk-email"
    CHILD = "child-without-guardian-consent"


MATRIX: Mapping[tuple[bool, bool, Designation], Refusal | None] = {
    (True, True, Designation.COMMERCIAL): None,
    (True, True, Designation.TRANSACTIONAL): None,
    (True, False, Designation.COMMERCIAL): Refusal.DO_NOT_BULK_EMAIL,
    (True, False, Designation.TRANSACTIONAL): None,
    (False, True, Designation.COMMERCIAL): Refusal.DO_NOT_EMAIL,
    (False, True, Designation.TRANSACTIONAL): Refusal.DO_NOT_EMAIL,
    (False, False, Designation.COMMERCIAL): Refusal.DO_NOT_EMAIL,
    (False, False, Designation.TRANSACTIONAL): Refusal.DO_NOT_EMAIL,
}
"""email allowed?, bulk email allowed?, designation → why not (CON-15)."""


def refusal(preferences: Preferences, designation: Designation, *, fields: bool = True) -> Refusal | None:
    """Return why a message of a designation may not be sent, None if it may (CON-15, decision 109; PRV-11).

    Without `fields` only what the law says of the person counts: its address has its own say (RCN-6, RCN-9).
    """
    if preferences.restricted:
        return Refusal.RESTRICTED
    said = preferences if fields else _by_law(preferences)
    return MATRIX[said.email, said.bulk_email, designation] or _unguarded(said)


def _by_law(preferences: Preferences) -> Preferences:
    """Return preferences without the fields that an address may overrule; an objection to marketing it may not."""
    allowed = not preferences.objected
    return replace(preferences, email=True, bulk_email=allowed, tracking=allowed)


def _unguarded(preferences: Preferences) -> Refusal | None:
    return Refusal.CHILD if preferences.is_child and not preferences.guardian_consent else None


def trackable(preferences: Preferences, *, fields: bool = True) -> bool:
    """Return whether what the person does may be recorded (CON-14); without `fields` as `refusal` has it."""
    return (preferences if fields else _by_law(preferences)).tracking and not preferences.restricted


HOLDING_BACK = ("restricted", "objected")
ALLOWING = ("bulk_email", "email", "tracking", "prefill", "follow_email", "guardian_consent")


def raises(before: Preferences, after: Mapping[str, Any]) -> bool:
    """Return whether a change allows more than before: only the person, or a user with a reason, may (invariant 7)."""
    more = any(after.get(name) is True and not getattr(before, name) for name in ALLOWING)
    grown = before.is_child and (after.get("is_child") is False or _sooner(before, after))  # ends a child's protection
    released = any(getattr(before, name) and after.get(name) is False for name in HOLDING_BACK)
    return more or grown or released or int(after.get("consent_level", before.consent_level)) > before.consent_level


def _sooner(before: Preferences, after: Mapping[str, Any]) -> bool:
    day = after.get("of_age_on")
    return day is not None and (before.of_age_on is None or day < before.of_age_on)


def changed(before: Preferences, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of `wanted` differs."""
    return {name: value for name, value in wanted.items() if before.fields()[name] != value}


def lawful(before: Preferences, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is wanted as the law has it: nobody profiles a child (15.1), and no guardian speaks for an adult."""
    if wanted.get("is_child", before.is_child):
        level = wanted.get("consent_level", before.consent_level)
        return {**wanted, **({"consent_level": int(Level.MARKETING)} if level > Level.MARKETING else {})}
    return {**wanted, "of_age_on": None, "guardian_consent": False}


def strictest(each: Sequence[Preferences]) -> Preferences:
    """Return what a person allows that has several identities: what all of them do (invariant 7, decision 46).

    A message goes out only if it may to each: for a child among them, its own guardian's consent counts. The version
    moves on with that of any of them.
    """
    if len(each) == 1:
        return each[0]
    children = [one for one in each if one.is_child]
    flags: dict[str, Any] = {name: all(getattr(one, name) for one in each) for name in ALLOWING[:-1]}
    return Preferences(
        each[0].contact_id,
        **flags,
        consent_level=min(one.consent_level for one in each),
        is_child=bool(children),
        guardian_id=next((one.guardian_id for one in (*children, *each) if one.guardian_id), None),
        guardian_consent=all(one.guardian_consent for one in children or each),
        of_age_on=_latest(children),
        external_level=min((one.external_level for one in each if one.external_level is not None), default=None),
        restricted=any(one.restricted for one in each),
        objected=any(one.objected for one in each),
        version=sum(one.version for one in each),
        withdrawn=frozenset(name for one in each for name in one.withdrawn),
    )


def _latest(children: Sequence[Preferences]) -> str | None:
    """Return when the last of several children comes of age, None if that is not known of each."""
    days = [one.of_age_on for one in children]
    return max((day for day in days if day is not None), default=None) if None not in days else None


def raisable(before: Preferences, wanted: Mapping[str, Any], lowered: Set[str]) -> dict[str, Any]:
    """Return what of `wanted` allows more than before and was never withdrawn: all that another system may bring."""
    return {name: value for name, value in wanted.items() if name not in lowered and raises(before, {name: value})}


def lowers(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the names that a change allows less of."""
    flags = {name for name in ALLOWING if before.get(name) and after.get(name) is False}
    level = int(after.get("consent_level", 0)) < int(before.get("consent_level", 0)) and "consent_level" in after
    return flags | ({"consent_level"} if level else set())


A_MOMENT = timedelta(microseconds=1)


def moment(before: Preferences, now: datetime) -> datetime:
    """Return from when a change counts: now, or right after the last change where another clock was ahead of ours.

    So the log of a contact is in the order in which its changes were made.
    """
    return now if before.changed_at is None or now > before.changed_at else before.changed_at + A_MOMENT
