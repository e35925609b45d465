"""What every table holds of a person: the declarations of all domains together."""

from collections.abc import Mapping

from chalicelib.access import holdings as access
from chalicelib.activities import holdings as activities
from chalicelib.audit import holdings as audit
from chalicelib.capture import holdings as capture
from chalicelib.consent import holdings as consent
from chalicelib.contacts import holdings as contacts
from chalicelib.definitions import holdings as definitions
from chalicelib.dynamodb import Item
from chalicelib.holdings import Holding, Nobody
from chalicelib.imports import holdings as imports
from chalicelib.insights import holdings as insights
from chalicelib.interactions import holdings as interactions
from chalicelib.journeys import holdings as journeys
from chalicelib.leads import holdings as leads
from chalicelib.messages import holdings as messages
from chalicelib.privacy.models import PrivacyItem, Request, Search
from chalicelib.registrations import holdings as registrations
from chalicelib.scoring import holdings as scoring
from chalicelib.segments import holdings as segments
from chalicelib.views import holdings as views

OWN = Holding(
    PrivacyItem,
    (
        Nobody(Request, "What somebody demanded; the completed erasure takes out who it was."),
        Nobody(Search, "Sealed; goes when the job that looks for somebody has ended."),
    ),
)

HOLDINGS: tuple[Holding, ...] = (
    contacts.HOLDING,
    consent.HOLDING,
    leads.HOLDING,
    capture.HOLDING,
    registrations.HOLDING,
    journeys.HOLDING,
    imports.HOLDING,
    messages.HOLDING,
    interactions.HOLDING,
    activities.HOLDING,
    scoring.HOLDING,
    segments.HOLDING,
    insights.HOLDING,
    views.HOLDING,
    definitions.HOLDING,
    access.HOLDING,
    audit.HOLDING,
    OWN,
)
"""Contacts first: with them goes what others could still write about them."""

LOOKED_THROUGH: tuple[Holding, ...] = tuple(each for each in HOLDINGS if each.looked_through)
BY_NAME: Mapping[str, type[Item]] = {
    kind.kind.__module__ + "." + kind.kind.__name__: kind.kind for each in HOLDINGS for kind in each.kinds
}
