"""The privacy table: requests of people, and what an erasure has to know until it is done."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Key, TextsAttribute, shard
from chalicelib.privacy.kinds import AT_WORK, Progress
from chalicelib.settings import settings


class ByCreated(GlobalSecondaryIndex["PrivacyItem"]):
    """Requests, by when they were made."""

    class Meta:
        index_name = "by_created"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByDeadline(GlobalSecondaryIndex["PrivacyItem"]):
    """Requests that are not completed, by when they have to be."""

    class Meta:
        index_name = "by_deadline"
        projection = IncludeProjection(["kind"])

    open_requests = UnicodeAttribute(hash_key=True)
    deadline = InstantAttribute(range_key=True)


class PrivacyItem(Item):
    """The privacy table."""

    class Meta:
        table_name = settings.table("privacy")

    by_created = ByCreated()
    by_deadline = ByDeadline()
    listed = UnicodeAttribute(null=True)
    created_at = InstantAttribute(null=True)
    open_requests = UnicodeAttribute(null=True)
    deadline = InstantAttribute(null=True)


class Request(PrivacyItem, discriminator="privacy_request"):
    """What somebody demands (PRV-17). Once it was erased, nothing here says who that was but the receipt's hashes."""

    request_id = UnicodeAttribute()
    type = UnicodeAttribute()
    progress = UnicodeAttribute(default=Progress.OPEN)
    identifier = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute()
    received_at = InstantAttribute()
    contact_ids = JsonAttribute(null=True)
    result = JsonAttribute(null=True)  # what came of it: files, receipt
    recipients = JsonAttribute(null=True)  # who had the data when it was carried out, and has to be told
    created_by = UnicodeAttribute()
    started_by = UnicodeAttribute(null=True)
    started_at = InstantAttribute(null=True)
    completed_at = InstantAttribute(null=True)
    updated_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(request_id: str) -> tuple[str, str]:
        return f"REQUEST#{request_id}", "REQUEST"

    @property
    def open(self) -> bool:
        return self.progress in AT_WORK

    def list_it(self) -> None:
        number = shard(self.request_id)
        self.listed = f"privacy-request#{number}"
        self.open_requests = f"open#{number}" if self.open else None


class Search(PrivacyItem, discriminator="privacy_search"):
    """Whom a job looks for, sealed, and what it has found so far; goes when the job has ended."""

    sealed = UnicodeAttribute()
    found = TextsAttribute(null=True)  # such as lead#<id>
    began_at = InstantAttribute()
    run = IntegerAttribute(default=1)
    found_in = IntegerAttribute(default=0)  # the last run that found anything

    @staticmethod
    def at(request_id: str) -> tuple[str, str]:
        return f"REQUEST#{request_id}", "SEARCH"


def request_key(request_id: str) -> Key:
    return Key(Request, *Request.at(request_id))


def search_key(request_id: str) -> Key:
    return Key(Search, *Search.at(request_id))
