"""Every table and every kind of row says what it holds of a person; one that forgets erasure fails here."""

from pathlib import Path

import pytest
import yaml

import app
from chalicelib import dynamodb
from chalicelib.holdings import Held, Holding, Nobody, Reached
from chalicelib.privacy import replaying
from chalicelib.privacy.holdings import HOLDINGS
from chalicelib.privacy.walking import FILES, LETTERS, STAGES
from infra.template import BUCKETS

ROOT = Path(__file__).parents[2]


def declared(kind):
    """Resources of a kind, by logical id."""
    files = [yaml.safe_load(path.read_text()) for path in (ROOT / "infra" / "resources").glob("*.yaml")]
    known = {name: each for file in files for name, each in (file.get("Resources") or {}).items()}
    return {name: each["Properties"] for name, each in known.items() if each.get("Type") == kind}


def tables():
    names = (each["TableName"]["Fn::Sub"] for each in declared("AWS::DynamoDB::Table").values())
    return {name.removeprefix("${Prefix}-") for name in names}


def kinds(table):
    """Every class of items of a table that the app has."""
    assert app.app.operations  # loads all modules
    found = [each for each in table.__subclasses__() if each.__module__.startswith("chalicelib.")]
    return {each for one in found for each in [one, *kinds(one)]}


def name_of(table):
    return table.Meta.table_name.removeprefix(dynamodb.Item.__module__).split("itinera-test-")[-1]


@pytest.mark.rule("PRV-16", "INT-9")
def test_every_table_of_the_template_says_what_it_holds_of_a_person():
    assert {name_of(each.table) for each in HOLDINGS} == tables()


@pytest.mark.rule("PRV-16")
@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda each: name_of(each.table))
def test_every_kind_of_row_says_whose_it_is_and_how_it_goes(holding):
    named = [each.kind for each in holding.kinds]

    assert len(named) == len(set(named))
    assert set(named) == kinds(holding.table)


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda each: name_of(each.table))
def test_what_is_reached_by_a_record_has_a_way_that_leads_there(holding):
    reached = [each for each in holding.kinds if isinstance(each, Reached)]

    assert not reached or holding.partitions or holding.found


def test_what_no_key_leads_to_is_looked_through():
    looked = {name_of(each.table) for each in HOLDINGS if any(isinstance(kind, Held) for kind in each.kinds)}

    assert looked == {stage.removeprefix("itinera-test-") for stage in STAGES[1:-2]}
    assert looked == {"contacts", "consent", "leads", "capture", "registrations", "journeys", "imports"}


def test_what_stays_says_why():
    assert all(each.why for holding in HOLDINGS for each in holding.kinds if isinstance(each, Nobody))


def test_every_bucket_and_every_queue_of_what_was_set_aside_is_looked_through():
    dead = {name for name in declared("AWS::SQS::Queue") if name.endswith("DeadLetters")}
    grants = yaml.safe_load((ROOT / "infra" / "resources" / "privacy.yaml").read_text())["Grants"]["WorkSlice"]

    assert STAGES[-2:] == (FILES, LETTERS)
    assert set(declared("AWS::S3::Bucket")) == set(BUCKETS) == set(grants["list"]) == set(grants["forget"])
    assert set(grants["redrive"]) == dead


def test_the_job_may_look_through_what_it_looks_through():
    grants = yaml.safe_load((ROOT / "infra" / "resources" / "privacy.yaml").read_text())["Grants"]["WorkSlice"]
    looked = {f"{name_of(each.table).title()}Table" for each in HOLDINGS if each.looked_through}
    after_a_restore = {f"{name_of(each.table).title()}Table" for each in replaying.TABLES}

    assert looked < after_a_restore
    assert set(grants["scan"]) == {*after_a_restore, "PrivacyTable"}


def test_a_table_that_forgets_to_say_so_is_found():
    """What the tests above would miss if the declarations were made of the classes themselves."""
    forgetful = Holding(HOLDINGS[0].table, HOLDINGS[0].kinds[1:])

    assert {each.kind for each in forgetful.kinds} != kinds(forgetful.table)
