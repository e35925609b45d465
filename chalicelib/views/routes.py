"""Saved views over HTTP, and what they show."""

from chalicelib.access.scopes import require as require_scope
from chalicelib.definitions.lifecycle import Checked
from chalicelib.definitions.models import Definition
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.http import Api, Call, ListQuery, Nothing
from chalicelib.views import rows
from chalicelib.views.document import ViewDocument, require
from chalicelib.views.schemas import RowsView, RowView

api = Api(__name__)


def _answerable(document: ViewDocument, _: Definition | None) -> ViewDocument:
    require(document)
    return document


lifecycle(api, Kind(rows.KIND, "/views", ViewDocument, lambda _: Checked(), before_save=_answerable, lifecycle=False))


@api.on("GET /views/{view_id}/rows", scope="views:read", query=ListQuery, returns=RowsView)
def list_view_rows(call: Call[Nothing], view_id: str) -> RowsView:
    """List what a view shows; whoever may read the records may see them."""
    view = rows.find(view_id)
    require_scope(call.caller.scopes, f"{view.record_type}s:read")
    found = rows.shown(view_id, view, call.query.asked)
    return RowsView(
        record_type=view.record_type,
        columns=list(rows.columns_of(view)),
        items=[RowView.model_validate(each) for each in found.items],
        next_cursor=found.next_cursor,
    )
