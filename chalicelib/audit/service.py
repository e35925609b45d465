"""Use case: look up who changed what."""

from chalicelib.audit.models import Audited, AuditItem
from chalicelib.errors import Invalid, Problem
from chalicelib.lists import Asked, Page, page, partitions


def changes(record: str | None, who: str | None, asked: Asked) -> Page[Audited]:
    """Return a page of changes, newest first: all, of a record, or by somebody. Raises Invalid for both at once."""
    if record is not None and who is not None:
        raise Invalid("Ask for a record or for somebody, not for both.", [Problem("who", "Leave one of them out.")])
    if record is not None:
        return page(AuditItem.by_record, [record], asked, newest_first=True, kind=Audited)
    if who is not None:
        return page(AuditItem.by_who, [who], asked, newest_first=True, kind=Audited)
    return page(AuditItem.by_created, partitions("audit"), asked, newest_first=True, kind=Audited)
