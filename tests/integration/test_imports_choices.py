"""Words of a file that become options: tried, made once before the rows, told, left where the import is undone."""

from functools import partial

import pytest
from chalice.test import Client

from app import app
from chalicelib.access import service as access
from chalicelib.audit.models import AuditItem
from chalicelib.clock import now
from chalicelib.contacts.custom import service as custom_fields
from chalicelib.imports import choices, parsing
from chalicelib.imports.models import Import
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.custom import change, make
from tests.support.faults import Faults, Killed, database, injected
from tests.support.imports import failed_rows, finished, started, submitted, table

pytestmark = pytest.mark.usefixtures("cloud")

ADDING = [
    {"column": "Surname", "field": "last_name"},
    {"column": "Tier", "field": "custom.tier", "create_options": True},
]
ROWS = [["Surname", "Tier"], ["Berg", "Bronze"], ["Juhl", "gold"], ["Ek", "BRONZE"], ["Holm", "Guld Kort"]]
MADE = [{"value": "bronze", "label": "Bronze"}, {"value": "guld_kort", "label": "Guld Kort"}]


@pytest.fixture
def api():
    make("tier", "choice")
    with Client(app) as client:
        yield Caller(client)


def tiers():
    return custom_fields.find("contact.tier").said.values


def audited():
    found = AuditItem.by_record.query("field#contact.tier")
    return [AuditItem.get(row.pk, row.sk) for row in found]


@pytest.mark.rule("IMP-4", "PRV-14")
def test_words_become_options_before_the_rows_and_a_trial_only_says_which(api, world, monkeypatch):
    monkeypatch.setattr(parsing, "PAGE", 3)
    import_ = submitted(api, table(ROWS), mapping=ADDING)

    tried = finished(api, world, import_, dry_run=True)
    assert (tried["checked"]["created"], tried["checked"]["failed"]) == (4, 0)
    assert tried["new_options"] == [{"field": "custom.tier", "options": MADE, "refused": None}]
    assert (tiers(), audited()) == (("gold", "silver"), [])

    done = finished(api, world, tried)
    assert (done["counts"]["created"], done["counts"]["failed"]) == (4, 0)
    assert done["new_options"] == tried["new_options"]
    found = {each["last_name"]: each["custom"]["tier"] for each in api.get("/contacts")["items"]}
    assert found == {"Berg": "bronze", "Juhl": "gold", "Ek": "bronze", "Holm": "guld_kort"}
    [row] = audited()
    assert (row.who, row.fields) == (done["created_by"], ["options"])
    assert row.route == "POST /imports/{import_id}/start"

    api.call("POST", f"/imports/{done['id']}/undo", {}, If_Match=f'"{done["version"]}"')
    world.settle()
    assert api.get("/contacts")["items"] == []
    assert tiers() == ("gold", "silver", "bronze", "guld_kort")


@pytest.mark.rule("IMP-4")
def test_a_file_of_too_many_words_adds_none_and_its_rows_say_why(api, world):
    rows = [["Surname", "Tier"], ["Berg", "gold"], *([f"Juhl {at}", f"Word {at}"] for at in range(51))]

    tried = finished(api, world, submitted(api, table(rows), mapping=ADDING), dry_run=True)
    done = finished(api, world, tried)

    for counts in (tried["checked"], done["counts"]):
        assert (counts["created"], counts["failed"]) == (1, 51)
    assert done["new_options"] == [{"field": "custom.tier", "options": [], "refused": choices.TOO_MANY}]
    assert {row["error_message"] for row in failed_rows(done)} == {
        f"The row is not as it should be. {choices.TOO_MANY}"
    }
    assert tiers() == ("gold", "silver")


@pytest.mark.parametrize("mode", ["dies before", "dies after"])
def test_a_job_that_dies_while_it_adds_options_adds_the_same_when_it_is_repeated(api, world, mode):
    died = calls = at = 0
    while at <= calls + 1:
        at += 1
        word = f"Word {at}"
        import_ = started(api, submitted(api, table([ROWS[0], ["Berg", word], ["Ek", word.upper()]]), mapping=ADDING))
        arguments, faults = {"import": import_["id"], "run": 1}, Faults(mode, at)
        try:
            with injected(faults, *database()):
                parsing.act(arguments, ["1"], world.now)
        except Killed:
            died += 1
        calls = max(calls, faults.calls)
        if parsing.pages(arguments, 0, "2")[0]:
            parsing.act(arguments, ["1"], world.now)

        [told] = Import.get(*Import.at(import_["id"])).new_options
        assert told["options"] == [{"value": f"word_{at}", "label": word}], (at, faults.names[-1])
        assert tiers().count(f"word_{at}") == 1
    assert died >= 5


def test_two_workers_that_add_one_option_at_once_leave_it_once_and_all_rows_come_in(api, world):
    import_ = started(api, submitted(api, table(ROWS), mapping=ADDING))
    work = partial(parsing.act, {"import": import_["id"], "run": 1}, ["1"], world.now)
    settle, raced = choices._added, []

    def added(*given):
        if raced:
            return settle(*given)
        raced.append(given)
        with before_the_next_write(work):  # the other one does all of it, between our reading the field and changing it
            return settle(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(choices, "_added", added)
        work()
    world.settle()

    assert tiers() == ("gold", "silver", "bronze", "guld_kort")
    assert len(audited()) == 1
    assert api.get(f"/imports/{import_['id']}")["new_options"] == [
        {"field": "custom.tier", "options": MADE, "refused": None}
    ]
    found = {each["last_name"]: each["custom"]["tier"] for each in api.get("/contacts")["items"]}
    assert found == {"Berg": "bronze", "Juhl": "gold", "Ek": "bronze", "Holm": "guld_kort"}


def test_options_are_added_to_a_field_that_somebody_changes_at_this_moment(api, world):
    import_ = started(api, submitted(api, table(ROWS), mapping=ADDING))
    arguments = {"import": import_["id"], "run": 1}
    settle = choices._added

    def meanwhile():
        change("contact.tier", labels={"en": "Level"})

    def added(*given):
        with before_the_next_write(meanwhile):
            return settle(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(choices, "_added", added)
        parsing.act(arguments, ["1"], world.now)

    field = custom_fields.find("contact.tier").said
    assert (field.label, field.values) == ("Level", ("gold", "silver", "bronze", "guld_kort"))


def test_who_lets_a_file_add_options_may_write_fields(api):
    import_ = submitted(api, table(ROWS), mapping=ADDING)
    _, key = access.create_key("k", "root", ["imports:write"], ["*"], now())
    asked = {"Authorization": f"Bearer {key}", "If_Match": f'"{import_["version"]}"'}

    status, answer, _ = api.call("POST", f"/imports/{import_['id']}/start", {}, **asked)

    assert (status, "fields:write" in answer["detail"]) == (403, True)
