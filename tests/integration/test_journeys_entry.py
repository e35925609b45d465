"""Who enters a journey, how often, and who is refused and looked at again."""

from datetime import timedelta

import pytest

from chalicelib.consent import plans as consent_plans
from chalicelib.consent import service as consent
from chalicelib.consent.plans import Evidence
from chalicelib.contacts import accounts
from chalicelib.dynamodb import commit, put_new
from chalicelib.errors import Invalid
from chalicelib.journeys import entry, raising, service, versions
from chalicelib.journeys.models import Enrolment, Inside, Raised, Refusal
from chalicelib.journeys.schemas import RaiseRequest
from chalicelib.leads import service as leads
from chalicelib.segments import plans as segment_plans
from chalicelib.segments import service as segments
from tests.support.consents import minimum_counts
from tests.support.journeys import NOW, burst, contact, document, publish, ready, ring, wait

pytestmark = [pytest.mark.usefixtures("cloud"), pytest.mark.usefixtures("fresh")]


@pytest.fixture
def fresh(cloud):
    ready()


def journey(identity="j", tiles=None, **more):
    publish("journey", identity, document(tiles or {"r": ring()}, **more))


def join(segment_id="s", who="c", now=NOW):
    """Put a contact into a segment, and return the fact that the stream tells of it."""
    before = segments.memberships_of(who).get(segment_id)
    commit(segment_plans.join(segment_id, who, before, "hand", now))
    return {"fact": "segment.joined", "id": segment_id, "contact": who}


def leave(segment_id="s", who="c", now=NOW):
    commit(segment_plans.leave(segments.memberships_of(who)[segment_id], now))
    return {"fact": "segment.left", "id": segment_id, "contact": who}


def enrolments():
    return sorted(item.enrolment_id for item in Enrolment.scan() if isinstance(item, Enrolment))


def allow(who, level):
    before = consent.preferences(who)
    evidence = Evidence("user:u", "api", "by hand", reason="asked on the phone")
    commit(consent_plans.change(before, {"consent_level": level}, evidence, f"change-{level}", NOW))
    return {"fact": "preferences.changed", "id": who, "contact": who, "changed": ["consent_level"]}


def segments_of(*items, merge="union"):
    return {"segments": {"merge": merge, "items": [{"segment": name, "containment": how} for name, how in items]}}


@pytest.mark.rule("JRN-12", "SEG-1")
def test_whoever_joins_the_segment_enters():
    journey()
    contact("c")

    entry.hear(join(), NOW)

    assert enrolments() == ["c.j.1"]


@pytest.mark.rule("CORE-2", "CORE-3", "CORE-4")
def test_a_journey_takes_contacts_only_and_neither_leads_nor_accounts():
    journey()
    leads.create("l", {"last_name": "Juhl"}, "user:u", NOW)
    accounts.create("a", {"name": "Fjord"}, NOW, by="user:u")
    contact("c")

    for who in ("l", "a", "c"):
        entry.hear(join(who=who), NOW)

    assert enrolments() == ["c.j.1"]


@pytest.mark.rule("JRN-14")
def test_a_contact_enters_once_although_it_is_in_several_segments_and_comes_again():
    journey(audience=segments_of(("s", "include"), ("t", "include")))
    contact("c")
    facts = [join("s"), join("t")]

    for fact in [*facts, *facts]:
        entry.hear(fact, NOW)
    burst("c.j.1")
    entry.hear(leave("s"), NOW)
    entry.hear(join("s", now=NOW + timedelta(hours=1)), NOW + timedelta(hours=1))

    assert enrolments() == ["c.j.1"]
    assert service.find("c.j.1").standing == "finished"


@pytest.mark.rule("JRN-30")
def test_an_intersection_takes_who_is_in_all_of_the_segments():
    journey(audience=segments_of(("s", "include"), ("t", "include"), merge="intersection"))
    contact("c")

    entry.hear(join("s"), NOW)
    assert not enrolments()
    entry.hear(join("t"), NOW)

    assert enrolments() == ["c.j.1"]


@pytest.mark.rule("JRN-30", "RTJ-3")
def test_an_exclusion_keeps_out_at_entry_and_has_no_effect_inside():
    journey(tiles={"w": wait("PT1H", "r"), "r": ring()}, audience=segments_of(("s", "include"), ("x", "exclude")))
    for who in ("c", "d"):
        contact(who)
    join("x", "d")
    for who in ("c", "d"):
        entry.hear(join("s", who), NOW)
    assert enrolments() == ["c.j.1"]

    burst("c.j.1")
    join("x", "c")
    burst("c.j.1", NOW + timedelta(hours=1), token="t2")
    entry.hear(leave("x", "d"), NOW)

    assert service.find("c.j.1").standing == "finished"
    assert enrolments() == ["c.j.1", "d.j.1"]


@pytest.mark.rule("JRN-31")
def test_whoever_submits_the_form_enters_and_no_other_form_lets_in():
    journey(audience={"forms": ["f"]})
    contact("c")
    fact = {"fact": "interaction.recorded", "type": "FormSubmitted", "contact": "c", "verdict": "none", "about": []}

    entry.hear({**fact, "form": "g"}, NOW)
    assert not enrolments()
    entry.hear({**fact, "form": "f"}, NOW)
    entry.hear({**fact, "form": "f"}, NOW)

    assert enrolments() == ["c.j.1"]


def test_nobody_enters_before_the_start_or_after_the_end():
    journey(start=(NOW + timedelta(days=1)).isoformat(), end=(NOW + timedelta(days=2)).isoformat())
    contact("c")
    fact = join()

    entry.hear(fact, NOW)
    entry.hear(fact, NOW + timedelta(days=2))
    assert not enrolments()
    entry.hear(fact, NOW + timedelta(days=1))

    assert enrolments() == ["c.j.1"]


def test_a_lead_without_a_contact_walks_no_journey():
    journey(audience={"trigger": {"trigger": "lead-created"}})

    assert raising.raise_business({"fact": "lead.created", "id": "l"}, NOW) == []
    entry.hear({"fact": "segment.joined", "id": "s"}, NOW)

    assert not enrolments()


@pytest.mark.rule("JRN-16", "JRN-14")
def test_each_iteration_takes_everybody_once():
    start = NOW.isoformat()
    journey(start=start, recurrence={"interval_days": 7, "count": 2})
    contact("c")
    fact = join()

    for days in (0, 1, 7, 8, 30):
        entry.hear(fact, NOW + timedelta(days=days))

    assert enrolments() == ["c.j.1", "c.j.2"]


@pytest.mark.rule("JRN-18")
def test_whoever_is_held_when_the_next_iteration_begins_leaves_the_old_one():
    journey(
        tiles={"w": wait("P8D", "r"), "r": ring()},
        start=NOW.isoformat(),
        recurrence={"interval_days": 7, "count": 2},
    )
    contact("c")
    entry.hear(join(), NOW)
    burst("c.j.1")

    burst("c.j.1", NOW + timedelta(days=8), token="t2")

    held = service.find("c.j.1")
    assert (held.standing, held.reason) == ("stopped", "next_iteration")


# Refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("JRN-20")
def test_a_suppressed_contact_is_refused_with_the_reason_and_enters_once_it_is_free():
    journey(suppression_segment="never")
    contact("c")
    join("never")

    entry.hear(join(), NOW)
    [refusal] = service.refusals_of("c")
    assert (refusal.reason, enrolments()) == ("suppression_segment", [])
    entry.hear(leave("never"), NOW)

    assert enrolments() == ["c.j.1"]


@pytest.mark.rule("PRV-4", "JRN-71")
def test_a_contact_below_the_minimum_consent_is_refused_and_looked_at_again_when_it_consents():
    minimum_counts()
    journey(minimum_consent=4)
    contact("c")

    entry.hear(join(), NOW)
    assert [refusal.reason for refusal in service.refusals_of("c")] == ["consent_below_minimum"]
    entry.hear(allow("c", 3), NOW)
    assert not enrolments()
    entry.hear(allow("c", 4), NOW)

    assert enrolments() == ["c.j.1"]


def test_a_refusal_that_is_repeated_is_recorded_once():
    minimum_counts()
    journey(minimum_consent=4)
    contact("c")
    fact = join()

    for _ in range(3):
        entry.hear(fact, NOW)

    assert len(list(Refusal.scan())) == 1


@pytest.mark.rule("PRV-5", "JRN-70")
def test_whoever_drops_below_the_minimum_inside_is_stopped_before_the_next_effect():
    minimum_counts()
    journey(tiles={"w": wait("PT1H", "r"), "r": ring()}, minimum_consent=2)
    contact("c")
    allow("c", 2)
    entry.hear(join(), NOW)
    burst("c.j.1")
    allow("c", 1)

    burst("c.j.1", NOW + timedelta(hours=1), token="t2")

    stopped = service.find("c.j.1")
    assert (stopped.standing, stopped.reason) == ("stopped", "consent_below_minimum")
    assert not list(Raised.scan())
    assert service.history(stopped)[-1]["figures"] == ["stopped:consent_below_minimum"]


@pytest.mark.rule("JRN-20")
def test_whoever_is_suppressed_inside_is_stopped_and_not_revived_in_this_iteration():
    journey(tiles={"w": wait("PT1H", "r"), "r": ring()}, suppression_segment="never")
    contact("c")
    fact = join()
    entry.hear(fact, NOW)
    burst("c.j.1")
    join("never")

    burst("c.j.1", NOW + timedelta(hours=1), token="t2")
    entry.hear(leave("never"), NOW)
    entry.hear(fact, NOW)

    assert service.find("c.j.1").reason == "suppression_segment"
    assert enrolments() == ["c.j.1"]


@pytest.mark.parametrize(("setting", "standing"), [("continue", "finished"), ("stop", "stopped")])
@pytest.mark.rule("JRN-15")
def test_what_becomes_of_who_leaves_the_audience_is_a_setting(setting, standing):
    journey(tiles={"w": wait("PT1H", "r"), "r": ring()}, left_audience=setting)
    contact("c")
    entry.hear(join(), NOW)
    burst("c.j.1")
    leave()

    burst("c.j.1", NOW + timedelta(hours=1), token="t2")

    assert service.find("c.j.1").standing == standing


def test_a_contact_that_is_deleted_is_stopped():
    from chalicelib.contacts import service as contacts

    journey(tiles={"w": wait("PT1H", "r"), "r": ring()})
    contact("c")
    entry.hear(join(), NOW)
    burst("c.j.1")
    contacts.remove("c", contacts.find("c").version, NOW)

    burst("c.j.1", NOW + timedelta(hours=1), token="t2")

    assert service.find("c.j.1").reason == "contact_deleted"


# Triggers ----------------------------------------------------------------------------------------------------------


def started_by(reentry, **more):
    journey(
        tiles={"w": wait("PT1H", "r"), "r": ring(trigger="other")},
        audience={"trigger": {"trigger": "t", "reentry": reentry, **more}},
    )
    publish("trigger", "t", {"attributes": [{"name": "order", "type": "text"}]})
    contact("c")


def raise_it(number, now=NOW, **attributes):
    """Raise the trigger by request, and let it be heard twice."""
    wanted = RaiseRequest(contact_id="c", attributes=attributes)
    raised = raising.raise_custom("t", wanted, f"raised-{number}", "key:k", now)
    for _ in range(2):
        entry.hear({"fact": "trigger.raised", "id": raised.raised_id, "trigger": "t", "contact": "c"}, now)


def finish(identity):
    burst(identity)
    burst(identity, NOW + timedelta(hours=1), token="t2")


@pytest.mark.rule("TRG-1", "TRG-9")
def test_every_time_means_one_enrolment_a_trigger_fact():
    started_by("every_time")

    raise_it(1)
    raise_it(2)

    assert enrolments() == ["c.j.raised-1", "c.j.raised-2"]


def test_once_means_once():
    started_by("once")

    raise_it(1)
    finish("c.j.once")
    raise_it(2)

    assert enrolments() == ["c.j.once"]


def test_not_while_inside_waits_for_the_end():
    started_by("not_while_inside")

    raise_it(1)
    raise_it(2)
    assert enrolments() == ["c.j.raised-1"]
    finish("c.j.raised-1")
    assert not list(Inside.scan())
    raise_it(3)

    assert enrolments() == ["c.j.raised-1", "c.j.raised-3"]


def test_per_key_means_one_at_a_time_for_each_value():
    started_by("per_key", key="order")

    raise_it(1, order="A")
    raise_it(2, order="A")
    raise_it(3, order="B")
    assert enrolments() == ["c.j.raised-1", "c.j.raised-3"]
    finish("c.j.raised-1")
    raise_it(4, order="A")

    assert enrolments() == ["c.j.raised-1", "c.j.raised-3", "c.j.raised-4"]


@pytest.mark.rule("TRG-6", "TRG-7")
def test_a_trigger_takes_only_its_attributes_and_raising_it_again_changes_nothing():
    started_by("every_time")

    with pytest.raises(Invalid):
        raise_it(1, colour="red")
    raise_it(2, order="A")
    again = raising.raise_custom("t", RaiseRequest(contact_id="c"), "raised-2", "key:k", NOW + timedelta(days=1))

    assert (again.raised_at, again.values) == (NOW, {"order": "A"})


@pytest.mark.rule("TRG-5", "TRG-8")
def test_a_business_trigger_is_raised_once_a_fact_and_only_if_a_journey_starts_by_it():
    contact("c")
    fact = {"fact": "contact.created", "id": "c", "contact": "c", "at": "2026-11-24T09:00:00.000000Z"}
    assert raising.raise_business(fact, NOW) == []

    journey(audience={"trigger": {"trigger": "contact-created"}})
    raising.raise_business(fact, NOW)
    raising.raise_business(fact, NOW)

    [raised] = [item for item in Raised.scan() if isinstance(item, Raised)]
    assert (raised.trigger_id, raised.contact_id) == ("contact-created", "c")


@pytest.mark.rule("TRG-9")
def test_a_tile_raises_a_trigger_that_starts_another_journey():
    journey("first", tiles={"r": ring(trigger="t")}, audience={"forms": ["f"]})
    started_by("every_time")
    entry.enter(versions.running("first"), "c", entry.Call(entry.FORM), NOW)
    burst("c.first.1")

    [raised] = [item for item in Raised.scan() if isinstance(item, Raised)]
    entry.hear({"fact": "trigger.raised", "id": raised.raised_id, "trigger": "t", "contact": "c"}, NOW)

    assert enrolments() == ["c.first.1", f"c.j.{raised.raised_id}"]


def test_an_exclusion_holds_for_triggers_too():
    journey(
        audience={
            "trigger": {"trigger": "contact-created"},
            "segments": {"items": [{"segment": "x", "containment": "exclude"}]},
        }
    )
    contact("c")
    join("x")
    raised = Raised(
        *Raised.at("r"), raised_id="r", trigger_id="contact-created", contact_id="c", raised_at=NOW, source="f"
    )
    commit([put_new(raised)])

    entry.hear({"fact": "trigger.raised", "id": "r", "trigger": "contact-created", "contact": "c"}, NOW)

    assert not enrolments()
