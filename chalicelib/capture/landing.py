"""Use cases: the settings of landing pages, of which there may be many and exactly one is the default (LPC-1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.capture.models import LandingDefault, LandingSettings
from chalicelib.capture.schemas import FormDocument, PageDocument, Update
from chalicelib.capture.websites.schemas import Banner
from chalicelib.contacts import strategies
from chalicelib.dynamodb import Key, Write, check, commit, delete, put_changed, put_new
from chalicelib.errors import Conflict, NotFound, Stale

STANDARD = "standard"
"""The settings that are always there, as they are shipped until somebody changes them."""


def default() -> LandingSettings:
    """Return the settings that forms and pages take what they do not say themselves from."""
    return find(_pointer().settings_id)


def _pointer() -> LandingDefault:
    return LandingDefault.find(*LandingDefault.PLACE) or LandingDefault(*LandingDefault.PLACE, settings_id=STANDARD)


def find(settings_id: str) -> LandingSettings:
    """Return settings. Raises NotFound."""
    found = LandingSettings.find(*LandingSettings.at(settings_id))
    if found is None and settings_id == STANDARD:
        return LandingSettings(*LandingSettings.at(STANDARD), settings_id=STANDARD, name="Standard")
    if found is None:
        raise NotFound("There are no landing page settings of this id.")
    return found


def all_of_them() -> list[LandingSettings]:
    """Return all settings, the standard ones first; there are dozens at most."""
    pk, prefix = LandingSettings.at(STANDARD)
    return [find(STANDARD), *LandingSettings.query(pk, LandingSettings.sk.startswith(f"{prefix}#"))]


def create(settings_id: str, values: Mapping[str, Any], _: datetime) -> LandingSettings:
    """Make settings. The same id again returns what it made the first time."""
    made = LandingSettings(*LandingSettings.at(settings_id), settings_id=settings_id, **values)
    made.version = 1
    try:
        commit([put_new(made, refused=Conflict("made already"))])
    except Conflict:
        return find(settings_id)
    return made


def amend(settings_id: str, values: Mapping[str, Any], version: int) -> LandingSettings:
    """Change settings; forms and pages that are there keep what they took (LPC-3, LPC-4). Raises NotFound, Stale."""
    stored = _read(settings_id, version)
    for name, value in values.items():
        setattr(stored, name, value)
    commit([_kept(stored)])
    return stored


def _kept(stored: LandingSettings) -> Write:
    if stored.version == 0:
        stored.version = 1
        return put_new(stored, refused=Stale("The settings have just been changed."))
    return put_changed(stored)


def make_default(settings_id: str) -> LandingSettings:
    """Make settings the default ones in the place of those that were. Raises NotFound, Stale."""
    found, pointer = find(settings_id), _pointer()
    there = LandingSettings.pk.exists()
    still = [check(found.key, there, refused=NotFound("The settings are gone."))] if found.version else []
    pointer.settings_id = settings_id
    first = pointer.version == 0
    pointer.version = 1 if first else pointer.version
    moved = Stale("Others were made the default at this very moment.")
    commit(still, [put_new(pointer, refused=moved) if first else put_changed(pointer, refused=moved)])
    return found


def remove(settings_id: str, version: int) -> None:
    """Remove settings, but for the default and the standard ones. Raises Conflict, NotFound, Stale."""
    if settings_id == STANDARD:
        raise Conflict("The standard settings are always there. Make others the default.")
    stored = _read(settings_id, version)
    refused = Conflict("These are the default settings. Make others the default first.")
    others = LandingDefault.pk.does_not_exist() | (LandingDefault.settings_id != settings_id)
    gone = delete(stored.key, LandingSettings.version == version, refused=Stale("They have changed meanwhile."))
    commit([check(Key(LandingDefault, *LandingDefault.PLACE), others, refused=refused)], [gone])


def is_default(settings_id: str) -> bool:
    return _pointer().settings_id == settings_id


def _read(settings_id: str, version: int) -> LandingSettings:
    stored = find(settings_id)
    if stored.version != version:
        raise Stale("The settings have changed since you read them.")
    return stored


# What forms and pages take of them ---------------------------------------------------------------------------------


def of_form(form: FormDocument) -> FormDocument:
    """Return a form that is being made with its own copy of the defaults of today (MAT-4, MAT-12, LPC-2)."""
    said, settings = form.model_fields_set, default()
    of_target = {
        "contact_strategy_id": settings.contact_strategy_id or strategies.default(strategies.CONTACT).id,
        "lead_strategy_id": settings.lead_strategy_id or strategies.default(strategies.LEAD).id,
    }
    chosen: dict[str, Any] = {name: getattr(form, name) or value for name, value in of_target.items()}
    own = {"store_all_submissions": settings.store_all_submissions, "update": Update(settings.update_default)}
    return form.model_copy(update={**chosen, **{name: value for name, value in own.items() if name not in said}})


def of_page(page: PageDocument) -> PageDocument:
    """Return a page that is being made or edited with the banner of today; those that are live keep theirs (LPC-3)."""
    settings = default()
    if not settings.insert_banner or not settings.banner:
        return page
    return page.model_copy(update={"banner": Banner.model_validate(settings.banner)})
