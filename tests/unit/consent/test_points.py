"""Consent by contact point: what each model lets through, what a topic adds, and who may allow more."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import plans, profile
from chalicelib.consent.points.models import PointConsent
from chalicelib.consent.points.profile import COMMERCIAL, OURS, SHIPPED, TRACKING, TRANSACTIONAL
from chalicelib.consent.points.rules import ENFORCED, Channel, Model, Refused, Said, Standing, State, raises, refused
from chalicelib.consent.rules import Designation, Preferences, Refusal, refusal, trackable

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OUT, NOT_SET, IN = State.OPTED_OUT, None, State.OPTED_IN
BY = Evidence(who="user:u", source="api", method="by user", reason="asked")
LETS_THROUGH = {
    Model.RESTRICTIVE: {OUT: False, NOT_SET: False, IN: True},
    Model.NON_RESTRICTIVE: {OUT: False, NOT_SET: True, IN: True},
    Model.DISABLED: {OUT: True, NOT_SET: True, IN: True},
}
EVERY = list(product(Model, (OUT, NOT_SET, IN), (OUT, NOT_SET, IN, "none")))


def standing(**choices):
    said = {name.replace("_", "/"): Said(state, NOW) for name, state in choices.items()}
    return Standing("hash", "default", Channel.EMAIL, said, version=1, changed_at=NOW)


@pytest.mark.rule("RCN-3")
def test_each_model_lets_through_what_the_table_says():
    assert {(model, state) for model in Model for state in (OUT, NOT_SET, IN)} == set(ENFORCED)
    for model, row in LETS_THROUGH.items():
        for state, through in row.items():
            assert (refused(model, state, None, has_topic=False) is None) == through


@pytest.mark.rule("RCN-3", "RCN-5")
@pytest.mark.parametrize(("model", "purpose", "topic"), EVERY)
def test_a_message_with_a_topic_needs_both_purpose_and_topic(model, purpose, topic):
    has_topic = topic != "none"

    why = refused(model, purpose, topic if has_topic else None, has_topic=has_topic)

    if not LETS_THROUGH[model][purpose]:
        assert why is Refused.PURPOSE
    elif has_topic and not LETS_THROUGH[model][topic]:
        assert why is Refused.TOPIC
    else:
        assert why is None


@pytest.mark.rule("RCN-4")
def test_what_nobody_decided_is_enforced_by_the_defaults():
    own = profile.made({"id": "fairs", "name": "Fairs"})
    models = {each.id: (each.email, each.telephone) for each in (*OURS, own)}

    assert models == {
        COMMERCIAL: (Model.NON_RESTRICTIVE, Model.RESTRICTIVE),
        TRANSACTIONAL: (Model.DISABLED, Model.DISABLED),
        TRACKING: (Model.RESTRICTIVE, Model.RESTRICTIVE),
        "fairs": (Model.RESTRICTIVE, Model.RESTRICTIVE),
    }
    assert {each.id: each.model(Channel.TELEPHONE) for each in OURS}[COMMERCIAL] is Model.RESTRICTIVE


@pytest.mark.rule("RCN-2")
def test_every_profile_has_the_three_purposes_and_only_what_is_of_ones_own_says_what_it_is_by_law():
    own = profile.made({"id": "care", "name": "Care", "legal_designation": "transactional"})
    ours = profile.made(
        {"id": COMMERCIAL, "name": "News", "legal_designation": "transactional", "email": "restrictive"}
    )

    whole = profile.whole([ours, own])

    assert {each.id for each in whole} == {*SHIPPED, "care"}
    by_law = {each.id: each.legal_designation for each in whole}
    assert (by_law[COMMERCIAL], by_law["care"]) == (Designation.COMMERCIAL, Designation.TRANSACTIONAL)
    assert next(each for each in whole if each.id == COMMERCIAL).email is Model.RESTRICTIVE


def test_purposes_are_read_back_as_they_were_and_speak_the_languages_that_they_have():
    topic = {"id": "boats", "name": "Boats", "translations": {"da": {"name": "Både", "description": ""}}}
    own = profile.made({"id": "fairs", "name": "Fairs", "topics": [topic], "email": "disabled"})

    [again] = profile.read(profile.stored([own]))

    assert again == own
    assert [choice for choice, _ in again.choices()] == ["fairs", "fairs/boats"]
    assert [again.topics[0].words(each).name for each in ("da", "da-DK", "de")] == ["Både", "Både", "Boats"]


@pytest.mark.rule("RCN-7")
def test_what_people_were_offered_can_end_and_never_vanish():
    boats, no_boats = (
        profile.made({"id": "fairs", "name": "Fairs", "topics": topics, "active": False})
        for topics in ([{"id": "boats", "name": "Boats", "active": False}], [])
    )

    assert profile.gone([boats], [boats]) == []
    assert profile.gone([boats], [no_boats]) == ["fairs/boats"]


@pytest.mark.rule("RCN-1")
@pytest.mark.parametrize(("before", "after"), list(product((OUT, NOT_SET, IN), repeat=2)))
def test_allowing_more_is_told_from_allowing_less(before, after):
    known = standing(**({"commercial": before} if before else {}))

    more = [(OUT, NOT_SET), (OUT, IN), (NOT_SET, IN)]

    assert raises(known, {"commercial": after}) == ((before, after) in more)


@pytest.mark.rule("RCN-1")
def test_a_change_keeps_what_it_does_not_name_and_leaves_a_record():
    known = standing(commercial=OUT, commercial_boats=IN)

    row, record = plans.change(known, {"commercial": IN, "commercial/boats": IN, "tracking": None}, BY, "c1", NOW)

    kept = PointConsent.from_raw_data(dict(row.request["Item"]))
    after = plans.standing_of("hash", "default", Channel.EMAIL, kept)
    assert {name: (each.state, each.since == NOW) for name, each in after.choices.items()} == {
        "commercial": (IN, False),
        "commercial/boats": (IN, True),
    }
    assert after.version == 2
    assert after.changed_at == NOW + timedelta(microseconds=1)  # later than the change before, whatever the clock says
    assert record.key.sk == "CHANGE#2026-11-24T09:00:00.000001Z#c1"


def test_what_is_said_already_is_not_written():
    assert plans.change(standing(commercial=IN), {"commercial": IN, "tracking": None}, BY, "c1", NOW) == []


@pytest.mark.parametrize("said", [{"commercial": IN}, {}])
def test_nothing_is_left_of_who_refused_nothing(said):
    [row, _] = plans.change(standing(tracking=OUT), {"tracking": None, **dict.fromkeys(said, IN)}, BY, "c", NOW)

    assert plans.refusals(PointConsent.from_raw_data(dict(row.request["Item"]))) is None


# What a contact's own preferences say besides (RCN-6, RCN-9) ---------------------------------------------------------


@pytest.mark.rule("RCN-6", "RCN-9")
@pytest.mark.parametrize(("email", "bulk"), list(product((True, False), repeat=2)))
def test_the_fields_of_a_contact_count_where_they_are_to_and_not_where_they_are_not(email, bulk):
    said = Preferences("c", email=email, bulk_email=bulk, tracking=False)

    assert refusal(said, Designation.COMMERCIAL, fields=False) is None
    assert not trackable(said)
    assert trackable(said, fields=False)
    assert refusal(said, Designation.COMMERCIAL, fields=True) == refusal(said, Designation.COMMERCIAL)
    assert (refusal(said, Designation.COMMERCIAL, fields=True) is None) == (email and bulk)


@pytest.mark.rule("RCN-6")
@pytest.mark.parametrize(
    ("what", "commercial", "transactional"),
    [
        ({"restricted": True}, Refusal.RESTRICTED, Refusal.RESTRICTED),
        ({"is_child": True}, Refusal.CHILD, Refusal.CHILD),
        ({"is_child": True, "guardian_consent": True}, None, None),
        ({"objected": True}, Refusal.DO_NOT_BULK_EMAIL, None),
    ],
)
def test_what_the_law_says_counts_whatever_the_switch_says(what, commercial, transactional):
    known = Preferences("c", **what)

    assert refusal(known, Designation.COMMERCIAL, fields=False) is commercial
    assert refusal(known, Designation.TRANSACTIONAL, fields=False) is transactional
    assert trackable(known, fields=False) == (not {"restricted", "objected"} & what.keys())
