"""The audit table: a row for each change of a record, kept apart from what can be erased: ids and names of fields."""

from pynamodb.attributes import TTLAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.dynamodb import InstantAttribute, Item, JsonAttribute
from chalicelib.settings import settings


class ByCreated(GlobalSecondaryIndex["AuditItem"]):
    """All changes, by when they were made."""

    class Meta:
        index_name = "by_created"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByRecord(GlobalSecondaryIndex["AuditItem"]):
    """The changes of a record."""

    class Meta:
        index_name = "by_record"
        projection = IncludeProjection(["kind"])

    record = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ByWho(GlobalSecondaryIndex["AuditItem"]):
    """What somebody changed."""

    class Meta:
        index_name = "by_who"
        projection = IncludeProjection(["kind"])

    who = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class AuditItem(Item):
    """The audit table."""

    class Meta:
        table_name = settings.table("audit")

    by_created = ByCreated()
    by_record = ByRecord()
    by_who = ByWho()
    listed = UnicodeAttribute(null=True)
    record = UnicodeAttribute(null=True)
    who = UnicodeAttribute(null=True)
    created_at = InstantAttribute(null=True)


class Audited(AuditItem, discriminator="audited"):
    """A change of a record: who made it, when, by which request, from where. Append-only; goes by itself in time."""

    audit_id = UnicodeAttribute()
    action = UnicodeAttribute()
    fields = JsonAttribute()
    values = JsonAttribute(null=True)
    route = UnicodeAttribute()
    address = UnicodeAttribute(null=True)
    agent = UnicodeAttribute(null=True)
    expires = TTLAttribute()

    @staticmethod
    def at(audit_id: str) -> tuple[str, str]:
        return f"AUDIT#{audit_id}", "AUDITED"
