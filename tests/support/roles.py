"""What each function's role allows, as infra/ renders it from the grants: actions, and the ARNs that they are about."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Any

from chalicelib.settings import settings
from infra.grants import policy
from infra.template import Declared, load

NAMED = {  # by kind: the property that names a resource, and what its ARN says before the name
    "AWS::DynamoDB::Table": ("TableName", "dynamodb:{region}:{account}:table/"),
    "AWS::S3::Bucket": ("BucketName", "s3:::"),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager:{region}:{account}:secret:"),
    "AWS::SQS::Queue": ("QueueName", "sqs:{region}:{account}:"),
}
ACCOUNT = "000000000000"


def arn(kind: str, name: str) -> str:
    """Return the ARN of a resource by its physical name."""
    return "arn:aws:" + NAMED[kind][1].format(region=settings.aws_region, account=ACCOUNT) + name


@lru_cache(maxsize=10_000)
def allows(function: str, action: str, resource: str) -> bool:
    """Say whether a function, called as in Python, may do this to what has this ARN."""
    return any(fnmatchcase(resource, each) for each in _role(function).get(action, ()))


@cache
def _declared() -> Declared:
    return load()


@cache
def _role(function: str) -> Mapping[str, list[str]]:
    """Return what a function may do, and to what each."""
    name = "APIHandler" if function == "app" else "".join(part.capitalize() for part in function.split("_"))
    allowed: dict[str, list[str]] = {}
    for statement in statements(name):
        for action in statement["Action"]:
            allowed.setdefault(action, []).extend(statement["Resource"])
    return allowed


def statements(name: str) -> list[dict[str, Any]]:
    """Return the IAM statements of a function of the template, as AWS gets them."""
    found = policy(_declared().grants.get(name, {}), _declared().template["Resources"])
    return [{**each, "Resource": [_text(resource) for resource in each["Resource"]]} for each in found]


def _text(value: Any) -> str:
    """Return what CloudFormation would make of a value."""
    if isinstance(value, str):
        return value
    [(intrinsic, given)] = value.items()
    if intrinsic == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: _meant(found[1]), given)
    return _meant(given if intrinsic == "Ref" else ".".join(given))


def _meant(reference: str) -> str:
    """Return what a parameter, a resource or an attribute of one stands for."""
    fixed = {"Prefix": settings.prefix, "AWS::Region": settings.aws_region}
    fixed |= {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT}
    if reference in fixed:
        return fixed[reference]
    name, _, attribute = reference.partition(".")
    resource = _declared().template["Resources"][name]
    if resource["Type"] not in NAMED:
        return _text(resource["Properties"]["Name"])
    found = arn(resource["Type"], _text(resource["Properties"][NAMED[resource["Type"]][0]]))
    return f"{found}/stream/*" if attribute == "StreamArn" else found
