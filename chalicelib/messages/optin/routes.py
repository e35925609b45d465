"""The settings of double opt-in over HTTP."""

from chalicelib.http import Api, Call, Nothing
from chalicelib.messages.optin import settings
from chalicelib.messages.optin.models import OptInSettings
from chalicelib.messages.optin.schemas import OptInChange, OptInView

api = Api(__name__)


@api.on("GET /settings/double-opt-in", scope="settings:read", returns=OptInView)
def show_opt_in_settings(_: Call[Nothing]) -> OptInView:
    """Show the settings of double opt-in; the version is 0 until somebody saves them."""
    return _view(settings.current())


@api.on("PUT /settings/double-opt-in", scope="settings:write", body=OptInChange, returns=OptInView)
def save_opt_in_settings(call: Call[OptInChange]) -> OptInView:
    """Replace the settings of double opt-in; send If-Match."""
    return _view(settings.save(call.body.model_dump(), call.version))


def _view(item: OptInSettings) -> OptInView:
    given = {name: getattr(item, name) for name in OptInView.model_fields if name != "allowed_addresses"}
    return OptInView(**given, allowed_addresses=item.allowed_addresses or [])
