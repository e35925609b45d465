"""Some of all contacts, and about how many there are: bounded, however many they be."""

from msgspec import Struct

from chalicelib.contacts.models import ContactsItem
from chalicelib.dynamodb import SHARDS, count_index
from chalicelib.lists import partitions

MOMENTS = 5  # of a shard's time, from each of which some are taken


class Sample(Struct, frozen=True):
    """Contacts spread over the shards, and in each over the time in which they were made."""

    contact_ids: list[str]
    complete: bool
    """Whether these are all that there are."""


def take(most: int) -> Sample:
    each = most // SHARDS
    found = [_of_shard(partition, each) for partition in partitions("contact")]
    ids = [contact_id for some, _ in found for contact_id in some]
    return Sample(ids, all(complete for _, complete in found))


def _of_shard(partition: str, most: int) -> tuple[list[str], bool]:
    oldest = list(ContactsItem.by_created.query(partition, limit=most + 1, page_size=most + 1))
    if len(oldest) <= most:
        return [_id(item) for item in oldest], True
    [newest] = ContactsItem.by_created.query(partition, limit=1, scan_index_forward=False)
    began, lasted = oldest[0].created_at, newest.created_at - oldest[0].created_at
    some = most // MOMENTS
    taken = [
        _id(item)
        for moment in range(MOMENTS)
        for item in ContactsItem.by_created.query(
            partition, ContactsItem.created_at >= began + lasted * moment / MOMENTS, limit=some, page_size=some
        )
    ]
    return list(dict.fromkeys(taken)), False


def _id(item: ContactsItem) -> str:
    return item.pk.partition("#")[2]


def count_about() -> int:
    """Return about how many contacts there are, by one shard of sixteen."""
    return count_index(ContactsItem, "by_created", "listed", partitions("contact")[0]) * SHARDS
