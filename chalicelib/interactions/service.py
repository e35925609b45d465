"""Use cases: read what a contact did, decide verdicts, credit a visitor's past to its contact."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from chalicelib.clock import as_text
from chalicelib.conditions.facts import Interaction as Told
from chalicelib.conditions.facts import Verdict
from chalicelib.dynamodb import ConditionFailed, Key, commit, put_new, update
from chalicelib.errors import NotFound
from chalicelib.interactions import plans
from chalicelib.interactions.models import Fact, Interaction
from chalicelib.interactions.plans import NewInteraction
from chalicelib.lists import Asked, Page
from chalicelib.tokens import seal, unseal

MOST_CREDITED = 1000


def record(new: NewInteraction, now: datetime) -> str:
    """Record what another system reports, once however often it does, and return its id."""
    try:
        commit(plans.record(new, now, once=True))
    except ConditionFailed as failed:
        if not failed.of(Fact):
            raise
    return new.id


def of_contact(contact_id: str, type_: str, since: datetime | None = None) -> list[Interaction]:
    """Return a contact's interactions of a type, oldest first, read consistently."""
    return list(_range(contact_id, type_, since, None))


def told(contact_id: str, type_: str, since: datetime | None) -> Iterator[Told]:
    """Yield a contact's interactions of a type as conditions read them."""
    for item in of_contact(contact_id, type_, since):
        verdict = Verdict(item.verdict) if item.verdict else Verdict.HUMAN
        yield Told(item.interaction_id, item.type, item.at, item.attributes or {}, verdict)


def _range(contact_id: str, type_: str, since: datetime | None, until: datetime | None) -> Iterator[Interaction]:
    low = f"{type_}#{as_text(since)}" if since else f"{type_}#"
    high = f"{type_}#{as_text(until)}" if until else f"{type_}#~"
    condition = Interaction.sk.between(low, high)
    return iter(Interaction.query(f"CONTACT#{contact_id}", condition, consistent_read=True))


def page_of_contact(
    contact_id: str, type_: str, since: datetime | None, until: datetime | None, asked: Asked
) -> Page[Interaction]:
    """Return a page of a contact's interactions of a type, newest first (INT-8)."""
    pk = f"CONTACT#{contact_id}"
    low = f"{type_}#{as_text(since)}" if since else f"{type_}#"
    high = f"{type_}#{as_text(until)}" if until else f"{type_}#~"
    place = {"pk": {"S": pk}, "sk": {"S": unseal("interactions", asked.cursor)}} if asked.cursor else None
    query = Interaction.query(
        pk, Interaction.sk.between(low, high), scan_index_forward=False, limit=asked.limit + 1, last_evaluated_key=place
    )
    found = list(islice(query, asked.limit + 1))
    more = len(found) > asked.limit
    return Page(found[: asked.limit], seal("interactions", found[asked.limit - 1].sk) if more else None)


def find(pk: str, sk: str) -> Interaction:
    """Return an interaction by its key. Raises NotFound."""
    item = Interaction.find(pk, sk)
    if item is None:
        raise NotFound("There is no such interaction.")
    return item


def decide(pk: str, sk: str, verdict: Verdict, reasons: Sequence[str], now: datetime) -> bool:
    """Set the verdict of an undecided interaction, and return whether this call did (a repeat does not)."""
    write = update(
        Key(Interaction, pk, sk),
        Interaction.verdict.set(verdict),
        Interaction.reasons.set(list(reasons)),
        Interaction.decided_at.set(now),
        condition=Interaction.verdict == Verdict.UNDECIDED,
    )
    try:
        commit([write])
    except ConditionFailed:
        return False
    return True


def identify(visitor_id: str, contact_id: str, now: datetime) -> int:
    """Credit what a visitor did before to the contact that it turned out to be; returns how many (decision 34).

    At most 1,000 interactions; each keeps its id, so none counts twice; repeating it changes nothing.
    """
    found = Interaction.query(f"VISITOR#{visitor_id}", consistent_read=True)
    open_ones = [item for item in islice(found, MOST_CREDITED) if item.credited_to is None]
    return sum(_credit(item, contact_id, now) for item in open_ones)


def _credit(original: Interaction, contact_id: str, now: datetime) -> int:
    copy = Interaction.from_raw_data(original.serialize())
    copy.pk, copy.contact_id, copy.recorded_at = f"CONTACT#{contact_id}", contact_id, now
    credited = update(
        original.key, Interaction.credited_to.set(contact_id), condition=Interaction.credited_to.does_not_exist()
    )
    try:
        commit([put_new(copy), credited])
    except ConditionFailed:
        return 0
    return 1
