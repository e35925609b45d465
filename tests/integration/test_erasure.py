"""Forgetting somebody after a busy year: nothing is left but a hash, and nothing brings the person back (Shows 4)."""

import gzip
import json
import logging
import os
import re
import urllib.request
from datetime import timedelta
from urllib.parse import urlencode

import boto3
import pytest

from chalicelib.contacts import service as contacts
from chalicelib.settings import settings
from infra.local.linkedin_leads import notice
from tests.support import story
from tests.support.year import ADDRESS, FIRST, LAST, MOBILE, PRIVATE, VISITOR, Year

IDENTIFIERS = [ADDRESS, PRIVATE, MOBILE, MOBILE[3:], FIRST, LAST, VISITOR]
AUDIT = "itinera-test-audit"  # which records were changed by whom, when, without a value (decision 110)
BUCKET = os.environ["EXPORTS_BUCKET"]


@pytest.fixture
def log():
    """Everything that is logged, at any level."""
    lines, handler = [], logging.Handler()
    handler.emit = lambda record: lines.append(json.dumps(record.__dict__, default=str))
    logger = logging.getLogger("itinera")
    before, logger.level = logger.level, logging.DEBUG
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)
    logger.level = before


@pytest.fixture
def year(world, office, connected, log):
    lived = Year(world, office, connected)
    lived.live()
    return lived


def erase(year, identifier=ADDRESS):
    request = year.api.post("/privacy-requests", {"type": "erase", "identifier": identifier})
    path, version = f"/privacy-requests/{request['id']}/carry-out", f'"{request["version"]}"'
    status, answer, _ = year.api.call("POST", path, If_Match=version)
    assert (status, answer["progress"]) == (202, "in-progress")
    return answer


def files():
    """The content of every file in the bucket, unpacked, by name."""
    client = boto3.client("s3")
    found = {}
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        content = client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        found[each["Key"]] = gzip.decompress(content) if each["Key"].endswith(".gz") else content
    return found


def traces(year, log, wanted):
    """Every place where one of these can be read."""
    world = year.world
    places = {f"row {table} {pk} {sk}": json.dumps(raw, default=str, ensure_ascii=False)
              for (table, pk, sk), raw in world.rows().items()}  # fmt: skip
    places |= {f"file {name}": content.decode("utf-8", "replace") for name, content in files().items()}
    places |= {f"message {queue} {each.id}": each.body for queue, all_ in world.queues.items() for each in all_}
    places |= {f"dead {queue}": each.body for queue, each in world.dead}
    places |= {f"execution {each.machine} {at}": json.dumps([each.given, each.output, each.trace], default=str)
               for at, each in enumerate(world.executions)}  # fmt: skip
    places |= {f"log {at}": line for at, line in enumerate(log)}
    folded = [each.casefold() for each in wanted]
    return sorted(name for name, text in places.items() if any(each in (name + text).casefold() for each in folded))


DEAD = ("scoring-dead", "messages-dead", "email-events-dead")
OTHERS_LETTER = json.dumps({"fact": "contact.changed", "contact": "somebody-else"})


def asked(queue, action, **more):
    """Ask a queue itself, past the world, which answers for queues that work."""
    data = urlencode({"Action": action, "Version": "2012-11-05", **more}).encode()
    return urllib.request.urlopen(settings.queue_url(queue), data=data).read().decode()


@pytest.fixture
def set_aside(year):
    """Messages that were given up: some of hers, an event with her very address, and one of somebody else's a queue."""
    of_hers = [
        record["body"]
        for each in year.world.recorded
        for record in each.event.get("Records", ())
        if year.zenobia in record.get("body", "")
    ]
    told = [json.dumps({"mail": {"destination": [ADDRESS]}}), json.dumps({"fact": "lead.changed", "id": year.lead})]
    for at, queue in enumerate(DEAD):
        for body in [*of_hers[at : at + 20 : 4], told[at % 2], OTHERS_LETTER]:
            asked(queue, "SendMessage", MessageBody=body)
    yield len(of_hers)
    for queue in DEAD:
        asked(queue, "PurgeQueue")


def left_aside(queue):
    """How many messages lie on a queue of what was given up, seen at this moment or not."""
    answer = asked(queue, "GetQueueAttributes", **{"AttributeName.1": "All"})
    counts = re.findall(r"<Name>ApproximateNumberOfMessages(?:NotVisible)?</Name><Value>(\d+)</Value>", answer)
    return sum(int(each) for each in counts)


def second_sweep(world):
    """Let 25 hours pass, after which every domain sweeps again, and then the job looks everywhere once more.

    Where that finds what came late it looks again an hour later.
    """
    world.settle()
    for hours in (25.5, 1, 1):
        world.advance(timedelta(hours=hours))
        world.poll()


def expired(world):
    """The rows that DynamoDB would have deleted by itself."""
    dues = {key: float(raw["expires"]["N"]) for key, raw in world.rows().items() if "expires" in raw}
    return {f"row {table} {pk} {sk}" for (table, pk, sk), due in dues.items() if due < world.now.timestamp()}


def figures(world):
    """Every figure that was counted, but how many leads have which score now."""
    return {
        (pk, name): sum(int(raw.get(name, {}).get("N", 0)) for (_, one, _), raw in world.rows().items() if one == pk)
        for (_, pk, _), counted in world.rows().items()
        if pk.startswith("COUNT#") and "scoring-model" not in pk
        for name in counted
        if name.startswith("figure:")
    }


def of_others(year):
    """What lies under the other people, without what moves on with each write."""
    moving = ("version", "updated_at", "evaluated_at", "due", "due_shard")
    mine = {f"CONTACT#{year.ids['Bjarke']}", *(f"LEAD#{each}" for each in leads_of(year, "Bjarke"))}
    rows = year.world.rows(*moving)
    return {key: raw for key, raw in rows.items() if key[1] in mine and "stakeholder" not in json.dumps(raw)}


def leads_of(year, name):
    return [each["id"] for each in year.api.get(f"/leads?contact_id={year.ids[name]}")["items"]]


@pytest.mark.rule("PRV-16", "INT-9")
def test_after_the_second_sweep_nothing_is_left_of_somebody_and_nothing_brings_them_back(year, log, set_aside):
    world, api = year.world, year.api
    assert set_aside > 20
    assert min(left_aside(each) for each in DEAD) > 5
    ids = [year.zenobia, year.second, year.orphan, year.lead]
    assert len(traces(year, [], IDENTIFIERS)) > 20
    counted, others = figures(world), of_others(year)
    unheard = list(world.recorded)

    request = erase(year)
    world.settle()
    assert not contacts.exists(year.zenobia)
    assert not contacts.exists(year.second)
    assert [each for each in traces(year, log, IDENTIFIERS) if "itinera-test-privacy" not in each] == []

    assert [left_aside(each) for each in DEAD] == [1, 1, 1]  # somebody else's

    # What comes late: a click, messages of before once more, a list, a response that nobody told of yet.
    assert year.http.http.get(year.clicks[0], headers=story.BROWSER).status_code == 404
    for each in unheard[:: len(unheard) // 15]:
        world.invoke(each.function, each.event)
    world.settle()
    again = year.bring_list()
    assert (again["counts"]["created"], again["counts"]["failed"]) == (0, 2)
    year.connected.send(2, answers=year.answers, at=world.now - timedelta(days=1))
    year.connected.pull()
    assert year.connected.tell(notice(year.response)) == 200
    assert api.call("DELETE", f"/contacts/{year.ids['Quirin']}/merges/{year.ids['Quirin']}-{year.zenobia}")[0] == 404
    second_sweep(world)

    shown = api.get(f"/privacy-requests/{request['id']}")
    assert (shown["progress"], shown["identifier"], shown["contact_ids"]) == ("completed", None, None)
    assert len(shown["receipt"]["tombstones"]) == 5
    assert shown["receipt"]["runs"] == 3  # the list that came in between left files, which the second run found
    left = traces(year, log, [*IDENTIFIERS, shown["receipt"]["tombstones"][0]])
    assert sorted({each.split()[1] for each in left}) == ["itinera-test-contacts", "itinera-test-privacy"]
    assert traces(year, log, IDENTIFIERS) == []
    of_ids = set(traces(year, log, ids)) - expired(world)
    assert {each.split()[1] for each in of_ids} == {AUDIT}
    after = figures(world)
    assert {key: number for key, number in counted.items() if after.get(key, 0) < number} == {}
    assert of_others(year) == others
    assert contacts.find(year.ids["Quirin"]).first_name == "Quirin"

    # What the person sends itself from now on is a new start (decision 40).
    anew = year.send_form(FIRST, ADDRESS)
    assert anew != year.zenobia
    assert api.get(f"/interactions?contact_id={anew}&type=EmailSent")["items"] != []
