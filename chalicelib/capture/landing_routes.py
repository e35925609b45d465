"""The settings of landing pages over HTTP: the default ones, and all that there are."""

from http import HTTPStatus

from chalicelib.capture import landing
from chalicelib.capture.models import LandingSettings
from chalicelib.capture.schemas import (
    LandingSettingsChange,
    LandingSettingsList,
    LandingSettingsView,
    NamedLandingSettings,
)
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)

ALL, ONE = "/landing-settings", "/landing-settings/{landing_settings_id}"
READ, WRITE = "settings:read", "settings:write"


@api.on("GET /settings/landing-pages", scope=READ, returns=LandingSettingsView)
def show_landing_settings(_: Call[Nothing]) -> LandingSettingsView:
    """Show the default settings of landing pages."""
    return _view(landing.default())


@api.on("PUT /settings/landing-pages", scope=WRITE, body=LandingSettingsChange, returns=LandingSettingsView)
def change_landing_settings(call: Call[LandingSettingsChange]) -> LandingSettingsView:
    """LandingSettingsChange the default settings of landing pages; send If-Match."""
    default = landing.default()
    return _view(landing.amend(default.settings_id, call.body.model_dump(mode="json"), call.version))


@api.on(f"POST {ALL}", scope=WRITE, body=NamedLandingSettings, returns=LandingSettingsView, status=HTTPStatus.CREATED)
def create_landing_settings(call: Call[NamedLandingSettings]) -> LandingSettingsView:
    """Make further settings of landing pages; they count once they are the default."""
    return _view(landing.create(call.new_id, call.body.model_dump(mode="json"), call.now))


@api.on(f"GET {ALL}", scope=READ, returns=LandingSettingsList)
def list_landing_settings(_: Call[Nothing]) -> LandingSettingsList:
    """List all settings of landing pages; one of them is the default."""
    return LandingSettingsList(items=[_view(each) for each in landing.all_of_them()])


@api.on(f"GET {ONE}", scope=READ, returns=LandingSettingsView)
def show_one_of_landing_settings(_: Call[Nothing], landing_settings_id: str) -> LandingSettingsView:
    """Show settings of landing pages."""
    return _view(landing.find(landing_settings_id))


@api.on(f"PUT {ONE}", scope=WRITE, body=NamedLandingSettings, returns=LandingSettingsView)
def change_one_of_landing_settings(call: Call[NamedLandingSettings], landing_settings_id: str) -> LandingSettingsView:
    """LandingSettingsChange settings of landing pages; send If-Match."""
    return _view(landing.amend(landing_settings_id, call.body.model_dump(mode="json"), call.version))


@api.on(f"DELETE {ONE}", scope=WRITE)
def delete_landing_settings(call: Call[Nothing], landing_settings_id: str) -> None:
    """Remove settings of landing pages that are not the default; send If-Match."""
    landing.remove(landing_settings_id, call.version)


@api.on(f"POST {ONE}/default", scope=WRITE, returns=LandingSettingsView)
def make_landing_settings_default(_: Call[Nothing], landing_settings_id: str) -> LandingSettingsView:
    """Make settings the default ones; those that were are not any more (LPC-1)."""
    return _view(landing.make_default(landing_settings_id))


def _view(stored: LandingSettings) -> LandingSettingsView:
    given = {name: getattr(stored, name) for name in LandingSettingsView.model_fields if name not in {"id", "default"}}
    return LandingSettingsView(**given, id=stored.settings_id, default=landing.is_default(stored.settings_id))
