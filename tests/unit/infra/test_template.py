"""How the domains' files become one template."""

import pytest

from infra.grants import BadGrant
from infra.template import BadTemplate, expand, load, merged

GENERATED = {
    "Resources": {
        "RescoreContact": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Role": {"Fn::GetAtt": ["RescoreContactRole", "Arn"]},
                "Events": {"RescoreContactSqsEventSource": {"Type": "SQS", "Properties": {"Queue": "PLACEHOLDER"}}},
            },
        },
        "RescoreContactRole": {"Type": "AWS::IAM::Role", "Properties": {}},
    }
}
CONTACTS = """
Resources:
  ContactsTable: {Type: "AWS::DynamoDB::Table", Properties: {TableName: contacts}}
  RescoreQueue: {Type: "AWS::SQS::Queue"}
  ContactsDeadLetters: {Type: "AWS::SQS::Queue"}
  JourneyMachine: {Type: "AWS::Serverless::StateMachine", Properties: {Name: {"Fn::Sub": "${Prefix}-journey"}}}
  RescoreContact:
    Properties:
      Events: {RescoreContactSqsEventSource: {Properties: {Queue: {"Fn::GetAtt": [RescoreQueue, Arn]}}}}
Grants:
  RescoreContact: {read: [ContactsTable], consume: [RescoreQueue], start: [JourneyMachine]}
"""


READ = sorted(f"dynamodb:{name}" for name in ("GetItem", "BatchGetItem", "Query", "ConditionCheckItem"))
WRITE = [f"dynamodb:{name}" for name in ("PutItem", "UpdateItem", "DeleteItem")]


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.yaml").write_text(content)
        return load(tmp_path)

    return write


def statements(merge):
    return merge["Resources"]["RescoreContactRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]


def test_a_leaf_that_two_files_declare_is_refused(files):
    with pytest.raises(BadTemplate, match=r"leads\.yaml/Parameters/Stage/Default is declared twice"):
        files(
            contacts="Parameters: {Stage: {Type: String, Default: dev}}",
            leads="Parameters: {Stage: {Default: prod}}",
        )


def test_trees_join_where_they_share_no_leaf():
    assert merged({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}


def test_grants_of_several_files_are_joined(files):
    declared = files(
        contacts=CONTACTS, leads="Grants: {RescoreContact: {read: [ContactsTable], write: [ContactsTable]}}"
    )

    assert declared.grants["RescoreContact"]["read"] == ["ContactsTable"]
    assert declared.grants["RescoreContact"]["write"] == ["ContactsTable"]


def test_a_role_allows_what_was_granted_on_just_those_resources(files):
    allowed = statements(expand(GENERATED, files(contacts=CONTACTS)))

    table, indexes = {"Fn::GetAtt": ["ContactsTable", "Arn"]}, {"Fn::Sub": "${ContactsTable.Arn}/index/*"}
    assert {"Effect": "Allow", "Action": READ, "Resource": [table, indexes]} in allowed
    assert not any("*" in statement["Resource"] for statement in allowed)


def test_what_several_grants_allow_on_one_resource_is_said_once(files):
    more = "Grants: {RescoreContact: {write: [ContactsTable]}}"
    allowed = statements(expand(GENERATED, files(contacts=CONTACTS, leads=more)))

    of_table = [each for each in allowed if {"Fn::GetAtt": ["ContactsTable", "Arn"]} in each["Resource"]]
    of_indexes = [each for each in allowed if {"Fn::Sub": "${ContactsTable.Arn}/index/*"} in each["Resource"]]
    assert [set(each["Action"]) for each in of_table] == [{*READ, *WRITE}]
    assert [each["Action"] for each in of_indexes] == [READ]


def test_a_function_that_starts_the_machine_learns_its_name_and_others_do_not(files):
    declared = files(contacts=CONTACTS)
    starter = expand(GENERATED, declared)["Resources"]["RescoreContact"]["Properties"]["Environment"]["Variables"]
    declared.grants["RescoreContact"].pop("start")
    other = expand(GENERATED, declared)["Resources"]["RescoreContact"]["Properties"]["Environment"]["Variables"]

    assert starter["JOURNEY_MACHINE_ARN"]["Fn::Sub"].endswith(":stateMachine:${Prefix}-journey")
    assert "JOURNEY_MACHINE_ARN" not in other


def test_a_queue_source_reports_single_failures_without_being_told(files):
    events = expand(GENERATED, files(contacts=CONTACTS))["Resources"]["RescoreContact"]["Properties"]["Events"]

    source = events["RescoreContactSqsEventSource"]["Properties"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["Queue"] == {"Fn::GetAtt": ["RescoreQueue", "Arn"]}


def test_a_domain_gets_its_log_group_and_alarms(files):
    resources = expand(GENERATED, files(contacts=CONTACTS))["Resources"]

    assert resources["ContactsLogs"]["Properties"]["RetentionInDays"] == 30
    assert resources["ContactsDeadLettersAlarm"]["Properties"]["Threshold"] == 0
    assert len(resources["ContactsOldestMessageAlarm"]["Properties"]["Metrics"]) == 2


@pytest.mark.parametrize(
    ("grants", "reason"),
    [
        ("RescoreContact: {peek: [ContactsTable]}", "no verb 'peek'"),
        ("RescoreContact: {read: [RescoreQueue]}", "read is about a AWS::DynamoDB::Table"),
        ("RescoreContact: {read: [Nowhere]}", "Nowhere is not declared"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(files, grants, reason):
    with pytest.raises(BadGrant, match=reason):
        expand(GENERATED, files(contacts=CONTACTS, leads=f"Grants: {{{grants}}}"))


def test_a_function_without_a_grant_is_refused(files):
    with pytest.raises(BadTemplate, match="RescoreContact has no grant"):
        expand(GENERATED, files(contacts=CONTACTS.partition("Grants:")[0]))


def test_a_grant_to_a_function_that_was_renamed_is_refused(files):
    with pytest.raises(BadTemplate, match="ScoreContact"):
        expand(GENERATED, files(contacts=CONTACTS, leads="Grants: {ScoreContact: {}}"))


def test_an_event_of_a_function_that_was_renamed_is_refused(files):
    with pytest.raises(BadTemplate, match="ScoreContact"):
        expand(GENERATED, files(contacts=CONTACTS, leads="Resources: {ScoreContact: {Properties: {}}}"))


def test_a_function_of_several_domains_needs_one_home(files):
    more = "Grants: {RescoreContact: {write: [ContactsTable]}}"
    homeless = CONTACTS.replace("  RescoreContact:\n    Properties:\n      Events", "  OtherQueue:\n    X:\n      Y")
    homeless = homeless.replace("  OtherQueue:", '  OtherQueue:\n    Type: "AWS::SQS::Queue"')

    with pytest.raises(BadTemplate, match="granted by contacts, leads"):
        expand(GENERATED, files(contacts=homeless, leads=more))
