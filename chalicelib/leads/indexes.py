"""The indexes of the leads table: which lists of leads and opportunities there are."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.dynamodb import InstantAttribute, Item


class ByCreated(GlobalSecondaryIndex[Item]):
    """All leads, by creation."""

    class Meta:
        index_name = "by_created"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByOwner(GlobalSecondaryIndex[Item]):
    """The leads of an owner, by creation."""

    class Meta:
        index_name = "by_owner"
        projection = IncludeProjection(["kind"])

    owner_id = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByStage(GlobalSecondaryIndex[Item]):
    """The open leads of a stage, by how long they have been there."""

    class Meta:
        index_name = "by_stage"
        projection = IncludeProjection(["kind"])

    stage_shard = UnicodeAttribute(hash_key=True)
    stage_since = InstantAttribute(range_key=True)


class ByContact(GlobalSecondaryIndex[Item]):
    """The leads of a contact, by creation."""

    class Meta:
        index_name = "by_contact"
        projection = IncludeProjection(["kind"])

    contact_id = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByAccount(GlobalSecondaryIndex[Item]):
    """The leads of an account, by creation."""

    class Meta:
        index_name = "by_account"
        projection = IncludeProjection(["kind"])

    account_id = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByQueue(GlobalSecondaryIndex[Item]):
    """The open leads that wait for sales, or at a stage for teleprospectors, by how long they have waited."""

    class Meta:
        index_name = "by_queue"
        projection = IncludeProjection(["kind"])

    queue_shard = UnicodeAttribute(hash_key=True)
    queued_at = InstantAttribute(range_key=True)


class ByQueueOwner(GlobalSecondaryIndex[Item]):
    """The same by whose they are, or of nobody yet."""

    class Meta:
        index_name = "by_queue_owner"
        projection = IncludeProjection(["kind"])

    queue_owner = UnicodeAttribute(hash_key=True)
    queued_at = InstantAttribute(range_key=True)


class ByLikeness(GlobalSecondaryIndex[Item]):
    """Open leads that may be alike, by creation."""

    class Meta:
        index_name = "by_likeness"
        projection = IncludeProjection(["kind"])

    likeness = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByPhoneTail(GlobalSecondaryIndex[Item]):
    """Open leads whose telephone numbers end the same, by creation."""

    class Meta:
        index_name = "by_phone_tail"
        projection = IncludeProjection(["kind"])

    phone_tail = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByOrphan(GlobalSecondaryIndex[Item]):
    """The open leads without a parent, by creation (MTL-2)."""

    class Meta:
        index_name = "by_orphan"
        projection = IncludeProjection(["kind"])

    orphan_shard = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)
