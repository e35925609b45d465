"""The audit over HTTP; administrators'."""

from chalicelib.audit import service
from chalicelib.audit.models import Audited
from chalicelib.audit.schemas import AuditedView, AuditQuery
from chalicelib.http import Api, Call, Listing, Nothing

api = Api(__name__)


@api.on("GET /audit", scope="audit:read", query=AuditQuery, returns=Listing[AuditedView])
def list_audit(call: Call[Nothing]) -> Listing[AuditedView]:
    """List who changed what: all, of a record, or by somebody; newest first."""
    return Listing[AuditedView].of(service.changes(call.query.record, call.query.who, call.query.asked), _view)


def _view(row: Audited) -> AuditedView:
    return AuditedView(
        id=row.audit_id,
        record=str(row.record),
        who=str(row.who),
        at=row.created_at,
        action=row.action,
        fields=row.fields,
        values=row.values,
        route=row.route,
        address=row.address,
        agent=row.agent,
    )
