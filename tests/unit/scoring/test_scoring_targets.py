"""What a model of accounts may ask, and what it says of itself."""

import pytest

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType, Relation
from chalicelib.scoring.compiler import problems_of
from chalicelib.scoring.model import ScoringModel
from chalicelib.scoring.targets import warnings_of

NAME = {"name": Field(FieldType.TEXT)}
CATALOGUE = Catalogue(
    dict.fromkeys(("lead", "contact", "account", "preferences", "opportunity"), NAME),
    relations={
        "lead": {
            "contact": Relation("contact", "contact_id"),
            "account": Relation("account", "account_id"),
            "opportunities": Relation("opportunity"),
        },
        "contact": {"account": Relation("account", "account_id"), "preferences": Relation("preferences")},
    },
).merged(Catalogue.of_interactions(["EmailClicked", "EmailSent", "SegmentSubscribed"]))


def model(*entities, **settings):
    rules = [
        {"id": f"r{at}", "points": 1, "conditions": [entity if isinstance(entity, dict) else {"entity": entity}]}
        for at, entity in enumerate(entities)
    ]
    given = {"name": "M", "sales_ready_score": 1, "target": "account", "rules": rules or [], **settings}
    return ScoringModel.model_validate(given)


def places(*entities, **settings):
    return [problem.field for problem in problems_of(model(*entities, **settings), CATALOGUE)]


@pytest.mark.rule("SCO-6")
@pytest.mark.parametrize(
    ("entity", "allowed"),
    [
        ("lead", True),
        ("account", True),
        ("lead.account", True),
        ("lead.opportunities", True),
        ("contact", True),
        ("EmailClicked", True),
        ("EmailClicked.contact", True),
        ("preferences", False),
        ("contact.account", False),
        ("EmailClicked.contact.account", False),
        ("EmailSent", False),
        ("SegmentSubscribed", False),
    ],
)
def test_a_model_of_accounts_asks_of_lead_account_and_contacts_and_of_what_people_do(entity, allowed):
    assert places(entity) == ([] if allowed else ["/rules/0/conditions/0/entity"])


@pytest.mark.rule("SCO-32", "ACC-6")
def test_a_model_of_accounts_cannot_ask_for_a_consent_that_accounts_do_not_store():
    assert places("EmailClicked", minimum_consent=3) == ["/minimum_consent"]


@pytest.mark.rule("SCO-32")
def test_whoever_publishes_a_model_of_accounts_is_told_what_its_scores_must_not_decide():
    [warning] = warnings_of(model("EmailClicked"))

    assert warning.field == "/target"
    assert "SCO-32" in warning.message
    assert warnings_of(model("EmailClicked", target="contact")) == []


def test_a_model_of_accounts_counts_people_and_the_whole_of_their_doings():
    assert places({"entity": "EmailClicked", "include_machine": True}) == ["/rules/0/conditions/0/include_machine"]
    assert places("EmailClicked", count_contact_interactions=False) == ["/count_contact_interactions"]
