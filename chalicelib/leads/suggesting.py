"""Use cases: which open leads may be the same as a lead, with a score and reasons, and that it is not so.

Who has the same match key waits behind the same claim; who is only alike is looked for in blocks: leads of the same
contact or account, open ones of the name at the domain or of the telephone number, each nearest in time.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import chain, islice

from chalicelib.contacts import accounts, suggestions
from chalicelib.contacts import service as contacts
from chalicelib.contacts.likeness import Likeness, Record
from chalicelib.contacts.suggestions import Kind, SameKey, Suggestion
from chalicelib.dynamodb import read
from chalicelib.leads import reading
from chalicelib.leads.likeness import CAME_FROM, leads_alike
from chalicelib.leads.matching import BOOK
from chalicelib.leads.models import Dismissed, Heir, Lead, LeadsItem, lead_key

MOST_PLACES = 10  # claims whose owner and heirs are looked at
MOST_HEIRS = 25  # of each
MOST = 200  # leads that are compared

LEAD = Kind(
    "lead",
    Dismissed,
    (
        *("topic", "first_name", "last_name", "company_name", "email", "phone", "mobile_phone", "postal_code"),
        *("contact_id", "account_id", *CAME_FROM),
    ),
)

Parents = Mapping[str, tuple[str, ...]]
"""All that a lead's contact is, and all that its account is, by field; the one that counts comes first."""


def of_lead(lead_id: str) -> list[Suggestion]:
    """Return which open leads may be the same, the surest first; of a closed lead there are none. Raises NotFound."""
    asked = _counting(lead_id)
    if not asked.open:
        return []
    parents = _parents(asked)
    by_key = _of_same_keys(asked)
    looked_at = islice(dict.fromkeys(chain(by_key, _around(asked, parents))), MOST)
    rows = read(lead_key(each) for each in looked_at if each != asked.lead_id)
    found = {each.lead_id: each for each in rows if each is not None and each.open}
    return suggestions.listed(LEAD, asked, found, by_key, partial(_alike, parents))


def _counting(lead_id: str) -> Lead:
    """Return a lead, or the one that it was merged into."""
    lead = reading.find(lead_id)
    return reading.find(lead.merged_into) if lead.merged_into is not None else lead


def _parents(lead: Lead) -> Parents:
    contact = contacts.who_is(lead.contact_id).ids if lead.contact_id else ()
    return {"contact_id": contact, "account_id": accounts.ids_of(lead.account_id) if lead.account_id else ()}


def _alike(parents: Parents, one: Record, other: Record) -> Likeness:
    return leads_alike(_as_one(parents, one), _as_one(parents, other))


def _as_one(parents: Parents, lead: Record) -> Record:
    """Name a lead's parents as those that count: of the asked lead's own, all identities are one."""
    return {**lead, **{name: ids[0] for name, ids in parents.items() if lead.get(name) in ids}}


def _of_same_keys(lead: Lead) -> dict[str, SameKey]:
    """Return which leads have the same match key: who owns it, and who waits behind."""
    own = (lead.claims or {}).values()
    places = list(dict.fromkeys([*own, *sorted(lead.inherited or ())]))[:MOST_PLACES]
    found: dict[str, SameKey] = {}
    for place, owner in BOOK.owners(places).items():
        strategy_id = place.split("#")[1]
        found.setdefault(owner.record_id, SameKey(strategy_id, owner.since))
        for heir in Heir.query(place, Heir.sk.startswith("HEIR#"), limit=MOST_HEIRS, consistent_read=True):
            found.setdefault(heir.record_id, SameKey(strategy_id, heir.updated_at))
    found.pop(lead.lead_id, None)
    return found


def _around(lead: Lead, parents: Parents) -> Iterator[str]:
    blocks = [
        *((LeadsItem.by_contact, each) for each in parents["contact_id"]),
        *((LeadsItem.by_account, each) for each in parents["account_id"]),
        (LeadsItem.by_likeness, lead.likeness),
        (LeadsItem.by_phone_tail, lead.phone_tail),
    ]
    for index, block in blocks:
        for item in suggestions.near(index, block, Lead.created_at, lead.created_at):
            if isinstance(item, Lead):  # stakes and opportunities share lists of contacts and accounts
                yield item.pk.removeprefix("LEAD#")


def dismiss(lead_id: str, other_id: str, by: str, now: datetime) -> None:
    """Note that two leads are not the same; they are not suggested again while both stay as they are.

    Raises NotFound, Invalid for one and the same.
    """
    suggestions.dismiss(LEAD, _counting(lead_id), _counting(other_id), by, now)
