"""Which contact a submission is from: the owner of its match key or a new one, and what a match changes (8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from chalicelib.contacts import plans, strategies
from chalicelib.contacts.claims import Strategy, places
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.fields import EMAILS, clean
from chalicelib.contacts.models import Contact
from chalicelib.contacts.normalise import key_of
from chalicelib.contacts.plans import BOOK
from chalicelib.dynamodb import ConditionFailed, Look, Write, check, put_new, read, silent
from chalicelib.errors import Invalid, Problem, Stale, Unprocessable

Record = TypeVar("Record")


class Prepared(Struct, Generic[Record], frozen=True):
    """A record that a submission resolved to, and the writes that make it so; commit them with whatever else.

    `met` says whose keys it met, by strategy: where another record owns one, this one became an heir.
    """

    record: Record
    created: bool
    changed: bool
    writes: list[Write] = field(default_factory=list)
    met: Mapping[str, str] = field(default_factory=dict)


def prepare(  # noqa: PLR0913  each is part of what was submitted
    values: Mapping[str, Any],
    *,
    strategy_id: str | None,
    new_id: str,
    context: MarketingContext,
    now: datetime,
    blank_clears: bool = False,
    owner_id: str | None = None,
    business_unit: str | None = None,
    look: Look = read,
) -> Prepared[Contact]:
    """Decide who submitted these values: the contact that owns their match key, or a new one (SUB-1.1, MAT-1).

    `owner_id` is whose a new contact becomes, in `business_unit`; a known one keeps both. The unit counts for matching
    where the strategy says so (MAT-11). The writes are conditional on what was read
    here: where one fails, prepare again. Raises Unprocessable naming the attribute that the strategy needs and that has
    no value (MAT-6), Invalid for broken values.
    """
    strategy = strategies.find(strategies.CONTACT, strategy_id)
    cleaned = clean(values)
    keyed = {**cleaned, "business_unit": business_unit}
    require(strategy, keyed)
    own = {
        name: value for name, value in cleaned.items() if value is not None or (blank_clears and name != "last_name")
    }
    place = strategy.place(keyed) or ""
    owners = BOOK.owners({place, *_places(keyed)}, look)
    if place not in owners:
        contact = plans.new(new_id, {"owner_id": owner_id, "business_unit": business_unit, **own}, context, now)
        writes, met = plans.claim(contact, {}, now, owners)
        return Prepared(contact, created=True, changed=True, writes=[put_new(contact), *writes], met=met)
    known, own = owned(strategy, place, owners[place], own, look)
    return matched(known, own, now)


def owned(
    strategy: Strategy, place: str, owner: Any, own: dict[str, Any], look: Look
) -> tuple[Contact, dict[str, Any]]:
    """Return the contact that owns a key, and which of the values that came with it are to be its own."""
    [known] = look([BOOK.record_key(owner.record_id)])
    if known is None or place not in known.places:
        raise ConditionFailed([])  # deleted or changed between two reads; its claim is going as well
    if (known.claims or {}).get(strategy.id) != place:
        # Known by what somebody had that was merged into it: that stays a way to it, and not its address.
        own = {name: value for name, value in own.items() if name not in strategy.attributes}
    return known, own


def sought(values: Mapping[str, Any]) -> list[str]:
    """Return the places of the claims that `prepare` will ask for. Raises Invalid for broken values."""
    return _places(clean(values))


def _places(cleaned: Mapping[str, Any]) -> list[str]:
    return list(places(strategies.in_use(strategies.CONTACT), cleaned).values())


def require(strategy: Strategy, values: Mapping[str, Any]) -> None:
    if missing := strategy.missing(values):
        needed = [Problem(name, f"Without it we cannot tell who this is ({strategy.name}).") for name in missing]
        raise Unprocessable("The form did not send everything that its matching strategy needs.", needed)


def matched(contact: Contact, values: Mapping[str, Any], now: datetime) -> Prepared[Contact]:
    """Update a known contact (MAT-9). What has not changed is not written, only checked to be as it was read."""
    changed = {name: value for name, value in values.items() if not _same(name, value, getattr(contact, name))}
    if not changed:
        still = check(contact.key, Contact.version == contact.version)
        return Prepared(contact, created=False, changed=False, writes=[still])
    writes, met = plans.amended(contact, changed, now)
    writes = [silent(each) if isinstance(each.refused, Stale) else each for each in writes]  # it is read again instead
    return Prepared(contact, created=False, changed=True, writes=writes, met=met)


def corrected(contact: Contact, values: Mapping[str, Any], now: datetime) -> list[Write]:
    """Return the writes by which somebody corrects what is known of it; None clears, but nobody loses the last name.

    They say that the contact is still as it was read, also where nothing changes. Raises Invalid for broken values.
    """
    cleaned = clean(values)
    if "last_name" in cleaned and not cleaned["last_name"]:
        raise Invalid("A contact needs a last name.", [Problem("last_name", "This field is required.")])
    return list(matched(contact, cleaned, now).writes)


def _same(name: str, new: Any, old: Any) -> bool:
    """An address written otherwise is the same address."""
    return bool(new == old or (name in EMAILS and key_of(name, new) == key_of(name, old)))
