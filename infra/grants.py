"""Turns a domain's grants into IAM statements that name just the resources they are about."""

import json
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Grant = dict[str, list[str]]


class BadGrant(Exception):
    """A grant that cannot be given; the message says which and why."""


def arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


def ref(name: str) -> Json:
    return {"Ref": name}


def allow(actions: list[str], resources: list[Any]) -> Json:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def actions_of(service: str, names: str) -> list[str]:
    return [f"{service}:{name}" for name in names.split()]


def _on_table(names: str, *, indexes: bool = False) -> Callable[[str, Json], list[Json]]:
    def statements(name: str, _: Json) -> list[Json]:
        below = [{"Fn::Sub": f"${{{name}.Arn}}/index/*"}] if indexes else []
        return [allow(actions_of("dynamodb", names), [arn(name), *below])]

    return statements


def _on_stream(name: str, _: Json) -> list[Json]:
    names = "DescribeStream GetRecords GetShardIterator"
    stream = {"Fn::GetAtt": [name, "StreamArn"]}
    # ListStreams knows no resource; the mapping asks for it.
    return [allow(actions_of("dynamodb", names), [stream]), allow(["dynamodb:ListStreams"], ["*"])]


def _by_arn(service: str, names: str) -> Callable[[str, Json], list[Json]]:
    return lambda name, _: [allow(actions_of(service, names), [arn(name)])]


def machine_arn(name: str, resource: Json) -> Json:
    """A machine's ARN made from its name, so that a function it calls may start it without a circle in the template."""
    named = resource.get("Properties", {}).get("Name", {}).get("Fn::Sub")
    if named is None:
        msg = f"{name} needs a Name: {{'Fn::Sub': '${{Prefix}}-…'}}."
        raise BadGrant(msg)
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{named}"}


def _on_machine(name: str, resource: Json) -> list[Json]:
    return [allow(["states:StartExecution"], [machine_arn(name, resource)])]


def _by_ref(service: str, names: str) -> Callable[[str, Json], list[Json]]:
    return lambda name, _: [allow(actions_of(service, names), [ref(name)])]


def _on_objects(names: str) -> Callable[[str, Json], list[Json]]:
    return lambda name, _: [allow(actions_of("s3", names), [{"Fn::Sub": f"${{{name}.Arn}}/*"}])]


def _on_mail(name: str, _: Json) -> list[Json]:
    account = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:"
    identities = {"Fn::Sub": account + "identity/*"}
    configuration = {"Fn::Sub": f"{account}configuration-set/${{{name}}}"}
    return [
        allow(actions_of("ses", "SendEmail SendRawEmail"), [identities, configuration]),
        allow(["ses:GetAccount"], ["*"]),  # knows no resource; the sender paces itself by the quota
    ]


def _on_suppressions(_: str, __: Json) -> list[Json]:
    calls = "PutSuppressedDestination GetSuppressedDestination DeleteSuppressedDestination ListSuppressedDestinations"
    return [allow(actions_of("ses", calls), ["*"])]  # the account's list, which is no resource


TABLE, QUEUE, MACHINE = "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Serverless::StateMachine"
CONFIGURATION, BUCKET = "AWS::SES::ConfigurationSet", "AWS::S3::Bucket"
VERBS: dict[str, tuple[str, Callable[[str, Json], list[Json]]]] = {
    "read": (TABLE, _on_table("GetItem BatchGetItem Query ConditionCheckItem", indexes=True)),
    "write": (TABLE, _on_table("PutItem UpdateItem DeleteItem ConditionCheckItem")),
    "scan": (TABLE, _on_table("Scan", indexes=True)),
    "stream": (TABLE, _on_stream),
    "send": (QUEUE, _by_arn("sqs", "SendMessage")),
    "consume": (QUEUE, _by_arn("sqs", "ReceiveMessage DeleteMessage ChangeMessageVisibility GetQueueAttributes")),
    "depth": (QUEUE, _by_arn("sqs", "GetQueueAttributes")),
    "redrive": (
        QUEUE,
        _by_arn("sqs", "StartMessageMoveTask ListMessageMoveTasks ReceiveMessage DeleteMessage GetQueueAttributes"),
    ),
    "start": (MACHINE, _on_machine),
    "put": (BUCKET, _on_objects("PutObject AbortMultipartUpload")),
    "get": (BUCKET, _on_objects("GetObject")),
    "list": (BUCKET, _by_arn("s3", "ListBucket")),
    "forget": (BUCKET, _on_objects("DeleteObject")),
    "secret": ("AWS::SecretsManager::Secret", _by_ref("secretsmanager", "GetSecretValue")),
    "publish": ("AWS::SNS::Topic", _by_ref("sns", "Publish")),
    "invoke": ("AWS::Serverless::Function", _by_arn("lambda", "InvokeFunction")),
    "mail": (CONFIGURATION, _on_mail),
    "suppress": (CONFIGURATION, _on_suppressions),
    "users": ("AWS::Cognito::UserPool", _by_arn("cognito-idp", "AdminGetUser ListUsers AdminListGroupsForUser")),
}


def _fault(function: str, verb: str, name: str, resources: Json) -> str | None:
    if verb not in VERBS:
        return f"{function}: there is no verb {verb!r}; there are {', '.join(VERBS)}."
    kind, found = VERBS[verb][0], resources.get(name, {}).get("Type")
    return None if found == kind else f"{function}: {verb} is about a {kind}, but {name} is {found or 'not declared'}."


def check(grants: dict[str, Grant], resources: Json) -> None:
    """Raise with every grant that makes no sense, so that they can be mended at once."""
    every = [
        _fault(function, verb, name, resources)
        for function, grant in sorted(grants.items())
        for verb, names in grant.items()
        for name in names
    ]
    faults = [fault for fault in every if fault]
    if faults:
        raise BadGrant("\n".join(faults))


def _joined(statements: list[Json]) -> list[Json]:
    """One statement for each set of actions, about all that they are allowed on: a role holds 10,240 letters."""
    allowed: dict[str, tuple[Any, set[str]]] = {}
    for statement in statements:
        for resource in statement["Resource"]:
            allowed.setdefault(json.dumps(resource), (resource, set()))[1].update(statement["Action"])
    by_actions: dict[tuple[str, ...], list[Any]] = {}
    for resource, actions in allowed.values():
        by_actions.setdefault(tuple(sorted(actions)), []).append(resource)
    return [allow(list(actions), named) for actions, named in by_actions.items()]


def policy(grant: Grant, resources: Json) -> list[Json]:
    """The statements of one function's role, without its logs; the grant has been checked."""
    parts = [(verb, name) for verb, names in grant.items() for name in names]
    return _joined([one for verb, name in parts for one in VERBS[verb][1](name, resources[name])])
