"""API keys over HTTP."""

from http import HTTPStatus

from chalicelib.access import service
from chalicelib.access.models import ApiKey
from chalicelib.access.schemas import FreshKey, Keys, KeyView, NewKey
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)


@api.on("POST /settings/api-keys", scope="api-keys:write", body=NewKey, returns=FreshKey, status=HTTPStatus.CREATED)
def create_api_key(call: Call[NewKey]) -> FreshKey:
    """Make a key; its text is shown this once."""
    key, text = service.create_key(call.new_id, call.body.name, call.body.scopes, call.caller.scopes, call.now)
    return FreshKey(key=text, **_view(key).model_dump())


@api.on("GET /settings/api-keys", scope="api-keys:read", returns=Keys)
def list_api_keys(_: Call[Nothing]) -> Keys:
    """List all keys, revoked ones too."""
    return Keys(items=[_view(key) for key in service.list_keys()])


@api.on("DELETE /settings/api-keys/{key_id}", scope="api-keys:write")
def revoke_api_key(call: Call[Nothing], key_id: str) -> None:
    """End a key."""
    service.revoke_key(key_id, call.now)


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        id=key.key_id, name=key.name, scopes=sorted(key.scopes), created_at=key.created_at, revoked_at=key.revoked_at
    )
