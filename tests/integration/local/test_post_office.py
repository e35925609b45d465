"""botocore's own SES v2 client is served by the post office as SES would serve it."""

import json
import threading
from email import message_from_bytes
from email.message import EmailMessage
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.post_office import PostOffice, Rate, Server


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def events():
    return []


@pytest.fixture
def office(events):
    return PostOffice(lambda configuration, event: events.append((configuration, event)), rate=100.0, kept=5)


@pytest.fixture
def url(office):
    with Server(0, office) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture
def ses(url):
    client = boto3.client(
        "sesv2",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def simple(to="ada@example.com", **changes):
    body = {"Text": {"Data": "Guten Tag"}, "Html": {"Data": '<a href="https://x.example/a?b=1&amp;c=2">Grüße</a>'}}
    content = {"Subject": {"Data": "Grüße, Ada"}, "Body": body, **changes.pop("Simple", {})}
    return {
        "FromEmailAddress": "Neuigkeiten <news@mail.example.com>",
        "Destination": {"ToAddresses": [to]},
        "ConfigurationSetName": "itinera-test",
        "Content": {"Simple": content},
        **changes,
    }


def read(url):
    with urlopen(url, timeout=30) as answer:
        return answer.headers, answer.read()


def kinds(events):
    return [event["eventType"] for _, event in events]


def test_a_message_keeps_its_headers_tags_and_bodies(ses, url):
    headers = [
        {"Name": "List-Unsubscribe", "Value": "<https://x.example/o/t>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]
    sent = ses.send_email(**simple(Simple={"Headers": headers}), EmailTags=[{"Name": "tile", "Value": "t-3"}])

    [message] = json.loads(read(f"{url}/messages?to=ADA@example.com")[1])
    assert message["id"] == sent["MessageId"]
    assert message["subject"] == "Grüße, Ada"
    assert message["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["tags"] == {"tile": "t-3"}
    assert message["links"] == ["https://x.example/a?b=1&c=2"]
    assert message["text"].strip() == "Guten Tag"


def test_a_raw_message_is_kept_as_it_is(ses, url):
    mime = EmailMessage()
    mime["From"], mime["To"], mime["Subject"] = "news@mail.example.com", "ada@example.com", "Roh"
    mime.set_content("Text")

    sent = ses.send_email(Content={"Raw": {"Data": mime.as_bytes()}})

    kept = message_from_bytes(read(f"{url}/messages/{sent['MessageId']}/raw")[1])
    assert kept["Subject"] == "Roh"
    assert kept["Message-ID"] == f"<{sent['MessageId']}@email.amazonses.com>"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("success+one@simulator.amazonses.com", ["Send", "Delivery"]),
        ("ooto@simulator.amazonses.com", ["Send", "Delivery"]),
        ("bounce+two@simulator.amazonses.com", ["Send", "Bounce"]),
        ("complaint@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]),
        ("suppressionlist@simulator.amazonses.com", ["Send", "Bounce"]),
        ("bounce.ada@example.com", ["Send", "Bounce"]),
        ("softbounce.ada@example.com", ["Send", "Bounce"]),
        ("complaint.ada@example.com", ["Send", "Delivery", "Complaint"]),
        ("ada@example.com", ["Send", "Delivery"]),
    ],
)
def test_what_happens_at_an_address_is_published(ses, events, address, expected):
    ses.send_email(**simple(address), EmailTags=[{"Name": "tile", "Value": "t3"}])

    assert kinds(events) == expected
    assert {configuration for configuration, _ in events} == {"itinera-test"}
    assert all(event["mail"]["tags"]["tile"] == ["t3"] for _, event in events)
    assert all(event["mail"]["destination"] == [address] for _, event in events)


def test_an_infected_message_is_rejected(ses, events):
    virus = "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE"
    ses.send_email(**simple(Simple={"Body": {"Text": {"Data": virus}}}))

    assert kinds(events) == ["Send", "Reject"]


def test_without_a_configuration_set_nothing_is_published(ses, events):
    request = simple()
    del request["ConfigurationSetName"]

    ses.send_email(**request)

    assert events == []


def test_an_address_that_bounced_is_suppressed_until_it_is_taken_off(ses, events):
    ses.send_email(**simple("bounce.ada@example.com"))
    ses.send_email(**simple("bounce.ada@example.com"))

    assert [event["bounce"]["bounceSubType"] for _, event in events if "bounce" in event] == [
        "General",
        "OnAccountSuppressionList",
    ]
    found = ses.get_suppressed_destination(EmailAddress="bounce.ada@example.com")["SuppressedDestination"]
    assert found["Reason"] == "BOUNCE"
    ses.delete_suppressed_destination(EmailAddress="bounce.ada@example.com")
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.get_suppressed_destination(EmailAddress="bounce.ada@example.com")


def test_the_suppression_list_is_read_in_pages(ses):
    for number in range(3):
        ses.put_suppressed_destination(EmailAddress=f"{number}@example.com", Reason="COMPLAINT")

    first = ses.list_suppressed_destinations(PageSize=2)
    rest = ses.list_suppressed_destinations(PageSize=2, NextToken=first["NextToken"])
    summaries = first["SuppressedDestinationSummaries"] + rest["SuppressedDestinationSummaries"]
    assert [one["EmailAddress"] for one in summaries] == ["0@example.com", "1@example.com", "2@example.com"]
    assert "NextToken" not in rest


def with_headers(*headers):
    return simple(Simple={"Headers": [{"Name": name, "Value": value} for name, value in headers]})


def with_tag(name, value):
    return simple(EmailTags=[{"Name": name, "Value": value}])


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(simple(Simple={"Subject": {"Data": ""}}), id="no subject"),
        pytest.param(simple(Simple={"Body": {}}), id="no body"),
        pytest.param(simple(Destination={}), id="no destination"),
        pytest.param(simple("no-address"), id="no address"),
        pytest.param(simple("ådå@example.com"), id="local part beyond ASCII"),
        pytest.param(simple("ada@exämple.com"), id="domain not in punycode"),
        pytest.param(simple(Destination={"ToAddresses": [f"{n}@example.com" for n in range(51)]}), id="51 recipients"),
        pytest.param(with_headers(*((f"X-{n}", "v") for n in range(16))), id="16 headers"),
        pytest.param(with_headers(("Bad Name", "v")), id="header name"),
        pytest.param(with_headers(("X-A", "zwei\nZeilen")), id="header value"),
        pytest.param(with_headers(("Subject", "twice")), id="a header of SES"),
        pytest.param(with_tag("e mail", "x"), id="tag name"),
        pytest.param(with_tag("contact", "x" * 257), id="tag too long"),
        pytest.param(with_tag("contact", "a b"), id="tag value"),
    ],
)
def test_what_ses_refuses_is_refused(ses, events, request_):
    with pytest.raises(ses.exceptions.BadRequestException):
        ses.send_email(**request_)

    assert events == []


def test_more_than_the_rate_is_refused_and_the_account_tells_the_rate(ses, office, url):
    office.rate = Rate(2.0, Clock())
    for _ in range(2):
        ses.send_email(**simple())

    with pytest.raises(ClientError, match="Maximum sending rate exceeded") as caught:
        ses.send_email(**simple())

    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
    quota = ses.get_account()["SendQuota"]
    assert (quota["MaxSendRate"], quota["SentLast24Hours"]) == (2.0, 2.0)
    assert len(json.loads(read(f"{url}/messages")[1])) == 2


def test_the_rate_comes_back_with_time():
    clock = Clock()
    rate = Rate(2.0, clock)
    taken = [rate.take(1) for _ in range(3)]
    clock.now = 0.5

    assert taken == [True, True, False]
    assert [rate.take(1), rate.take(1)] == [True, False]


def test_only_so_many_messages_are_kept(ses, url):
    for number in range(7):
        ses.send_email(**simple(f"{number}@example.com"))

    assert [one["to"] for one in json.loads(read(f"{url}/messages")[1])] == [[f"{n}@example.com"] for n in range(2, 7)]


def test_a_person_reads_a_message_without_its_scripts_running(ses, url):
    hostile = simple(Simple={"Subject": {"Data": "<script>alert(1)</script>"}})
    sent = ses.send_email(**hostile)["MessageId"]

    for path in ("/", f"/messages/{sent}"):
        headers, page = read(url + path)
        assert b"<script>" not in page
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    headers, _ = read(f"{url}/messages/{sent}/body")
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert "script" not in headers["Content-Security-Policy"]
