"""What keeps an email from going live that names a compliance profile."""

import pytest

from chalicelib.consent.points import profile, records
from chalicelib.messages.checks import check_email
from chalicelib.messages.schemas import EmailDocument
from tests.support.campaign import EMAIL, HTML

CARE = {"id": "care", "name": "Care", "legal_designation": "transactional"}
OLD = {"id": "old", "name": "Old", "active": False, "topics": []}
FAIRS = {
    "id": "fairs",
    "name": "Fairs",
    "topics": [{"id": "boats", "name": "B"}, {"id": "x", "name": "X", "active": False}],
}
OWN_ADDRESS = HTML.replace("content_settings.address_main", "message.company_address")


def problems(compliance, known=True, **changed):
    found = records.shipped()
    made = profile.whole(profile.made(each) for each in (CARE, OLD, FAIRS))
    found.stored_purposes, found.company_address = profile.stored(made), changed.pop("address", "1 Main Street")
    found.active = changed.pop("active", True)
    document = EmailDocument.model_validate({**EMAIL, "compliance": compliance, **changed})
    return {each.field for each in check_email(document, profile=found if known else None).problems}


@pytest.mark.parametrize(
    ("compliance", "changed", "fields"),
    [
        (None, {}, set()),
        ({"purpose": "commercial"}, {}, set()),
        ({"purpose": "commercial"}, {"html": OWN_ADDRESS}, set()),
        ({"purpose": "commercial"}, {"html": OWN_ADDRESS, "address": None}, {"compliance.profile_id"}),
        (None, {"html": OWN_ADDRESS}, {"html"}),
        ({"purpose": "commercial"}, {"html": HTML.replace("content_settings.address_main", "contact.city")}, {"html"}),
        ({"purpose": "commercial"}, {"known": False}, {"compliance.profile_id"}),
        ({"purpose": "commercial"}, {"active": False}, {"compliance.profile_id"}),
        ({"purpose": "none"}, {}, {"compliance.purpose"}),
        ({"purpose": "old"}, {}, {"compliance.purpose"}),
        ({"purpose": "tracking"}, {}, {"compliance.purpose"}),
        ({"purpose": "fairs", "topic": "boats"}, {}, set()),
        ({"purpose": "fairs", "topic": "none"}, {}, {"compliance.topic"}),
        ({"purpose": "fairs", "topic": "x"}, {}, {"compliance.topic"}),
        ({"purpose": "care"}, {}, {"legal_designation"}),
        ({"purpose": "care"}, {"legal_designation": "transactional"}, set()),
        ({"purpose": "transactional"}, {}, {"legal_designation"}),
        (
            {"purpose": "transactional"},
            {
                "legal_designation": "transactional",
                "content_type": "confirmation-request",
                "html": "<p>{{ message.confirmation_url }}</p>",
            },
            {"compliance"},
        ),
    ],
)
@pytest.mark.rule("RCN-2", "RCN-7")
def test_an_email_names_what_its_profile_offers_and_is_what_that_is_by_law(compliance, changed, fields):
    assert problems(compliance, **changed) == fields
