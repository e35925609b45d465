"""The indexes of the contacts table: which lists of contacts and accounts there are."""

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.dynamodb import InstantAttribute


class ByName(GlobalSecondaryIndex[Any]):
    """Contacts or accounts, by name."""

    class Meta:
        index_name = "by_name"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class ByCreated(GlobalSecondaryIndex[Any]):
    """Contacts or accounts, by when they were made."""

    class Meta:
        index_name = "by_created"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByOwner(GlobalSecondaryIndex[Any]):
    """What somebody owns, by when it was made."""

    class Meta:
        index_name = "by_owner"
        projection = IncludeProjection(["kind"])

    owner_id = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByAccount(GlobalSecondaryIndex[Any]):
    """The contacts of an account, by name."""

    class Meta:
        index_name = "by_account"
        projection = IncludeProjection(["kind"])

    account_id = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class ByLikeness(GlobalSecondaryIndex[Any]):
    """Contacts, or accounts, that may be alike, by name."""

    class Meta:
        index_name = "by_likeness"
        projection = IncludeProjection(["kind"])

    likeness = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class ByPhoneTail(GlobalSecondaryIndex[Any]):
    """Contacts whose telephone numbers end the same, by name."""

    class Meta:
        index_name = "by_phone_tail"
        projection = IncludeProjection(["kind"])

    phone_tail = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)
