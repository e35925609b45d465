"""Forms with boxes for purposes: which of them warn that whoever refused cannot come back by them."""

import pytest

from chalicelib.capture.compliance import nobody_back
from chalicelib.capture.schemas import FormDocument
from chalicelib.consent.points import records
from infra.local.demo.company import newsletter_form

BOX = {"kind": "purpose_consent", "choice": "commercial", "text": "Yes"}
EACH, NEW = ({"enabled": True, "when": when} for when in ("each-submission", "new-addresses"))


@pytest.mark.parametrize(
    ("form", "own", "warns"),
    [
        ({}, None, True),
        ({}, {**EACH, "enabled": False}, True),
        ({}, NEW, True),
        ({}, EACH, False),
        ({"profile_double_opt_in": False}, EACH, True),
        ({"double_opt_in": True}, None, False),
        ({"elements": newsletter_form()["elements"]}, None, False),
    ],
)
def test_only_where_each_submission_is_confirmed_is_there_a_way_back(form, own, warns):
    given = newsletter_form()
    document = {**given, "elements": [*given["elements"], BOX], "compliance_profile_id": "default", **form}
    profile = records.shipped()
    profile.stored_double_opt_in = own

    assert nobody_back(FormDocument.model_validate(document), profile) is warns
