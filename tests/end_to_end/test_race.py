"""Sixty-four people submit one new address at once to the deployed API, in eight spellings of it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from infra.local.demo.company import newsletter_form
from tests.support.deployed import eventually, poll, submit

THREADS = 64
# One address by decision 9: letter case, blanks of any kind, a display name, a domain as people read it or as DNS does.
SPELLINGS = (
    "racer@bücher.example.com",
    "RACER@BÜCHER.EXAMPLE.COM",
    "  Racer@bücher.example.com ",
    "Ada Berg <racer@bücher.example.com>",
    '"Berg, Ada" <RACER@XN--BCHER-KVA.example.com>',
    "racer@xn--bcher-kva.example.com",
    "\traCer@Bücher.example.com\r\n",
    "racer@bu\u0308cher.example.com\u00a0",
)
NAME = "Racer of one race"


def all_settled(endpoints, client, form):
    """Return the form's submissions when none is pending; the deployed handler finishes them, the poller reminds it."""

    def look():
        found = client.every("/submissions", form_id=form)
        if any(each["state"] == "pending" for each in found):
            poll(endpoints)
        return found

    return eventually(
        "64 submissions that came to something",
        look,
        lambda found: len(found) >= THREADS and all(each["state"] != "pending" for each in found),
        pause=1.0,
    )


@pytest.mark.rule("MAT-1", "SUB-1", "FSU-1", "FSU-5")
def test_one_address_in_eight_spellings_is_one_contact_and_one_lead_for_64_callers_at_once(endpoints, client):
    form = client.publish("/forms", "A race", newsletter_form())
    gate = Barrier(THREADS)

    def one(number):
        gate.wait()
        typed = {"last_name": NAME, "email": SPELLINGS[number % len(SPELLINGS)]}
        return submit(endpoints, form, typed, f"race-{number}")

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(one, range(THREADS)))

    submissions = all_settled(endpoints, client, form)
    print(f"answers: {Counter(each['state'] for each in answers)}")
    assert Counter(each["state"] for each in submissions) == {"success": THREADS}
    assert {each["id"] for each in submissions} == {each["submission_id"] for each in answers}
    [contact] = client.every("/contacts", name_prefix=NAME)
    [lead] = [each for each in client.every("/leads") if each["last_name"] == NAME]
    assert lead["contact_id"] == contact["id"]
    assert {(each["contact_id"], each["lead_id"]) for each in submissions} == {(contact["id"], lead["id"])}
    assert Counter(each["contact_result"] for each in submissions)["created"] == 1
    assert Counter(each["lead_result"] for each in submissions)["created"] == 1
    interactions = client.every("/interactions", contact_id=contact["id"], type="FormSubmitted")
    assert len({each["id"] for each in interactions}) == len(interactions) == THREADS
    for spelling in SPELLINGS:
        [found] = client.call("POST", "/contacts/search", {"email": spelling})["items"]
        assert found["id"] == contact["id"]
    eventually(
        "the form's figure",
        lambda: client.get(f"/forms/{form}/figures")["figures"],
        lambda figures: figures.get("FormSubmitted", 0) >= THREADS,
    )
    assert client.get(f"/forms/{form}/figures")["figures"]["FormSubmitted"] == THREADS
