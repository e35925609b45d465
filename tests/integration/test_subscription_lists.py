"""Subscription lists over HTTP: records, who is on them, and the proof of how that came."""

import pytest
from chalice.test import Client

from app import app
from chalicelib.consent.subscriptions import service
from chalicelib.contacts import merging
from chalicelib.contacts import service as contacts
from chalicelib.definitions import service as definitions
from chalicelib.definitions.lifecycle import Checked
from tests.support.api import Caller
from tests.support.between import before_the_next_write
from tests.support.merged import merge, undo

ASKED = {"reason": "asked by phone"}


@pytest.fixture
def api(world):
    for each in ("ada", "twin", "other"):
        contacts.create(each, {"last_name": "Berg", "email": f"{each}@contoso.example"}, world.now, by="user:u")
    with Client(app) as client:
        yield Caller(client)


def made(api, name="News", **more):
    return api.post("/subscription-lists", {"name": name, **more})


def join(api, contact_id, list_id, body=ASKED):
    status, answer, _ = api.call("POST", f"/contacts/{contact_id}/lists/{list_id}", body)
    assert status == 200, answer
    return answer


def leave(api, contact_id, list_id):
    status, answer, _ = api.call("DELETE", f"/contacts/{contact_id}/lists/{list_id}")
    assert status == 200, answer
    return answer


def members(api, list_id):
    return sorted(each["contact_id"] for each in api.get(f"/subscription-lists/{list_id}/members")["items"])


def lists(api, contact_id):
    return {each["list_id"]: each["subscribed"] for each in api.get(f"/contacts/{contact_id}/lists")["items"]}


def interactions(api, contact_id, type_):
    return api.get(f"/interactions?contact_id={contact_id}&type={type_}")["items"]


# Records -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SBL-1")
def test_a_list_has_a_name_a_description_an_owner_and_words_for_people(api):
    words = {"da": {"public_name": "Nyheder", "public_description": ""}}
    new = made(api, description="Monthly", public_name="Our news", translations=words)

    shown = api.get(f"/subscription-lists/{new['id']}")
    changed = api.change("PATCH", f"/subscription-lists/{new['id']}", shown, {"name": "Letters", "owner_id": "olga"})

    assert (shown["name"], shown["public_name"], shown["description"]) == ("News", "Our news", "Monthly")
    assert shown["owner_id"] == shown["created_by"]
    assert (changed["name"], changed["owner_id"], changed["translations"]) == ("Letters", "olga", words)


def test_lists_are_found_by_the_beginning_of_their_names(api):
    for name in ("News", "newcomers", "Lamps"):
        made(api, name)

    first = api.get("/subscription-lists?name_prefix=new&limit=1")
    rest = api.get(f"/subscription-lists?name_prefix=new&limit=1&cursor={first['next_cursor']}")

    assert [each["name"] for each in (*first["items"], *rest["items"])] == ["newcomers", "News"]
    assert rest["next_cursor"] is None


def test_the_slower_of_two_changes_of_a_list_is_refused(api):
    new = made(api)
    api.change("PATCH", f"/subscription-lists/{new['id']}", new, {"name": "One"})

    status, _, _ = api.call("PATCH", f"/subscription-lists/{new['id']}", {"name": "Two"}, If_Match='"1"')

    assert (status, api.get(f"/subscription-lists/{new['id']}")["name"]) == (412, "One")


def test_a_request_with_a_key_makes_one_list_however_often_it_comes(api):
    first, second = (api.post("/subscription-lists", {"name": "News"}, Idempotency_Key="k") for _ in range(2))

    assert first["id"] == second["id"]
    assert len(api.get("/subscription-lists")["items"]) == 1


def test_a_stopped_list_can_be_left_and_not_joined_until_it_goes_on(api):
    new = made(api)
    join(api, "ada", new["id"])
    stopped = api.change("POST", f"/subscription-lists/{new['id']}/stop", new)

    refused, _, _ = api.call("POST", f"/contacts/other/lists/{new['id']}", ASKED)
    leave(api, "ada", new["id"])
    again, _, _ = api.call("POST", f"/subscription-lists/{new['id']}/stop", If_Match=f'"{stopped["version"]}"')
    api.change("POST", f"/subscription-lists/{new['id']}/restart", stopped)
    join(api, "other", new["id"])

    assert (refused, again) == (409, 409)
    assert stopped["stopped_at"] is not None
    assert members(api, new["id"]) == ["other"]


def test_a_list_that_something_live_names_stays(api, world):
    new = made(api)
    draft = definitions.create("content-settings", "cs", "cs", {}, "user:u", world.now)
    names = Checked(references=[("subscription-list", new["id"])])
    definitions.publish("content-settings", "cs", lambda _: names, version=draft.version, by="u", now=world.now)

    status, problem, _ = api.call("POST", f"/subscription-lists/{new['id']}/stop", If_Match='"1"')

    assert (status, problem["errors"][0]["field"]) == (409, "content-settings:cs")
    assert api.get(f"/subscription-lists/{new['id']}")["stopped_at"] is None


# Memberships -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SBL-2", "CON-5", "PRV-13")
def test_a_contact_is_put_on_a_list_with_a_reason_and_every_change_is_recorded(api):
    new = made(api)
    refused, problem, _ = api.call("POST", f"/contacts/ada/lists/{new['id']}", {})

    join(api, "ada", new["id"])
    on = lists(api, "ada"), members(api, new["id"])
    leave(api, "ada", new["id"])

    assert (refused, problem["errors"][0]["field"]) == (400, "reason")
    assert on == ({new["id"]: True}, ["ada"])
    assert (lists(api, "ada"), members(api, new["id"])) == ({new["id"]: False}, [])
    joined, left = api.get("/contacts/ada/consent-changes")["items"]
    assert (joined["list_id"], left["list_id"]) == (new["id"], new["id"])
    assert (joined["before"], joined["after"]) == ({"subscription": None}, {"subscription": "subscribed"})
    assert (left["before"], left["after"]) == ({"subscription": "subscribed"}, {"subscription": "unsubscribed"})
    assert (joined["source"], joined["reason"]) == ("api", "asked by phone")


@pytest.mark.rule("CON-16")
def test_several_rows_are_put_on_a_list_at_once_or_none_where_one_is_nobody(api):
    new = made(api)
    path = f"/subscription-lists/{new['id']}/members"
    several = {"contact_ids": ["ada", "twin", "ada"], "reason": "asked at the fair"}

    silent = api.call("POST", path, {"contact_ids": ["ada", "twin"]})
    unknown, problem, _ = api.call("POST", path, {**several, "contact_ids": ["ada", "nobody"]})
    nobody = members(api, new["id"])
    for _ in range(2):
        api.call("POST", path, several)

    assert (silent[0], silent[1]["errors"][0]["field"]) == (400, "reason")
    assert (unknown, [each["field"] for each in problem["errors"]]) == (422, ["contact_ids.1"])
    assert (nobody, sorted(members(api, new["id"]))) == ([], ["ada", "twin"])
    assert [each["reason"] for each in api.get("/contacts/twin/consent-changes")["items"]] == ["asked at the fair"]


def test_joining_and_leaving_are_interactions_of_the_catalogue_once_each(api):
    new = made(api)
    for _ in range(2):
        join(api, "ada", new["id"])
    for _ in range(2):
        leave(api, "ada", new["id"])

    for type_ in ("SegmentSubscribed", "SegmentUnsubscribed"):
        [told] = interactions(api, "ada", type_)
        assert told["attributes"] == {"list_id": new["id"]}
    assert len(api.get("/contacts/ada/consent-changes")["items"]) == 2


@pytest.mark.rule("SBL-3")
def test_another_contact_of_the_same_address_is_unaffected(api, world):
    wanted = {"target": "contact", "name": "In its unit", "attributes": ["email", "business_unit"]}
    listed = api.post("/matching-strategies", wanted)["items"]
    [by_unit] = [each["id"] for each in listed if each["name"] == "In its unit"]
    world.settle()
    api.post(f"/matching-strategies/{by_unit}/make-default?target=contact")
    given, new = {"last_name": "Juhl", "email": "shared@contoso.example"}, made(api)
    north, south = (api.post("/contacts", {**given, "business_unit": unit})["id"] for unit in ("north", "south"))
    for each in (north, south):
        join(api, each, new["id"])

    leave(api, north, new["id"])

    assert (lists(api, north), lists(api, south)) == ({new["id"]: False}, {new["id"]: True})


def test_members_come_in_pages_latest_first_each_once(api, world):
    new = made(api)
    for number in range(7):
        contacts.create(f"c{number}", {"last_name": "Juhl"}, world.now, by="user:u")
        join(api, f"c{number}", new["id"])

    seen, cursor = [], ""
    while cursor is not None:
        found = api.get(f"/subscription-lists/{new['id']}/members?limit=3{cursor and f'&cursor={cursor}'}")
        seen, cursor = seen + [each["contact_id"] for each in found["items"]], found["next_cursor"]

    assert seen == [f"c{number}" for number in reversed(range(7))]


@pytest.mark.parametrize("path", ["/contacts/nobody/lists/{}", "/contacts/ada/lists/none"])
def test_who_or_what_is_not_there_is_told(api, path):
    status, _, _ = api.call("POST", path.format(made(api)["id"]), ASKED)

    assert status == 404


# Merging and deleting ----------------------------------------------------------------------------------------------


@pytest.mark.rule("SBL-3")
def test_merged_contacts_are_one_person_and_whoever_left_stays_off(api, world):
    kept, left = made(api, "Kept"), made(api, "Left")
    for each in (kept, left):
        join(api, "twin", each["id"])
    join(api, "ada", left["id"])
    leave(api, "ada", left["id"])

    foreseen = merging.preview("ada", "twin", {}).consequences["lists"]
    merge("ada", "twin", world.now)

    assert foreseen == {"before": [], "after": [kept["id"]]}
    assert lists(api, "ada") == lists(api, "twin") == {kept["id"]: True, left["id"]: False}
    assert (members(api, kept["id"]), members(api, left["id"])) == (["twin"], [])


def test_a_person_is_listed_once_whatever_contacts_it_is(api, world):
    new = made(api)
    for each in ("ada", "twin"):
        join(api, each, new["id"])

    merge("ada", "twin", world.now)

    assert members(api, new["id"]) == ["ada"]


def test_undoing_a_merge_puts_nobody_back_who_left_as_one(api, world):
    new = made(api)
    for each in ("ada", "twin"):
        join(api, each, new["id"])
    merge("ada", "twin", world.now)

    leave(api, "twin", new["id"])
    undo("ada", "twin", world.now)

    assert (lists(api, "ada"), lists(api, "twin")) == ({new["id"]: False}, {new["id"]: False})
    assert len(interactions(api, "ada", "SegmentUnsubscribed")) == 1


def test_a_deleted_contact_leaves_no_membership_behind(api, world):
    new = made(api)
    join(api, "ada", new["id"])

    contacts.remove("ada", contacts.find("ada").version, world.now)
    gone = members(api, new["id"])
    world.settle()

    assert gone == []
    assert service.of_person(contacts.who_is("ada")) == []


# Races -------------------------------------------------------------------------------------------------------------


def test_whoever_is_merged_while_it_joins_joins_as_the_one_that_counts(api, world):
    new = made(api)

    with before_the_next_write(lambda: merge("twin", "ada", world.now)):
        joined = join(api, "ada", new["id"])

    assert joined["subscribed"] is True
    assert members(api, new["id"]) == ["twin"]


def test_a_list_that_is_stopped_while_somebody_joins_is_not_joined(api):
    new = made(api)

    def stop():
        api.change("POST", f"/subscription-lists/{new['id']}/stop", new)

    with before_the_next_write(stop):
        status, _, _ = api.call("POST", f"/contacts/ada/lists/{new['id']}", ASKED)

    assert (status, members(api, new["id"])) == (409, [])
