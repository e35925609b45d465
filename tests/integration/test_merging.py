"""Contacts that are one person are merged, and parted again, over HTTP (decision 46)."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from app import app
from chalicelib.contacts import accounts, merging, service, strategies
from chalicelib.contacts.context import MarketingContext
from chalicelib.contacts.joining import Wish
from chalicelib.contacts.models import Contact, ContactsItem, Heir, Merge, Owner
from chalicelib.dynamodb import ConditionFailed, commit
from chalicelib.errors import Conflict, DomainError, Stale
from tests.support.api import Caller
from tests.support.between import before_call, before_the_next_write
from tests.support.insisting import insist

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def api():
    with Client(app) as client:
        yield Caller(client)


def person(identity, **values):
    return service.create(identity, {"last_name": "Juhl", **values}, NOW, by="user:u")


def merge(into, other, choices=None, merge_id=None, at=NOW):
    wish = Wish(merge_id or f"{into}-{other}", choices or {}, by="user:u", why="the same person")
    return merging.merge(into, other, wish, service.find(into).version, at)


def submit(new_id="new", **values):
    """Let a form bring values, and return whom they resolved to."""
    prepared = service.prepare(values, strategy_id=None, new_id=new_id, context=MarketingContext(), now=NOW)
    commit(prepared.writes)
    return prepared.record


def rows():
    """Return every row of contacts, without what moves on with each write."""
    moving = {"version", "updated_at", "since", "joins"}
    found = [item.serialize() for item in ContactsItem.scan(consistent_read=True) if not isinstance(item, Merge)]
    return {
        (raw["pk"]["S"], raw["sk"]["S"]): {name: value for name, value in raw.items() if name not in moving}
        for raw in found
    }


def sound():
    """Check that every claim has one owner and the right heirs, and that nobody holds what is not its own."""
    holders, owners, heirs = Counter(), Counter(), Counter()
    for item in ContactsItem.scan(consistent_read=True):
        if isinstance(item, Contact):
            holders.update((place, item.contact_id) for place in item.places)
            assert item.merged_into is None or not item.places
        elif isinstance(item, Owner):
            owners[item.pk, item.record_id] += 1
        elif isinstance(item, Heir):
            heirs[item.pk, item.record_id] += 1
    assert owners + heirs == holders
    assert Counter(place for place, _ in owners) == dict.fromkeys({place for place, _ in holders}, 1)


# What a merge does ---------------------------------------------------------------------------------------------------


def test_a_merged_contact_counts_as_the_other_and_keeps_its_own_data(api):
    ada = api.post("/contacts", {"last_name": "Juhl", "email": "ada@example.dk"})
    twin = api.post("/contacts", {"last_name": "Juul", "email": "a.juul@example.dk", "city": "Aarhus", "owner_id": "o"})

    wish = {"other_id": twin["id"], "why": "one person"}
    made = api.post(f"/contacts/{ada['id']}/merges", wish, If_Match=f'"{ada["version"]}"')

    assert (made["into_id"], made["other_id"], made["why"]) == (ada["id"], twin["id"], "one person")
    assert made["taken"] == {"city": "Aarhus", "owner_id": "o"}
    shown, other = (api.get(f"/contacts/{each['id']}") for each in (ada, twin))
    assert (shown["last_name"], shown["email"], shown["city"]) == ("Juhl", "ada@example.dk", "Aarhus")
    assert (shown["identities"], shown["merged_into"]) == ([twin["id"]], None)
    assert (other["merged_into"], other["email"], other["last_name"]) == (ada["id"], "a.juul@example.dk", "Juul")
    assert [each["id"] for each in api.get("/contacts")["items"]] == [ada["id"]]
    assert [each["id"] for each in api.get("/contacts?name_prefix=J")["items"]] == [ada["id"]]
    assert [each["id"] for each in api.get("/contacts?owner_id=o")["items"]] == [ada["id"]]


def test_each_field_is_taken_from_the_contact_that_somebody_chose():
    person("ada", email="ada@example.dk", phone="+4512345678", inactive=True)
    person("twin", email="twin@example.dk", city="Aarhus", inactive=False, first_name="Ada")

    merge("ada", "twin", {"email": "other", "city": "this", "phone": "other", "inactive": "other"})

    ada = service.find("ada")
    assert (ada.email, ada.city, ada.phone, ada.first_name) == ("twin@example.dk", None, None, "Ada")
    assert not ada.inactive
    assert submit(email="ada@example.dk", last_name="Juhl").contact_id == "ada"
    assert service.find("ada").email == "twin@example.dk"
    sound()


def test_a_preview_shows_the_fields_side_by_side_and_what_follows_and_changes_nothing(api):
    person("ada", email="ada@example.dk", city="Odense")
    person("twin", email="twin@example.dk", city="Aarhus", phone="+4512345678")
    before = rows()

    shown = api.post("/contacts/ada/merges/preview", {"other_id": "twin", "choices": {"city": "other"}})

    fields = {each["name"]: (each["this"], each["other"], each["after"]) for each in shown["fields"]}
    assert fields["city"] == ("Odense", "Aarhus", "Aarhus")
    assert fields["phone"] == (None, "+4512345678", "+4512345678")
    assert fields["email"] == ("ada@example.dk", "twin@example.dk", "ada@example.dk")
    assert shown["identities"] == ["ada", "twin"]
    assert shown["consequences"].keys() == {"consent", "lists", "leads", "segments", "enrolments"}
    assert rows() == before


@pytest.mark.parametrize(
    ("into", "other", "choices", "field"),
    [
        ("ada", "ada", {}, "other_id"),
        ("ada", "nobody", {}, "other_id"),
        ("ada", "twin", {"claims": "other"}, "choices.claims"),
        ("ada", "nameless", {"last_name": "other"}, "choices.last_name"),
        ("twin", "merged", {}, "merged_into"),
        ("merged", "twin", {}, "merged_into"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_the_field_and_nothing_is_done(into, other, choices, field):
    for each in ("ada", "twin", "merged"):
        person(each)
    submit("nameless", email="nameless@example.dk")
    merge("ada", "merged")
    before = rows()

    with pytest.raises(DomainError) as refused:
        merge(into, other, choices)

    assert [each.field for each in refused.value.problems] == [field]
    assert rows() == before


def test_a_merge_of_what_has_changed_since_it_was_read_is_refused(api):
    person("ada")
    person("twin")
    service.amend("ada", {"city": "Odense"}, 1, NOW)

    status, _, _ = api.call("POST", "/contacts/ada/merges", {"other_id": "twin", "why": "w"}, If_Match='"1"')
    assert status == 412
    status, _, _ = api.call("POST", "/contacts/ada/merges", {"other_id": "twin", "why": "w"})
    assert status == 428
    assert service.find("twin").merged_into is None


def test_the_same_merge_again_is_the_one_that_was_made(api):
    person("ada")
    person("twin")
    again = {"If_Match": '"1"', "Idempotency_Key": "k"}

    first, second = (
        api.call("POST", "/contacts/ada/merges", {"other_id": "twin", "why": "w"}, **again)[1] for _ in range(2)
    )

    assert first == second
    assert len(api.get("/contacts/ada/merges")["items"]) == 1


def test_at_most_ten_contacts_are_one_person_and_they_are_never_nested():
    for number in range(11):
        person(f"c{number}", email=f"c{number}@example.dk")
    merge("c1", "c2")
    merge("c0", "c1")
    for number in range(3, 10):
        merge("c0", f"c{number}")

    with pytest.raises(Conflict, match="At most 10"):
        merge("c0", "c10")

    assert {each.merged_into for each in service.find_many(f"c{number}" for number in range(1, 10))} == {"c0"}
    assert submit(email="c2@example.dk").contact_id == "c0"
    assert service.find("c0").email == "c0@example.dk"
    sound()


def test_a_merged_contact_is_neither_changed_nor_deleted_by_itself(api):
    person("ada")
    person("twin")
    merge("ada", "twin")
    twin = api.get("/contacts/twin")

    for method, body in (("PATCH", {"city": "Odense"}), ("DELETE", None)):
        status, answer, _ = api.call(method, "/contacts/twin", body, If_Match=f'"{twin["version"]}"')
        assert status == 409
        assert answer["errors"] == [{"field": "merged_into", "message": "ada"}]


# Who is who afterwards (invariant 1) ---------------------------------------------------------------------------------


@pytest.mark.rule("MAT-1", "MAT-9")
def test_a_submission_by_either_address_is_the_merged_contact_and_leaves_its_own_address_alone():
    person("ada", email="ada@example.dk")
    person("twin", email="twin@example.dk")
    merge("ada", "twin")

    found = [submit(email=f"{each}@example.dk", city="Odense") for each in ("ada", "twin")]

    assert [each.contact_id for each in found] == ["ada", "ada"]
    assert service.find("ada").email == "ada@example.dk"
    assert service.find("ada").city == "Odense"
    assert [each.contact_id for each in service.by_email("twin@example.dk")] == ["ada"]
    sound()


def test_owner_and_heir_of_one_key_become_its_one_owner_and_are_told_apart_again():
    strategies.create("phone", "contact", "Phone", ["phone"], NOW)
    strategies.built("contact", "phone")
    strategies.make_default("contact", "phone")
    person("owner", email="both@example.dk", phone="+4511111111")
    person("heir", email="both@example.dk", phone="+4522222222")
    assert [each.other_id for each in service.duplicates("owner")] == ["heir"]
    before = rows()

    for into, other in (("owner", "heir"), ("heir", "owner")):
        merge(into, other, merge_id=f"{into}-{other}")
        assert [each.contact_id for each in service.by_email("both@example.dk")] == [into]
        assert service.duplicates(into) == []
        sound()

        merging.undo(into, f"{into}-{other}", "user:u", NOW)
        assert rows() == before
        sound()


def test_an_address_that_the_merged_contact_gives_up_is_free_and_one_it_holds_for_another_is_not():
    person("ada", email="ada@example.dk")
    person("twin", email="twin@example.dk")
    merge("ada", "twin")

    service.amend("ada", {"email": "twin@example.dk"}, service.find("ada").version, NOW)
    service.amend("ada", {"email": "third@example.dk"}, service.find("ada").version, NOW)

    assert submit("new", email="twin@example.dk").contact_id == "ada"
    assert submit("new", email="ada@example.dk").contact_id == "new"
    sound()


def test_a_strategy_taken_into_use_later_knows_the_merged_contact_by_all_its_details():
    person("ada", phone="+4511111111")
    person("twin", phone="+4522222222")
    merge("ada", "twin")
    strategies.create("phone", "contact", "Phone", ["phone"], NOW)
    [phone] = [each for each in strategies.read_all("contact") if each.id == "phone"]

    service.backfill(phone, ["ada"], NOW)
    strategies.built("contact", "phone")

    found = [
        service.prepare({"phone": each}, strategy_id="phone", new_id="n", context=MarketingContext(), now=NOW).record
        for each in ("+4511111111", "+4522222222")
    ]
    assert [each.contact_id for each in found] == ["ada", "ada"]
    sound()
    merging.undo("ada", "ada-twin", "user:u", NOW)
    sound()


def test_who_is_merged_while_a_strategy_is_built_is_known_by_it_all_the_same():
    """The backfill has been at the one that stays, and finds the other in no list any more."""
    for identity, number in (("ada", "+4511111111"), ("b", "+4522222222"), ("c", "+4533333333")):
        person(identity, phone=number)
    merge("b", "c")
    [phone] = building("phone")
    service.backfill(phone, ["ada"], NOW)

    merge("ada", "b")
    strategies.built("contact", "phone")

    assert [known_by(f"+45{digit * 8}") for digit in "123"] == ["ada"] * 3
    sound()
    merging.undo("ada", "ada-b", "user:u", NOW)
    assert [known_by(f"+45{digit * 8}") for digit in "123"] == ["ada", "b", "b"]
    sound()


def test_what_a_strategy_taken_into_use_later_found_goes_back_to_whom_it_belongs():
    for identity, number in (("ada", "1"), ("b", "2"), ("c", "3"), ("d", "2")):
        person(identity, phone=f"+45{number * 8}")
    merge("b", "c")
    merge("ada", "b")
    merge("ada", "d")
    [phone] = building("phone")
    service.backfill(phone, ["ada"], NOW)
    strategies.built("contact", "phone")
    sound()

    merging.undo("ada", "ada-d", "user:u", NOW)
    assert "b" in service.find("ada").identities
    service.amend("d", {"phone": None}, service.find("d").version, NOW)
    assert known_by("+4522222222") == "ada"  # for b, which has that number as well
    merging.undo("ada", "ada-b", "user:u", NOW)

    assert [known_by(f"+45{digit * 8}") for digit in "123"] == ["ada", "b", "b"]
    sound()


def building(strategy_id):
    strategies.create(strategy_id, "contact", strategy_id, [strategy_id], NOW)
    return [each for each in strategies.in_use("contact") if each.id == strategy_id]


def known_by(number):
    """Return whom a form finds by a telephone number."""
    given, context = {"phone": number}, MarketingContext()
    return service.prepare(given, strategy_id="phone", new_id="new", context=context, now=NOW).record.contact_id


# Undoing -------------------------------------------------------------------------------------------------------------


def test_undoing_a_merge_puts_everything_back(api):
    accounts.create("x", {"name": "Kajak"}, NOW, by="user:u")
    accounts.create("y", {"name": "Telt"}, NOW, by="user:u")
    person("ada", email="ada@example.dk", account_id="x")
    person("twin", email="twin@example.dk", account_id="y", owner_id="o", city="Aarhus")
    before = rows()
    merge("ada", "twin", {"email": "other", "account_id": "other"}, at=NOW + timedelta(days=1))
    assert service.find("ada").account_id == "y"
    assert rows() != before

    undone = api.call("DELETE", "/contacts/ada/merges/ada-twin")[1]

    assert undone["undone_by"]
    assert rows() == before
    assert api.call("DELETE", "/contacts/ada/merges/ada-twin")[1] == undone
    sound()


def test_what_was_changed_since_a_merge_stays_when_it_is_undone():
    person("ada")
    person("twin", city="Aarhus", phone="+4512345678", email="twin@example.dk")
    merge("ada", "twin")
    service.amend("ada", {"city": "Odense"}, service.find("ada").version, NOW)

    merging.undo("ada", "ada-twin", "user:u", NOW)

    ada = service.find("ada")
    assert (ada.city, ada.phone, ada.email) == ("Odense", None, None)
    assert submit(email="twin@example.dk").contact_id == "twin"
    sound()


def test_merges_are_undone_in_any_order_and_nothing_of_an_undone_one_comes_back():
    person("ada", city="Odense", email="ada@example.dk")
    person("b", city="Aarhus", email="b@example.dk")
    person("c", city="Vejle", email="c@example.dk")
    before = rows()
    merge("ada", "b", {"city": "other", "email": "other"})
    merge("ada", "c", {"city": "other", "email": "other"}, at=NOW + timedelta(days=1))

    merging.undo("ada", "ada-b", "user:u", NOW)
    assert (service.find("ada").city, service.find("b").city) == ("Vejle", "Aarhus")
    assert submit(email="b@example.dk").contact_id == "b"
    sound()

    merging.undo("ada", "ada-c", "user:u", NOW)
    assert rows() == before
    sound()


def test_the_times_at_accounts_are_put_back_in_any_order_too():
    for each in ("own", "first", "then"):
        accounts.create(each, {"name": each}, NOW, by="user:u")
    for identity, account_id in (("ada", "own"), ("b", "first"), ("c", "then")):
        person(identity, account_id=account_id)
    before = rows()
    for day, identity in enumerate("bc", start=1):
        merge("ada", identity, {"account_id": "other"}, at=NOW + timedelta(days=day))

    merging.undo("ada", "ada-b", "user:u", NOW + timedelta(days=3))
    assert service.find("ada").account_id == "then"
    merging.undo("ada", "ada-c", "user:u", NOW + timedelta(days=4))

    assert (service.find("ada").account_id, service.find("ada").member_since) == ("own", NOW)
    assert {key: row.get("until") for key, row in rows().items() if key[1].startswith("MEMBER#")} == dict.fromkeys(
        (key for key in before if key[1].startswith("MEMBER#")), None
    )


def test_what_a_later_merge_gave_anew_is_not_taken_back_with_an_earlier_one():
    person("ada", city="Odense")
    for each in ("b", "c"):
        person(each, city="Vejle")
    merge("ada", "b", {"city": "other"})
    service.amend("ada", {"city": "Aarhus"}, service.find("ada").version, NOW)
    merge("ada", "c", {"city": "other"}, at=NOW + timedelta(days=1))

    merging.undo("ada", "ada-b", "user:u", NOW)
    assert service.find("ada").city == "Vejle"

    merging.undo("ada", "ada-c", "user:u", NOW)
    assert service.find("ada").city == "Aarhus"


def test_only_the_next_merge_remembers_what_an_undone_one_found():
    person("ada", city="Odense")
    for identity, city in (("b", "Vejle"), ("c", "Vejle"), ("d", "Kolding")):
        person(identity, city=city)
    merge("ada", "b", {"city": "other"})
    service.amend("ada", {"city": "Aarhus"}, service.find("ada").version, NOW)
    for day, identity in enumerate("cd", start=1):
        merge("ada", identity, {"city": "other"}, at=NOW + timedelta(days=day))

    found = []
    for identity in "bdc":
        merging.undo("ada", f"ada-{identity}", "user:u", NOW)
        found.append(service.find("ada").city)

    assert found == ["Kolding", "Vejle", "Aarhus"]


@pytest.mark.rule("CON-18")
def test_an_undone_merge_forgets_what_either_was_which_may_be_deleted_by_itself(world, api):
    service.create("ada", {"last_name": "Juhl", "city": "Odense"}, world.now, by="user:u")
    service.create("b", {"last_name": "Holm", "city": "Vejle", "first_name": "Bo"}, world.now, by="user:u")
    merge("ada", "b", {"city": "other", "last_name": "other"})
    merging.undo("ada", "ada-b", "user:u", world.now)

    [shown] = api.get("/contacts/ada/merges")["items"]
    assert (shown["other_id"], shown["taken"], shown["before"]) == ("b", {}, {})
    service.remove("b", service.find("b").version, world.now)
    world.settle()
    world.advance(timedelta(hours=26))
    world.poll()

    assert not [key for key, row in world.rows().items() if "Vejle" in json.dumps(row) or "Holm" in json.dumps(row)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_merge_that_is_undone_twice_at_one_moment_is_undone_once(number):
    person("ada")
    person("b", city="Vejle")
    before = rows()
    merge("ada", "b")

    with before_call(number, lambda: merging.undo("ada", "ada-b", "user:u", NOW)):
        assert merging.undo("ada", "ada-b", "user:v", NOW).undone_by == "user:u"

    assert rows() == before


def test_merges_are_listed_newest_first_whatever_their_ids_are_made_of(api):
    for each in ("ada", *"bcdef"):
        person(each)

    for each in "bcdef":
        headers = {"If_Match": f'"{service.find("ada").version}"', "Idempotency_Key": f"merge {each}"}
        api.post("/contacts/ada/merges", {"other_id": each, "why": "one person"}, **headers)

    assert [each["other_id"] for each in api.get("/contacts/ada/merges")["items"]] == [*"fedcb"]


@pytest.mark.parametrize("known", [True, False], ids=["suggested before", "met by the merge"])
def test_undoing_leaves_the_suggestions_that_were_there_before_with_their_reasons(known):
    for strategy, attributes in (("none", ["postal_code"]), ("pair", ["first_name", "email"]), ("phone", ["phone"])):
        strategies.create(strategy, "contact", strategy, attributes, NOW)
        strategies.built("contact", strategy)
    strategies.make_default("contact", "none")
    mail, phone = {"email": "juul@contoso.example"}, {"phone": "+4511111111"} if known else {}
    service.create("c", {"first_name": "Ada", "last_name": "Juul", **mail, **phone}, NOW, by="user:u")
    service.create("ada", {"first_name": "Ada", "last_name": "Juul", **phone}, NOW, by="user:u")
    service.create("twin", {"last_name": "Juul", **mail}, NOW, by="user:u")
    before = reasons("ada"), reasons("c")

    merge("ada", "twin", {"email": "other"})
    assert reasons("ada") == {"c": "phone" if known else "merged"}
    merging.undo("ada", "ada-twin", "user:u", NOW)

    assert (reasons("ada"), reasons("c")) == before


def reasons(contact_id):
    return {each.other_id: each.strategy_id for each in service.duplicates(contact_id)}


def test_a_merge_inside_a_merge_is_undone_only_after_the_outer_one():
    for each in ("a", "b", "c"):
        person(each, email=f"{each}@example.dk")
    merge("b", "c")
    within = rows()
    merge("a", "b")

    with pytest.raises(Conflict) as refused:
        merging.undo("b", "b-c", "user:u", NOW)
    assert refused.value.problems[0].message == "a"

    merging.undo("a", "a-b", "user:u", NOW)
    assert rows() == within
    assert submit(email="c@example.dk").contact_id == "b"


def test_who_comes_back_to_an_account_that_is_gone_has_none():
    accounts.create("y", {"name": "Telt"}, NOW, by="user:u")
    person("ada")
    person("twin", account_id="y")
    merge("ada", "twin", {"account_id": "this"})
    accounts.remove("y", accounts.find("y").version, NOW)

    merging.undo("ada", "ada-twin", "user:u", NOW)

    assert service.find("twin").account_id is None


# Races ---------------------------------------------------------------------------------------------------------------


def test_two_users_who_merge_crosswise_never_make_a_circle():
    with ThreadPoolExecutor(2) as pool:
        for number in range(15):
            one, two = f"one-{number}", f"two-{number}"
            person(one, email=f"{one}@example.dk")
            person(two, email=f"{two}@example.dk")

            def attempt(pair):
                try:
                    return merge(*pair).into_id
                except (Conflict, Stale) as error:
                    return type(error)

            won = list(pool.map(attempt, [(one, two), (two, one)]))

            assert len([each for each in won if isinstance(each, str)]) == 1
            merged = [each for each in service.find_many([one, two]) if each.merged_into]
            assert len(merged) == 1
    sound()


def test_submissions_during_a_merge_lose_no_claim_and_make_no_second_contact():
    with ThreadPoolExecutor(4) as pool:
        for number in range(10):
            one, two = f"one-{number}", f"two-{number}"
            for each in (one, two):
                person(each, email=f"{each}@example.dk")
            acts = [
                lambda: insist(lambda: merge(one, two)),  # noqa: B023  done in here
                *(
                    lambda who=who, city=city: insist(
                        lambda: submit(f"new-{who}-{city}", email=f"{who}@example.dk", city=city)
                    )
                    for who in (one, two)
                    for city in ("Odense", "Vejle")
                ),
            ]

            done = list(pool.map(lambda act: act(), acts))

            assert {each.contact_id for each in done[1:]} <= {one, two}
            assert submit(email=f"{two}@example.dk").contact_id == one
            sound()


def test_a_submission_that_read_before_a_merge_reads_again():
    person("ada", email="ada@example.dk")
    person("twin", email="twin@example.dk")

    with before_the_next_write(lambda: merge("ada", "twin")), pytest.raises((ConditionFailed, Stale)):
        submit(email="twin@example.dk", city="Vejle")

    assert submit(email="twin@example.dk", city="Vejle").contact_id == "ada"
    assert service.find("twin").city is None


def test_a_change_of_the_other_during_a_merge_is_not_lost():
    person("ada")
    person("twin", city="Aarhus")

    with before_the_next_write(lambda: service.amend("twin", {"city": "Vejle"}, 1, NOW)):
        merge("ada", "twin")

    assert service.find("ada").city == "Vejle"
