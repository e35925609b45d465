"""What a call of a client takes on AWS: the actions that a role has to allow, each on the ARN of what it is done to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.settings import settings
from tests.support.roles import ACCOUNT, arn

Asked = Mapping[str, Any]
Needs = Iterator[tuple[str, str]]


def needs(service: str, operation: str, asked: Asked) -> Needs:
    """Return pairs of action and ARN; of a call that is not known here, one that no role allows."""
    return NEEDS.get(service, _unknown)(operation, asked)


def _of_database(operation: str, asked: Asked) -> Needs:
    if operation.startswith("Transact"):
        for [(kind, each)] in (item.items() for item in asked["TransactItems"]):
            yield f"dynamodb:{kind}Item", _table(each)
    elif "RequestItems" in asked:
        for table in asked["RequestItems"]:
            yield f"dynamodb:{operation}", _table({"TableName": table})
    else:
        yield f"dynamodb:{operation}", _table(asked)


def _table(asked: Asked) -> str:
    index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
    return arn("AWS::DynamoDB::Table", asked["TableName"]) + index


def _of_queue(operation: str, asked: Asked) -> Needs:
    yield f"sqs:{operation.removesuffix('Batch')}", arn("AWS::SQS::Queue", asked["QueueUrl"].rpartition("/")[2])


OF_FILES = {
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), "PutObject"),
}
"""Calls whose action is called otherwise."""


def _of_files(operation: str, asked: Asked) -> Needs:
    key = f"/{asked['Key']}" if "Key" in asked else ""
    yield f"s3:{OF_FILES.get(operation, operation)}", arn("AWS::S3::Bucket", asked["Bucket"]) + key


def _of_mail(operation: str, asked: Asked) -> Needs:
    if operation != "SendEmail":
        yield f"ses:{operation}", "*"
        return
    account = f"arn:aws:ses:{settings.aws_region}:{ACCOUNT}:"
    yield "ses:SendEmail", f"{account}identity/{asked['FromEmailAddress']}"
    if name := asked.get("ConfigurationSetName"):
        yield "ses:SendEmail", f"{account}configuration-set/{name}"


def _of_machine(operation: str, asked: Asked) -> Needs:
    yield f"states:{operation}", asked["stateMachineArn"]


def _of_secret(operation: str, asked: Asked) -> Needs:
    yield f"secretsmanager:{operation}", arn("AWS::SecretsManager::Secret", asked["SecretId"])


def _unknown(operation: str, _: Asked) -> Needs:
    yield operation, "*"


NEEDS: dict[str, Callable[[str, Asked], Needs]] = {
    "dynamodb": _of_database,
    "s3": _of_files,
    "secretsmanager": _of_secret,
    "sesv2": _of_mail,
    "sqs": _of_queue,
    "stepfunctions": _of_machine,
}
"""By service, as botocore calls it."""
