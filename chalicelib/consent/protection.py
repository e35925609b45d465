"""Use case: the data protection section of a contact (CON-6): its level and what that permits, its guardian."""

from collections.abc import Iterator

from msgspec import Struct

from chalicelib.consent import service
from chalicelib.consent.models import ChangeRow
from chalicelib.consent.rules import Level, Preferences
from chalicelib.contacts import service as contacts

PERMITS = {
    Level.NONE: "No contact, no processing and no automated decisions; the person may still send forms.",
    Level.CONSENT: "Contact only to confirm or to obtain consent.",
    Level.TRANSACTIONAL: "Messages about business that exists; no promotion.",
    Level.SUBSCRIPTIONS: "Offers to sign up for lists.",
    Level.MARKETING: "Promotional messages.",
    Level.PROFILING: "Data about the person and what it does, used for automated decisions; never of children.",
}
"""What a level adds to those below it (PRV-1)."""
NAMES = ("consent_level", "is_child", "guardian_id", "guardian_consent")
"""What of preferences is data protection."""
LOOKED_AT = 50  # changes of an identity, the latest first


class Protection(Struct, frozen=True):
    """What is known of somebody's data protection; `changed` is the latest change of it that is known."""

    allowed: Preferences
    level: Level
    permits: list[str]
    guardian_name: str | None
    changed: ChangeRow | None


def of(contact_id: str) -> Protection:
    """Return somebody's data protection, the strictest of all that it is. Raises NotFound."""
    who = contacts.find_who(contact_id)
    allowed = service.of_person(who)
    level = Level(allowed.consent_level)
    changes = [change for each in who.ids for change in _latest_first(each)]
    concerned = [each for each in changes if any(name in each.after for name in NAMES)]
    return Protection(
        allowed,
        level,
        [PERMITS[each] for each in Level if each <= level],
        _name(allowed.guardian_id),
        max(concerned, key=lambda each: each.sk, default=None),
    )


def _latest_first(contact_id: str) -> Iterator[ChangeRow]:
    rows = ChangeRow.sk.startswith("CHANGE#")
    return iter(ChangeRow.query(f"CONTACT#{contact_id}", rows, limit=LOOKED_AT, scan_index_forward=False))


def _name(contact_id: str | None) -> str | None:
    guardian = contacts.who_is(contact_id).contact if contact_id else None
    return " ".join(part for part in (guardian.first_name, guardian.last_name) if part) if guardian else None
