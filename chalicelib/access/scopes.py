"""Scopes, and what each group of users may do."""

from collections.abc import Collection

from chalicelib.errors import Forbidden

EVERYTHING = "*"

RECORDS = (
    "contacts",
    "accounts",
    "leads",
    "interactions",
    "activities",
    "enrolments",
    "opportunities",
    "registrations",
)
DEFINITIONS = (
    "matching-strategies",
    "scoring-models",
    "qualifications",
    "segments",
    "emails",
    "content-settings",
    "forms",
    "pages",
    "journeys",
    "triggers",
    "submissions",
    "business-processes",
    "linkedin",
    "subscription-lists",
    "compliance-profiles",
    "imports",
    "import-maps",
    "fields",
    "websites",
    "redirects",
    "views",
    "events",
)
ADMINISTRATION = ("settings", "operations", "api-keys")
PRIVACY = ("privacy-requests",)
AUDIT = "audit:read"


def _reads(*resources: str) -> frozenset[str]:
    return frozenset(f"{resource}:read" for resource in resources)


def _writes(*resources: str) -> frozenset[str]:
    return _reads(*resources) | frozenset(f"{resource}:write" for resource in resources)


ALL_SCOPES = _writes(*RECORDS, *DEFINITIONS, *ADMINISTRATION, *PRIVACY) | {"triggers:send", AUDIT}

SCOPES_OF_GROUP: dict[str, frozenset[str]] = {
    "admin": frozenset({EVERYTHING}),
    "marketer": _writes(*RECORDS, *DEFINITIONS) | _reads("settings", "operations") | {"triggers:send"},
    "salesperson": _writes("contacts", "accounts", "leads", "activities", "opportunities", "views")
    | _reads(*RECORDS, "segments", "journeys", "business-processes", "fields"),
    "teleprospector": _writes("leads", "activities", "views") | _reads(*RECORDS, "business-processes", "fields"),
    "privacy-officer": _writes("contacts", "interactions", *PRIVACY) | _reads(*RECORDS, *DEFINITIONS, "settings"),
    "viewer": _reads(*RECORDS, *DEFINITIONS),
}


def allows(scopes: Collection[str], wanted: str) -> bool:
    return EVERYTHING in scopes or wanted in scopes


def require(scopes: Collection[str], wanted: str) -> None:
    """Raise Forbidden unless `scopes` hold `wanted`."""
    if not allows(scopes, wanted):
        raise Forbidden(f"This needs the permission “{wanted}”, which your key or your group does not have.")
