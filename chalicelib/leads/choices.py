"""What a lead's choices are (reference 4.2), and which status reasons belong to which state."""

from collections.abc import Mapping
from enum import StrEnum

NO_NAME = "(unknown)"
"""The last name of a lead whose form did not ask for one."""


class State(StrEnum):
    OPEN = "open"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"


class StatusReason(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    MARKETING_QUALIFIED = "marketing_qualified"
    QUALIFIED = "qualified"
    LOST = "lost"
    CANNOT_CONTACT = "cannot_contact"
    NO_LONGER_INTERESTED = "no_longer_interested"
    CANCELED = "canceled"


REASONS: Mapping[State, tuple[StatusReason, ...]] = {
    State.OPEN: (StatusReason.NEW, StatusReason.CONTACTED, StatusReason.MARKETING_QUALIFIED),
    State.QUALIFIED: (StatusReason.QUALIFIED,),
    State.DISQUALIFIED: (
        StatusReason.LOST,
        StatusReason.CANNOT_CONTACT,
        StatusReason.NO_LONGER_INTERESTED,
        StatusReason.CANCELED,
    ),
}
"""The first of a state is the one it gets where nothing is said."""


class Rating(StrEnum):
    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


class LeadSource(StrEnum):
    ADVERTISEMENT = "advertisement"
    EMPLOYEE_REFERRAL = "employee_referral"
    EXTERNAL_REFERRAL = "external_referral"
    PARTNER = "partner"
    PUBLIC_RELATIONS = "public_relations"
    SEMINAR = "seminar"
    TRADE_SHOW = "trade_show"
    WEB = "web"
    WORD_OF_MOUTH = "word_of_mouth"
    OTHER = "other"
    LINKEDIN_SPONSORED_FORM = "linkedin_sponsored_form"


class LeadSourceType(StrEnum):
    MARKETING = "marketing"
    SALES = "sales"
    TELEPROSPECT = "teleprospect"


class PurchaseTimeframe(StrEnum):
    IMMEDIATE = "immediate"
    THIS_QUARTER = "this_quarter"
    NEXT_QUARTER = "next_quarter"
    THIS_YEAR = "this_year"
    UNKNOWN = "unknown"


class PurchaseProcess(StrEnum):
    INDIVIDUAL = "individual"
    COMMITTEE = "committee"
    UNKNOWN = "unknown"


class Need(StrEnum):
    MUST_HAVE = "must_have"
    SHOULD_HAVE = "should_have"
    GOOD_TO_HAVE = "good_to_have"
    NO_NEED = "no_need"
