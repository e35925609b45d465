"""Properties: the engine against a naive recount, at any clock, for random models and facts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.conditions.catalogue import Catalogue, Field, FieldType
from chalicelib.conditions.dependencies import woken_by
from chalicelib.conditions.durations import Duration
from chalicelib.conditions.facts import Interaction, KnownFacts, Verdict
from chalicelib.scoring.compiler import compile_model
from chalicelib.scoring.deciding import reached_again
from chalicelib.scoring.engine import score, spans
from chalicelib.scoring.live import Model
from chalicelib.scoring.model import ScoringModel

START = datetime(2026, 1, 20, tzinfo=UTC)
CATALOGUE = Catalogue({"contact": {"city": Field(FieldType.TEXT), "due": Field(FieldType.INSTANT)}}).merged(
    Catalogue.of_interactions(["A", "B"])
)
LENGTHS = ["PT12H", "P2D", "P7D", "P1M"]
POINTS = [-30, -10, 5, 10, 40]

instants = st.integers(0, 120).map(lambda steps: START + timedelta(hours=12 * steps))
names = st.sampled_from(["x", "y"])


def expression(field, operator, value):
    return {"field": field, "operator": operator, "values": [value]}


behaviour = st.fixed_dictionaries(
    {"entity": st.sampled_from(["A", "B"])},
    optional={
        "within": st.sampled_from(LENGTHS),
        "include_machine": st.booleans(),
        "where": names.map(lambda name: [expression("link", "equals", name)]),
    },
)
frequencies = st.one_of(
    st.just({}), st.just({"frequency": "none"}), st.integers(1, 3).map(lambda n: {"frequency": "at_least", "times": n})
)
counted = st.builds(lambda deed, frequency: {**deed, **frequency}, behaviour, frequencies)
each = behaviour.map(lambda deed: {**deed, "frequency": "each"})
fixed = st.one_of(
    st.just({"entity": "contact"}),
    names.map(lambda name: {"entity": "contact", "where": [expression("city", "not_equals", name)]}),
    names.map(lambda name: {"entity": "contact", "where": [expression("city", "equals", name)]}),
    st.sampled_from(LENGTHS).map(lambda length: {"entity": "contact", "where": [expression("due", "in_last", length)]}),
)
groups = (
    st.builds(
        lambda first, others: [*first, *others], st.lists(each, max_size=1), st.lists(counted | fixed, max_size=2)
    )
    .filter(bool)
    .flatmap(st.permutations)
)
rules = st.builds(
    lambda points, conditions: {"points": points, "conditions": conditions}, st.sampled_from(POINTS), groups
)
models = st.builds(
    lambda rules, threshold: {
        "name": "M",
        "sales_ready_score": threshold,
        "rules": [{**rule, "id": f"r{at}"} for at, rule in enumerate(rules)],
    },
    st.lists(rules, min_size=1, max_size=5),
    st.sampled_from([-5, 0, 20, 50]),
)
interactions = st.builds(
    Interaction,
    id=st.integers(0, 40).map(str),
    type=st.sampled_from(["A", "B"]),
    at=instants,
    attributes=st.fixed_dictionaries({"link": names}),
    verdict=st.sampled_from([Verdict.HUMAN, Verdict.HUMAN, Verdict.MACHINE]),
)
timelines = st.lists(interactions, max_size=10, unique_by=lambda fact: fact.id)
contacts = st.lists(st.fixed_dictionaries({}, optional={"city": names, "due": instants}), max_size=2)


def compiled(document):
    return compile_model(ScoringModel.model_validate(document), CATALOGUE)


def known(people, timeline):
    return KnownFacts.of({"contact": people}, timeline)


def occurring(condition, timeline, now):
    """Count the occurrences of one condition by looking at all facts."""
    count = 0
    for fact in timeline:
        in_range = "within" not in condition or now < Duration.parse(condition["within"]).after(fact.at)
        fits = all(fact.attributes["link"] == clause["values"][0] for clause in condition.get("where", []))
        human = fact.verdict == Verdict.HUMAN or condition.get("include_machine", False)
        count += fact.type == condition["entity"] and fact.at <= now and in_range and fits and human
    return count


def satisfies(person, clause, now):
    value = person.get(clause["field"])
    if clause["operator"] in {"equals", "not_equals"}:
        return (value == clause["values"][0]) is (clause["operator"] == "equals")
    return value is not None and value <= now < Duration.parse(clause["values"][0]).after(value)


def denied(rule, people, now):
    """Whether it holds of no contact; where there is none its values are absent, unless one has to be there."""
    asked = [one.get("where", []) for one in rule["conditions"] if one["entity"] == "contact"]
    anybody = people or ([] if [] in asked else [{}])
    clauses = [clause for one in asked for clause in one]
    return bool(asked) and not any(all(satisfies(person, clause, now) for clause in clauses) for person in anybody)


def naive_rule(rule, people, timeline, at, now):
    """The points of a rule with the interactions as of `at` and the records as of `now`."""
    if denied(rule, people, now):
        return 0
    times = 1
    for condition in rule["conditions"]:
        if condition["entity"] == "contact":
            continue
        count = occurring(condition, timeline, at)
        match condition.get("frequency", "at_least"):
            case "each":
                times *= count
            case "none":
                times *= count == 0
            case _:
                times *= count >= condition.get("times", 1)
    return rule["points"] * times


def naive_score(document, people, timeline, at, now):
    return sum(naive_rule(rule, people, timeline, at, now) for rule in document["rules"])


def instants_of(rule, people, timeline, now):
    """The instants at which a fact comes or goes, where the records satisfy the rule."""
    if denied(rule, people, now):
        return
    yield from (fact.at for fact in timeline)
    for length in [condition["within"] for condition in rule["conditions"] if "within" in condition]:
        yield from (Duration.parse(length).after(fact.at) for fact in timeline)


def naive_reached_at(document, people, timeline, since, now):
    """Look at the score at every instant at which something may have changed."""
    looked_at = {since, now}.union(*(instants_of(rule, people, timeline, now) for rule in document["rules"]))
    threshold = document["sales_ready_score"]
    reached = [at for at in looked_at if at <= now and naive_score(document, people, timeline, at, now) >= threshold]
    return min(reached, default=None)


@settings(max_examples=400, deadline=None)
@given(models, contacts, timelines, instants)
def test_the_score_is_what_a_naive_recount_gives_and_its_contributions_sum_to_it(document, people, timeline, now):
    evaluation = score(compiled(document), known(people, timeline), now)

    assert evaluation.score == naive_score(document, people, timeline, now, now)
    assert sum(contribution.points for contribution in evaluation.contributions) == evaluation.score
    expected = [naive_rule(rule, people, timeline, now, now) for rule in document["rules"]]
    given = {contribution.rule_id: contribution.points for contribution in evaluation.contributions}
    assert [given.get(f"r{at}", 0) for at in range(len(expected))] == expected


@settings(max_examples=400, deadline=None)
@given(models, contacts, timelines, instants, st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
def test_until_before_changes_at_time_alone_changes_nothing_of_it(document, people, timeline, now, parts):
    model, facts = compiled(document), known(people, timeline)

    evaluation = score(model, facts, now, START)

    end = evaluation.changes_at or now + timedelta(days=400)
    assert end > now
    looked_at = [now + (end - now) * (part / 10_001) for part in parts] + [end - timedelta(microseconds=1)]
    for moment in looked_at:
        assert score(model, facts, moment, START).contributions == evaluation.contributions
        assert naive_score(document, people, timeline, moment, moment) == evaluation.score


@settings(max_examples=400, deadline=None)
@given(models, contacts, timelines, instants)
def test_the_threshold_is_reached_when_a_look_at_every_instant_says_so(document, people, timeline, now):
    evaluation = score(compiled(document), known(people, timeline), now, START)

    assert evaluation.reached_at == naive_reached_at(document, people, timeline, START, now)


@settings(max_examples=300, deadline=None)
@given(models, contacts, timelines, instants, st.integers(0, 120))
def test_the_score_is_at_a_minimum_during_its_spans_and_at_no_other_time(document, people, timeline, now, step):
    minimum = document["sales_ready_score"]
    model, facts = compiled(document), known(people, timeline)

    found = spans(model, facts, minimum, since=START, now=now)

    at = START + timedelta(hours=12 * step)
    inside = any(begin <= at and (end is None or at < end) for begin, end in found)
    if START <= at <= now:
        assert inside is (naive_score(document, people, timeline, at, now) >= minimum)
    first = min((begin for begin, _ in found), default=None)
    assert first == naive_reached_at(document, people, timeline, START, now)


@settings(max_examples=300, deadline=None)
@given(models, contacts, timelines, st.integers(0, 40), instants)
def test_a_lead_that_came_back_is_ready_again_when_a_look_at_every_instant_says_so(
    document, people, timeline, step, now
):
    """Decided with the records as they are at each instant; it takes more than it came back with."""
    came_back = START + timedelta(hours=12 * step)
    returned_with = naive_score(document, people, timeline, came_back, came_back)
    needed = max(document["sales_ready_score"], returned_with + 1)
    looked_at = every_instant_of(people, timeline)
    reached = [
        at for at in looked_at if came_back < at <= now and naive_score(document, people, timeline, at, at) >= needed
    ]

    found = reached_again(Model("m", 1, None, compiled(document)), known(people, timeline), came_back, now)

    assert found == min(reached, default=None)


@pytest.mark.rule("LEAD-7", "SCO-3")
def test_a_lead_that_came_back_is_ready_again_however_much_has_been_done_since():
    rules = [
        {"id": "often", "points": 1, "conditions": [{"entity": "A"}]},
        {"id": "once", "points": 50, "conditions": [{"entity": "B"}]},
    ]
    done = [Interaction(str(day), "A", START + timedelta(days=day)) for day in range(1, 1000)]
    last = START + timedelta(days=1000)
    facts = known([], [*done, Interaction("last", "B", last)])
    model = Model("m", 1, None, compiled({"name": "M", "sales_ready_score": 50, "rules": rules}))

    assert reached_again(model, facts, START, last - timedelta(days=1)) is None
    assert reached_again(model, facts, START, last) == last


@pytest.mark.rule("LEAD-7")
def test_what_a_date_gives_later_is_not_added_to_what_has_gone_before():
    """The click of the third day has gone on the fifth; the contact's date begins to count on the sixth."""
    rules = [
        {
            "id": "due",
            "points": 40,
            "conditions": [{"entity": "contact", "where": [expression("due", "in_last", "P7D")]}],
        },
        {"id": "click", "points": 10, "conditions": [{"entity": "A", "within": "P2D"}]},
    ]
    day = timedelta(days=1)
    model = Model("m", 1, None, compiled({"name": "M", "sales_ready_score": 50, "rules": rules}))
    people, first = [{"due": START + 6 * day}], Interaction("1", "A", START + 3 * day, {"link": "x"})
    again = Interaction("2", "A", START + 8 * day, {"link": "x"})

    assert reached_again(model, known(people, [first]), START, START + 9 * day) is None
    assert reached_again(model, known(people, [first, again]), START, START + 9 * day) == again.at


def every_instant_of(people, timeline):
    """The instants at which a fact or a date of a contact comes or goes."""
    times = [fact.at for fact in timeline] + [person["due"] for person in people if "due" in person]
    return [*times, *(Duration.parse(length).after(at) for length in LENGTHS for at in times)]


@settings(max_examples=200, deadline=None)
@given(models, contacts, st.lists(interactions, max_size=8), st.randoms(), instants)
def test_neither_order_nor_repetition_of_facts_matters(document, people, timeline, random, now):
    """Decision 19."""
    once = list({fact.id: fact for fact in reversed(timeline)}.values())
    shuffled = [*once, *once]
    random.shuffle(shuffled)
    model = compiled(document)

    assert score(model, known(people, shuffled), now) == score(model, known(people, once), now)


@settings(max_examples=200, deadline=None)
@given(models, contacts, timelines, interactions, instants)
def test_a_fact_that_wakes_nothing_changes_no_score(document, people, timeline, fact, now):
    model = compiled(document)

    if not model.dependencies & woken_by(fact):
        more = [*timeline, fact] if fact.id not in {known.id for known in timeline} else timeline
        assert score(model, known(people, more), now) == score(model, known(people, timeline), now)
