"""The views table: what bulk work on records was asked for, and what it comes to; it forgets after a week."""

from datetime import timedelta

from pynamodb.attributes import JSONAttribute, TTLAttribute, UnicodeAttribute

from chalicelib.definitions.walks import Walked
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item
from chalicelib.settings import settings

KEPT = timedelta(days=7)


class ViewsItem(Item):
    """The views table."""

    class Meta:
        table_name = settings.table("views")


class Run(ViewsItem, discriminator="action_run"):
    """An action on all members of a segment that somebody asked for."""

    run_id = UnicodeAttribute()
    segment_id = UnicodeAttribute()
    order = JSONAttribute()
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()
    expires = TTLAttribute()

    @staticmethod
    def at(run_id: str) -> tuple[str, str]:
        return f"RUN#{run_id}", "RUN"


class Export(ViewsItem, discriminator="record_export"):
    """Records that somebody wants as files: which, and the files that came of it, once all rows are known."""

    export_id = UnicodeAttribute()
    view = JSONAttribute()  # what it showed when it was asked for
    consent_log = JSONAttribute(null=True)  # in its place: which changes of consent
    name = UnicodeAttribute()
    format = UnicodeAttribute()
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()
    files = JSONAttribute(null=True)
    rows = IntegerAttribute(null=True)
    expires = TTLAttribute()

    @staticmethod
    def at(export_id: str) -> tuple[str, str]:
        return f"EXPORT#{export_id}", "EXPORT"


class Walk(Walked, ViewsItem, discriminator="record_walk"):
    """A slice of a job, with names of the records that it took last.

    A name is a digest of an id, so that nobody has to be looked for here who is erased.
    """
