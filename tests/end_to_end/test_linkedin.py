"""A lead travels from LinkedIn to a lead of ours through the deployed package: webhook, queue, fetch, transaction."""

import json
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from infra.local.linkedin_leads import ACCOUNT, lead
from tests.support.deployed import eventually, poll
from tests.support.linkedin import AUTHORISATION, answers_of


def control(cloud, path, content):
    asked = Request(f"{cloud.linkedin_url}/stand-in/{path}", json.dumps(content).encode())
    with urlopen(asked, timeout=120) as answer:
        return json.loads(answer.read())


def status(client, identity):
    return client.get(f"/linkedin-connections/{identity}")


def test_a_lead_of_linkedin_arrives(cloud, endpoints, client):
    made = client.call("POST", "/linkedin-connections", {"name": "Deployed", "sources": [{"owner": ACCOUNT}]})
    path = f"/linkedin-connections/{made['id']}"
    client.call("PUT", f"{path}/authorisation", AUTHORISATION, If_Match=f'"{made["version"]}"')

    def subscribed():
        poll(endpoints)  # each time: a poller that was killed holds its place for a while
        return status(client, made["id"])["sources"][0]["subscribed"]

    eventually("subscribed", subscribed, bool, pause=1)

    told = control(cloud, "leads", lead("response-1", int(time.time() * 1000), answers_of(1)))

    def delivered():
        try:
            return control(cloud, "deliveries", {"id": told, "action": "CREATED"})
        except (HTTPError, URLError):
            return []  # the webhook did not answer in time, so LinkedIn tells it again

    eventually("a delivery", delivered, lambda statuses: statuses == [200], pause=1)

    counts = eventually("the lead", lambda: status(client, made["id"])["counts"], lambda found: found["created"] == 1)
    assert counts == {"created": 1, "matched": 0, "failed": 0, "test": 0, "withdrawn": 0}
    [shown] = client.every("/linkedin-submissions", connection_id=made["id"])
    assert client.get(f"/leads/{shown['lead_id']}")["email"] == "ada1@example.com"
