"""Many leads at once, skewed as life is: most did little, some did a thousand things, one did ten thousand.

Every thousand of them is alike, so that what a lead costs can be compared at any number; the seed shuffles the rest.
Rows are written as they lie, in batches, without claims: nothing here is about matching.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from chalicelib.contacts import plans as contacts
from chalicelib.contacts.context import MarketingContext
from chalicelib.dynamodb import SHARDS, Item, put, shard, writer
from chalicelib.interactions.plans import NewInteraction, record
from chalicelib.interactions.types import InteractionType
from chalicelib.leads.models import Lead

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
YEAR = timedelta(days=365)
BATCH, THREADS = 25, 4
TYPES = (
    InteractionType.EMAIL_OPENED,
    InteractionType.EMAIL_CLICKED,
    InteractionType.WEBSITE_VISITED,
    InteractionType.FORM_SUBMITTED,
)
SHARES = (40, 25, 25, 10)
CITIES = ("Odense", "Aarhus", "København")
BUSIEST = "busiest"


def number_of(index: int) -> int:
    """Return how many interactions a lead of this number has: 8 on average, the median 3, the most 1,000."""
    place = index * 619 % 1000
    for below, least, most in ((600, 0, 3), (900, 4, 12), (990, 13, 60), (999, 61, 300)):
        if place < below:
            return least + place % (most - least + 1)
    return 1000


def gather(first: int, last: int, seed: int = 7, slices: int = SHARDS) -> Counter[tuple[str, str]]:
    """Write leads number `first` to `last` (not included) with all they did; returns how often, by lead and type.

    Only those in the first slices of bulk work did anything, where nobody looks at the others.
    """
    random = Random(seed + first)
    done: Counter[tuple[str, str]] = Counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_write, _batches(_rows(range(first, last), random, done, slices))))
    return done


def add_busiest(number: int = 10_000, contact_id: str = BUSIEST) -> None:
    """Write a contact and its lead who did `number` things in two years, each known at once."""
    step = 2 * YEAR / number
    rows = [_put(_person(contact_id, 0)), _put(_lead(contact_id, contact_id))]
    instants = (NOW - timedelta(hours=2) - step * each for each in range(number))
    rows += (_did(contact_id, TYPES[each % 3], at, each) for each, at in enumerate(instants))
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_write, _batches(rows)))


Row = tuple[str, dict[str, object]]
"""A table's name and an item of it."""


def _rows(indexes: Iterable[int], random: Random, done: Counter[tuple[str, str]], slices: int) -> Iterator[Row]:
    for index in indexes:
        contact_id, lead_id = f"contact-{index:06}", f"lead-{index:06}"
        yield _put(_person(contact_id, index))
        yield _put(_lead(lead_id, contact_id))
        for each in range(number_of(index) if shard(lead_id) < slices else 0):
            type_ = random.choices(TYPES, SHARES)[0]
            done[lead_id, type_] += 1
            yield _did(contact_id, type_, NOW - timedelta(hours=2) - random.random() * YEAR, each)


def _person(contact_id: str, index: int) -> Item:
    values = {"last_name": f"Juhl {index}", "city": CITIES[index % 3]}
    return contacts.new(contact_id, values, MarketingContext(), NOW - YEAR)


def _lead(lead_id: str, contact_id: str) -> Item:
    lead = Lead.new(lead_id, NOW - YEAR)
    lead.last_name, lead.contact_id, lead.owner_id = "Juhl", contact_id, "user:u"
    return lead


def _did(contact_id: str, type_: InteractionType, at: datetime, number: int) -> Row:
    about = {"email_id": f"email-{number % 20}", "send_id": f"{contact_id}-{number // 2}"}
    new = NewInteraction(type_, at, "crowd", f"{contact_id}-{number}", contact_id=contact_id, attributes=about)
    [write] = record(new, at)
    return write.key.table, dict(write.request["Item"])


def _put(item: Item) -> Row:
    write = put(item)
    return write.key.table, dict(write.request["Item"])


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _write(batch: list[Row]) -> None:
    requests: dict[str, list[object]] = {}
    for table, item in batch:
        requests.setdefault(table, []).append({"PutRequest": {"Item": item}})
    while requests:
        requests = writer()._make_api_call("BatchWriteItem", {"RequestItems": requests}).get("UnprocessedItems", {})
