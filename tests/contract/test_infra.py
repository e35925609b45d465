"""infra/, models, settings, wiring and entry points agree."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from pynamodb.indexes import Index

import app
from chalicelib import dynamodb
from chalicelib.access.scopes import ALL_SCOPES
from chalicelib.agenda import agendas
from chalicelib.settings import Settings, settings
from chalicelib.wiring import reactions
from infra.template import BUCKETS, ENVIRONMENT, FOR_AUTHORIZERS, MACHINES, load
from tests.support import roles

ROOT = Path(__file__).parents[2]


def declared(kind):
    """What infra/ declares of a kind, by physical name without the prefix."""
    found = {}
    for file in (ROOT / "infra" / "resources").glob("*.yaml"):
        for resource in (yaml.safe_load(file.read_text()).get("Resources") or {}).values():
            if resource.get("Type") == kind:
                properties = resource["Properties"]
                name = properties.get("TableName") or properties.get("QueueName")
                found[name["Fn::Sub"].removeprefix("${Prefix}-")] = properties
    return found


def tables():
    """The classes that are tables: those that declare Meta themselves."""
    declared = [each for each in dynamodb.Item.__subclasses__() if "Meta" in vars(each)]
    return [each for each in declared if each.Meta.table_name.startswith("itinera")]


def indexes(table):
    """The names of the attributes that are an index's key, hash first, by index: of those the table's class declares.

    Not `_get_schema()`: it collects by the discriminator, which is one for all tables, and so mixes their indexes.
    """
    declared = [each for base in table.__mro__ for each in vars(base).values() if isinstance(each, Index)]
    return {each.Meta.index_name: _key(each) for each in declared}


def _key(index):
    attributes = index.Meta.attributes.values()
    hashes = [each.attr_name for each in attributes if each.is_hash_key]
    return hashes + [each.attr_name for each in attributes if each.is_range_key]


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.__name__)
def test_a_table_has_the_indexes_that_infra_declares(table):
    name = re.sub(r"^itinera-[a-z]+-", "", table.Meta.table_name)
    wanted = {
        index["IndexName"]: [
            key["AttributeName"] for key in sorted(index["KeySchema"], key=lambda key: key["KeyType"] != "HASH")
        ]
        for index in declared("AWS::DynamoDB::Table")[name].get("GlobalSecondaryIndexes", [])
    }

    assert indexes(table) == wanted


def test_indexes_of_one_name_have_one_hash_key_in_all_tables():
    """PynamoDB looks up an index's hash key by name only, among the indexes of all tables (see `indexes`)."""
    found = {(name, key[0]) for table in tables() for name, key in indexes(table).items()}

    assert len(found) == len({name for name, _ in found})


def heard_of(name):
    """Every queue that may hear of a fact of this name."""
    recorded = [
        {"fact": "interaction.recorded", "verdict": verdict, "type": type_}
        for verdict in ("none", "undecided", "human", "machine")
        for type_ in ("FormSubmitted", "EmailClicked")
    ]
    known = recorded if name == "interaction.recorded" else [{"fact": name}, {"fact": name, "contact": "c"}]
    return {queue for fact in known for queue in reactions.queues_for(fact)}


def told_by():
    """Which table's router tells of each fact, as docs/architecture.md has it."""
    table = (ROOT / "docs" / "architecture.md").read_text().split("| fact | from |")[1].split("\n\n")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines()[2:]]
    return {name.strip(): domain.strip() for names, domain in rows for name in names.split(",")}


def grants():
    """What each function may do, by its name in the template, and what queues are called there."""
    files = [yaml.safe_load(file.read_text()) for file in (ROOT / "infra" / "resources").glob("*.yaml")]
    granted = {}
    for function, given in (pair for file in files for pair in (file.get("Grants") or {}).items()):
        for action, names in given.items():
            granted.setdefault(function, {}).setdefault(action, set()).update(names)
    resources = {name: each for file in files for name, each in (file.get("Resources") or {}).items()}
    queues = {
        each["Properties"]["QueueName"]["Fn::Sub"].removeprefix("${Prefix}-"): name
        for name, each in resources.items()
        if each.get("Type") == "AWS::SQS::Queue"
    }
    return granted, queues


@pytest.mark.parametrize("name", sorted({*reactions.REACTIONS, "interaction.recorded"}))
def test_the_router_that_tells_of_a_fact_may_send_it_to_every_queue_that_hears_of_it(name):
    granted, queues = grants()
    router = f"Route{told_by()[name].title()}"

    assert heard_of(name)
    assert {queues[queue] for queue in heard_of(name)} <= granted[router]["send"]


def test_every_queue_of_due_work_is_declared():
    assert {agenda.queue for agenda in agendas} <= set(declared("AWS::SQS::Queue"))


def test_every_setting_that_is_no_default_is_set_by_the_template():
    set_by_template = {*ENVIRONMENT, *FOR_AUTHORIZERS, *MACHINES.values(), *BUCKETS.values()}
    platform = {"AWS_REGION", "AWS_ENDPOINT_URL", "USER_POOL_ID"}

    assert {name.upper() for name in Settings.__struct_fields__} <= set_by_template | platform


def test_every_route_asks_for_a_scope_that_exists_or_is_meant_to_be_public():
    public = {f"{each.method} {each.path}" for each in app.app.operations if each.scope is None}

    assert {each.scope for each in app.app.operations if each.scope is not None} <= ALL_SCOPES
    assert public == {
        "GET /health",
        "GET /openapi.json",
        "GET /static/{digest}/{name}",
        "GET /p/{slug}",
        "POST /p/{slug}",
        "GET /confirm/{token}",
        "POST /confirm/{token}",
        "OPTIONS /forms/{form_id}/submissions",
        "POST /forms/{form_id}/submissions",
        "OPTIONS /events/{event_id}/registrations",
        "POST /events/{event_id}/registrations",
        "GET /e/{event_id}",
        "POST /e/{event_id}",
        "GET /t/{token}",
        "HEAD /t/{token}",
        "GET /o/{token}",
        "HEAD /o/{token}",
        "GET /subscriptions",
        "GET /subscriptions/{token}",
        "POST /subscriptions/{token}",
        "GET /unsubscribe/{token}",
        "POST /unsubscribe/{token}",
        "GET /r/{redirect_id}",
        "HEAD /r/{redirect_id}",
        "GET /w/{website_id}",
        "POST /w/{website_id}",
        "GET /webhooks/linkedin/{connection_id}",
        "POST /webhooks/linkedin/{connection_id}",
    }


def test_lambda_finds_every_function_in_app_with_its_middleware():
    for handler in app.app.pure_lambda_functions + app.app.event_sources:
        module, _, name = handler.handler_string.rpartition(".")
        assert module == "app"
        assert name in app.__all__


def test_what_only_some_functions_need_is_not_imported_by_all():
    heavy = ["jinja2", "liquid", "nh3", "phonenumbers", "email_validator", "cryptography", "jwt", "html2text", "boto3"]
    heavy += ["openpyxl", "charset_normalizer", "chalicelib.imports.importing", "chalicelib.views.exports"]
    heavy += [f"chalicelib.{domain}.schemas" for domain in ("capture", "messages", "registrations", "consent.points")]
    code = "import sys, app; print([name for name in sys.argv[1:] if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_every_kind_of_row_is_known_wherever_its_table_is():
    """A row of an unknown kind cannot be read, and a query of its base would leave it out."""
    code = """
import pkgutil
from importlib import import_module
import app, chalicelib
from chalicelib.dynamodb import Item

def kinds(of):
    return {each for kind in of.__subclasses__() for each in [kind, *kinds(kind)]}

known = kinds(Item)
tables = {kind for kind in known if "Meta" in vars(kind)}
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    import_module(module.name)
print(sorted(kind.__name__ for kind in kinds(Item) - known if tables & set(kind.__mro__)))
"""

    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_every_alarm_of_ours_watches_a_metric_that_is_counted():
    code = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    watched = [
        resource["Properties"]["MetricName"]
        for file in (ROOT / "infra" / "resources").glob("*.yaml")
        for resource in (yaml.safe_load(file.read_text()).get("Resources") or {}).values()
        if resource.get("Properties", {}).get("Namespace") == "Itinera"
    ]

    assert {"LinkedInRefused", "LinkedInVersionOld", "ScoreDifferences"} <= set(watched)
    assert [name for name in watched if f'add_metric(name="{name}"' not in code] == []


def test_each_module_says_the_first_words_of_its_routes():
    """A word that is missing would make its routes unknown to whoever asks for them first."""
    assert app.app.operations
    for module, words in app.ROUTES.items():
        operations = import_module(module).api.operations
        assert {each.path.split("/")[1] for each in operations} == set(words), module


LARGEST_ROLE = 10_240  # letters of a role's own policies; IAM does not count white space
LOGS_AND_TRACES = 600


def test_every_role_fits_iam_however_long_the_prefix_is():
    for name in load().grants:
        text = json.dumps(roles.statements(name), separators=(",", ":"))
        longest = text.replace(settings.prefix, "p" * 28).replace(settings.aws_region, "ap-southeast-1")
        assert len(longest) + LOGS_AND_TRACES < LARGEST_ROLE, name
