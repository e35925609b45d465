"""From which age people consent for themselves, by country: data, which an organisation can put right; pure."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

DEFAULT = 16
"""GDPR article 8(1), where a country has no age of its own, and where nobody knows the country."""

AGES: Mapping[str, int] = {
    **dict.fromkeys(("BE", "EE", "FI", "GB", "IS", "LV", "MT", "NO", "PT", "SE", "US"), 13),
    **dict.fromkeys(("AT", "BG", "CY", "ES", "IT", "LT"), 14),
    **dict.fromkeys(("CZ", "DK", "FR", "GR", "SI"), 15),
    **dict.fromkeys(("DE", "HR", "HU", "IE", "LI", "LU", "NL", "PL", "RO", "SK"), 16),
}
"""By country code, as of 2026: national laws under article 8, the British DPA, the American COPPA. Have it checked."""

NAMES: Mapping[str, str] = {
    "austria": "AT",
    "belgium": "BE",
    "bulgaria": "BG",
    "croatia": "HR",
    "cyprus": "CY",
    "czech republic": "CZ",
    "czechia": "CZ",
    "denmark": "DK",
    "estonia": "EE",
    "finland": "FI",
    "france": "FR",
    "germany": "DE",
    "great britain": "GB",
    "greece": "GR",
    "hungary": "HU",
    "iceland": "IS",
    "ireland": "IE",
    "italy": "IT",
    "latvia": "LV",
    "liechtenstein": "LI",
    "lithuania": "LT",
    "luxembourg": "LU",
    "malta": "MT",
    "netherlands": "NL",
    "norway": "NO",
    "poland": "PL",
    "portugal": "PT",
    "romania": "RO",
    "slovakia": "SK",
    "slovenia": "SI",
    "spain": "ES",
    "sweden": "SE",
    "uk": "GB",
    "united kingdom": "GB",
    "united states": "US",
    "united states of america": "US",
    "usa": "US",
}
"""What people write for a country, besides its code."""

NOON = time(12, tzinfo=UTC)  # by then the day has begun everywhere


def age_of_consent(country: str | None, own: Mapping[str, int]) -> int:
    """Return from which age somebody of a country consents; `own` is what the organisation says, by code."""
    written = (country or "").strip().casefold()
    code = NAMES.get(written, written.upper())
    return own.get(code, AGES.get(code, DEFAULT))


def of_age_on(born: str | None, country: str | None, own: Mapping[str, int]) -> date | None:
    """Return the day from which somebody consents for themselves, None where nobody knows when they were born."""
    if born is None:
        return None
    birth = date.fromisoformat(born)
    year = min(birth.year + age_of_consent(country, own), date.max.year)
    return birth.replace(year=year, day=min(birth.day, monthrange(year, birth.month)[1]))


def begins(day: date) -> datetime:
    """Return the instant at which a day has begun everywhere."""
    return datetime.combine(day, NOON)
