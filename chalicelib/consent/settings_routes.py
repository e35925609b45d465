"""What is decided about consent, over HTTP."""

from chalicelib.consent import switches
from chalicelib.consent.models import ConsentSettings
from chalicelib.consent.schemas import ConsentSettingsChange, ConsentSettingsView
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)


@api.on("GET /settings/consent", scope="settings:read", returns=ConsentSettingsView)
def show_consent_settings(_: Call[Nothing]) -> ConsentSettingsView:
    """Show what is decided about consent."""
    return _view(switches.current())


@api.on("PUT /settings/consent", scope="settings:write", body=ConsentSettingsChange, returns=ConsentSettingsView)
def save_consent_settings(call: Call[ConsentSettingsChange]) -> ConsentSettingsView:
    """Decide about consent; with another minimum or other ages everybody is looked at again."""
    wanted = call.body
    values = wanted.model_dump(include={"minimum_consent", "preference_fields", "ages"})
    return _view(switches.save(call.version, call.now, **values))


def _view(settings: ConsentSettings) -> ConsentSettingsView:
    ages = settings.ages or {}
    return ConsentSettingsView(
        minimum_consent=settings.minimum_consent,
        preference_fields=settings.preference_fields,
        ages=ages,
        version=settings.version,
    )
