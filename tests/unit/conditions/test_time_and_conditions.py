"""Properties: the evaluator against a naive recount, and what it says about the future against the future."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.compiler import compile_condition
from chalicelib.conditions.dependencies import woken_by
from chalicelib.conditions.durations import Duration
from chalicelib.conditions.evaluation import evaluate
from chalicelib.conditions.facts import Interaction, KnownFacts, Verdict
from chalicelib.conditions.schemas import Condition

START = datetime(2026, 1, 20, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
LENGTHS = ["PT12H", "P2D", "P1M", "P1M2D"]
CATALOGUE = Catalogue({"lead": {"topic": Field(FieldType.TEXT), "due": Field(FieldType.INSTANT)}}).merged(
    Catalogue.of_interactions(["A", "B"])
)
read = TypeAdapter(Condition).validate_python

instants = st.integers(0, 300).map(lambda hours: START + timedelta(hours=6 * hours))
names = st.sampled_from(["x", "y"])
deeds = st.fixed_dictionaries(
    {"interaction": st.sampled_from(["A", "B"])},
    optional={
        "within": st.sampled_from(LENGTHS),
        "include_machine": st.booleans(),
        "where": names.map(lambda name: [{"field": "link", "operator": "equals", "values": [name]}]),
    },
)
counts = st.one_of(
    st.just({}), *[st.integers(1, 3).map(lambda n, key=key: {key: n}) for key in ("at_least", "exactly")]
)
behaviour = st.builds(lambda deed, count: {**deed, **count}, deeds, counts)
fields = st.one_of(
    st.builds(lambda op, name: {"field": "lead.topic", "operator": op, "values": [name]},
              st.sampled_from(["equals", "not_equals"]), names),
    st.builds(lambda op, length: {"field": "lead.due", "operator": op, "values": [length]},
              st.sampled_from(["in_last", "in_next"]), st.sampled_from(LENGTHS)),
)  # fmt: skip
conditions = st.recursive(
    behaviour | fields,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
interactions = st.builds(
    Interaction,
    id=st.integers(0, 30).map(str),
    type=st.sampled_from(["A", "B"]),
    at=instants,
    attributes=st.fixed_dictionaries({"link": names}),
    verdict=st.sampled_from(Verdict),
)
leads = st.lists(st.fixed_dictionaries({}, optional={"topic": names, "due": instants}), max_size=3)
facts = st.tuples(leads, st.lists(interactions, max_size=8, unique_by=lambda fact: fact.id))


def known(given_facts):
    return KnownFacts.of({"lead": given_facts[0]}, given_facts[1])


def naive(part, given_facts, now, lead=None):
    """Answer a document by reading it again for everything that is asked."""
    if "not" in part:
        return not naive(part["not"], given_facts, now, lead)
    if "interaction" in part:
        return naive_deed(part, given_facts[1], now)
    if lead is None and ("field" in part or any("field" in inner for inner in part.get("all", part.get("any", [])))):
        return any(naive(part, given_facts, now, one) for one in given_facts[0] or [{}])
    if "field" in part:
        return naive_field(part, lead, now)
    join = all if "all" in part else any
    return join([naive(inner, given_facts, now, lead) for inner in part.get("all") or part.get("any")])


def naive_deed(part, happened, now):
    count = 0
    for fact in happened:
        recent = "within" not in part or now < Duration.parse(part["within"]).after(fact.at, ZONE)
        fits = all(fact.attributes["link"] == clause["values"][0] for clause in part.get("where", []))
        machine = part.get("include_machine", False) and fact.verdict is not Verdict.WITHDRAWN
        counted = fact.verdict == Verdict.HUMAN or machine
        count += fact.type == part["interaction"] and fact.at <= now and recent and fits and counted
    return count == part["exactly"] if "exactly" in part else count >= part.get("at_least", 1)


def naive_field(part, lead, now):
    value = lead.get(part["field"].removeprefix("lead."))
    match part["operator"]:
        case "equals":
            return value == part["values"][0]
        case "not_equals":
            return value != part["values"][0]
        case "in_last":
            return value is not None and value <= now < Duration.parse(part["values"][0]).after(value, ZONE)
        case _:
            return value is not None and Duration.parse(part["values"][0]).before(value, ZONE) <= now < value


@settings(max_examples=300, deadline=None)
@given(conditions, facts, instants)
def test_the_evaluator_answers_like_a_naive_recount(document, given_facts, now):
    compiled = compile_condition(read(document), CATALOGUE, ZONE)

    assert evaluate(compiled, known(given_facts), now).holds is naive(document, given_facts, now)


@settings(max_examples=300, deadline=None)
@given(conditions, facts, instants, st.lists(st.integers(0, 10_000), min_size=5, max_size=5))
def test_until_before_changes_at_time_alone_changes_nothing(document, given_facts, now, hours):
    compiled = compile_condition(read(document), CATALOGUE, ZONE)

    answer = evaluate(compiled, known(given_facts), now)

    end = answer.changes_at or now + timedelta(days=900)
    assert end > now
    looked_at = [now + (end - now) * (part / 10_001) for part in hours] + [end - timedelta(microseconds=1)]
    assert {naive(document, given_facts, moment) for moment in looked_at} == {answer.holds}


@settings(max_examples=200, deadline=None)
@given(behaviour | fields, facts, instants)
def test_a_single_clause_changes_exactly_when_it_says(document, given_facts, now):
    one_lead = (given_facts[0][:1], given_facts[1])
    answer = evaluate(compile_condition(read(document), CATALOGUE, ZONE), known(one_lead), now)

    if answer.changes_at is not None:
        assert naive(document, one_lead, answer.changes_at) is not answer.holds


@settings(max_examples=200, deadline=None)
@given(conditions, facts, instants)
def test_following_changes_at_arrives_at_every_change(document, given_facts, now):
    """Whoever asks again whenever the answer says so holds the right answer at the end of all changes."""
    compiled, stored = compile_condition(read(document), CATALOGUE, ZONE), known(given_facts)

    answer, steps = evaluate(compiled, stored, now), 0
    while answer.changes_at is not None:
        answer, steps = evaluate(compiled, stored, answer.changes_at), steps + 1

    assert steps <= 60
    assert answer.holds is naive(document, given_facts, START + timedelta(days=5000))


@settings(max_examples=200, deadline=None)
@given(conditions, facts, interactions, instants)
def test_a_fact_that_wakes_nothing_changes_nothing(document, given_facts, fact, now):
    compiled = compile_condition(read(document), CATALOGUE, ZONE)
    more = (given_facts[0], [*given_facts[1], fact])

    if not compiled.dependencies & woken_by(fact):
        assert evaluate(compiled, known(more), now) == evaluate(compiled, known(given_facts), now)


@settings(max_examples=200, deadline=None)
@given(conditions, facts, instants)
def test_what_lies_before_the_declared_range_is_not_needed(document, given_facts, now):
    compiled = compile_condition(read(document), CATALOGUE, ZONE)
    reach = compiled.interactions
    near = [
        fact
        for fact in given_facts[1]
        if fact.type in reach and ((length := reach[fact.type]) is None or fact.at >= now - length)
    ]

    assert evaluate(compiled, known((given_facts[0], near)), now) == evaluate(compiled, known(given_facts), now)
