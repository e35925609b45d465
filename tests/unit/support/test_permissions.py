"""Functions are held to their grants in tests as IAM holds them on AWS."""

import pytest
from botocore.exceptions import ClientError

from chalicelib import files, tokens
from chalicelib.settings import settings
from tests.support.permissions import ask, enforced, nothing_refused, running_as

CONTACTS, SEGMENTS = settings.table("contacts"), settings.table("segments")


@pytest.fixture(autouse=True)
def told():
    """What is refused here is meant to be."""
    yield
    with pytest.raises(AssertionError, match="not granted"):
        nothing_refused()


def refused(service, operation, **asked):
    with pytest.raises(ClientError, match=r"AccessDenied.*not authorized") as refusal:
        ask(service, operation, asked)
    return str(refusal.value)


def test_a_function_may_do_what_it_is_granted_and_nothing_else_and_the_test_is_told():
    with running_as("evaluate_membership"):
        ask("dynamodb", "GetItem", {"TableName": CONTACTS})
        told = refused("dynamodb", "PutItem", TableName=CONTACTS)
        refused("dynamodb", "Scan", TableName=CONTACTS)

    assert "evaluate_membership" in told
    with pytest.raises(
        AssertionError, match=r"evaluate_membership: dynamodb:PutItem on .*:table/itinera-test-contacts"
    ):
        nothing_refused()
    with running_as("evaluate_membership"):
        refused("dynamodb", "PutItem", TableName=CONTACTS)


def test_an_index_is_read_by_the_grant_of_its_table():
    with running_as("evaluate_membership"):
        ask("dynamodb", "Query", {"TableName": CONTACTS, "IndexName": "by_account"})
        refused("dynamodb", "Query", TableName=settings.table("imports"), IndexName="by_account")


def test_a_transaction_takes_each_of_its_actions_and_a_batch_each_of_its_tables():
    check, put = ({kind: {"TableName": table}} for kind, table in (("ConditionCheck", CONTACTS), ("Put", SEGMENTS)))

    with running_as("evaluate_membership"):
        ask("dynamodb", "TransactWriteItems", {"TransactItems": [check, put]})
        refused("dynamodb", "TransactWriteItems", TransactItems=[check, put, {"Delete": {"TableName": CONTACTS}}])
        ask("dynamodb", "BatchGetItem", {"RequestItems": {CONTACTS: {}, SEGMENTS: {}}})
        refused("dynamodb", "BatchGetItem", RequestItems={CONTACTS: {}, settings.table("imports"): {}})


def test_queues_machines_mail_and_what_is_not_known_are_held_to_grants_too():
    with running_as("wake_enrolments"):
        ask("stepfunctions", "StartExecution", {"stateMachineArn": settings.journey_machine_arn})
        refused("stepfunctions", "StartExecution", stateMachineArn=settings.bulk_machine_arn)
        refused("sqs", "SendMessageBatch", QueueUrl=settings.queue_url("send"))
        refused("sesv2", "SendEmail", FromEmailAddress="we@example.com")
        refused("dynamodb", "DescribeTable", TableName=settings.table("journeys"))
        refused("sns", "Publish", TopicArn="any")
    with running_as("send_messages"):
        ask("sqs", "SendMessageBatch", {"QueueUrl": settings.queue_url("send")})
        ask("sesv2", "SendEmail", {"FromEmailAddress": "we@x.de", "ConfigurationSetName": settings.configuration_set})
        refused("sesv2", "SendEmail", FromEmailAddress="we@x.de", ConfigurationSetName="another")


def test_keys_that_are_remembered_and_addresses_that_are_signed_are_held_to_grants(monkeypatch):
    monkeypatch.setattr(tokens, "_key", lambda *_: b"known")
    enforced(monkeypatch, lambda: None)
    files._client.cache_clear()

    with running_as("app"):
        assert tokens.keyed_hash("purpose", "part")
        assert files.link("exports/a.csv", "a.csv")
    with running_as("recount_scores"):
        for act in (
            lambda: tokens.keyed_hash("purpose", "part"),
            lambda: files.link("exports/a.csv", "a.csv"),
            lambda: files.upload("imports/a.csv", 10),
        ):
            with pytest.raises(ClientError, match="not authorized"):
                act()
    files._client.cache_clear()


def test_who_is_no_function_may_do_everything():
    with running_as("recount_scores"), running_as(""):
        ask("dynamodb", "Scan", {"TableName": CONTACTS})

    with running_as("recount_scores"):
        refused("dynamodb", "Scan", TableName=CONTACTS)
