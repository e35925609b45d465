"""Deploys the very package that goes to AWS into the local cloud, by CloudFormation."""

import json
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.grants import Json
from infra.local.cloud import ACCOUNT, CloudFailed, LocalCloud
from infra.local.environments import LOCAL
from infra.template import functions_of

STACK = "itinera-local"
PREFIX = "itinera-local"
BUCKET = "itinera-local-deploy"
API_ID = "c0ffee01"  # pinned, so that links stay valid from one start to the next; MiniStack wants eight hex digits
API_STAGE = "api"
STACK_SECONDS = 300.0
# More workers than this at a cold start only take the two cores from each other.
CONCURRENCY = 4
# Template parameters that differ here from a deployment on AWS.
PARAMETERS = {
    "Stage": "local",
    "Prefix": PREFIX,
    "StreamRecordAge": "60",
    "AllowTestDomains": "yes",
    "LiveCacheSeconds": "1",
    "JobDelaySeconds": "2",
    "VerdictDelaySeconds": "1",
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a deployed Itinera is reached."""

    api_url: str
    cloud_url: str
    inbox_url: str
    prefix: str
    outputs: Mapping[str, str]


def api_url(cloud: LocalCloud) -> str:
    """The base of every link: a path on loopback, since Python and some resolvers don't know *.localhost."""
    return f"{cloud.url}/_aws/execute-api/{API_ID}/{API_STAGE}"


def _bootstrap() -> str:
    python = LOCAL / "lambda/bin/python"
    return f'#!/bin/sh\nexec {python} -m awslambdaric "$_HANDLER"\n'


def _with_bootstrap(package: Path, target: Path) -> None:
    """AWS's own runtime client runs the functions; MiniStack's worker would lose the exceptions' class names."""
    shutil.copy(package, target)
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(entry, _bootstrap())


def _adapt_function(properties: Json, code: str, cloud: LocalCloud) -> None:
    properties.update(CodeUri=code, Runtime="provided.al2023")
    variables = properties.get("Environment", {}).get("Variables", {})
    variables["QUEUE_BASE"] = f"{cloud.url}/{ACCOUNT}/"
    if "JWKS_URL" in variables:
        variables["JWKS_URL"] = {"Fn::Sub": f"{cloud.url}/${{UserPool}}/.well-known/jwks.json"}


def _adapt_machine(properties: Json, build: Path) -> None:
    definition = properties.get("DefinitionUri")
    if isinstance(definition, str):
        properties["Definition"] = json.loads((build / definition).read_text())
        del properties["DefinitionUri"]


def adapted(template: Json, build: Path, code: str, cloud: LocalCloud) -> Json:
    """The template with what MiniStack needs otherwise than AWS."""
    result: Json = json.loads(json.dumps(template))
    for properties in functions_of(result).values():
        _adapt_function(properties, code, cloud)
    resources = result["Resources"]
    for name, resource in list(resources.items()):
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::StateMachine":
            _adapt_machine(properties, build)
        elif resource["Type"] == "AWS::Serverless::Api":
            # MiniStack reads the list here, AWS in the swagger; SAM's escaped form would mangle bodies.
            properties["BinaryMediaTypes"] = properties["DefinitionBody"]["x-amazon-apigateway-binary-media-types"]
        elif resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            del resources[name]  # MiniStack knows no metric math
    return result


def _upload(cloud: LocalCloud, build: Path) -> str:
    archive = build / f"local-{cloud.port}.zip"
    _with_bootstrap(build / "deployment.zip", archive)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(archive), BUCKET, "deployment.zip")
    archive.unlink()
    return f"s3://{BUCKET}/deployment.zip"


def _failures(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [one for one in events if one["ResourceStatus"].endswith("FAILED")]
    return "\n".join(f"  {one['LogicalResourceId']}: {one.get('ResourceStatusReason', '')}" for one in reversed(failed))


def _wait(cloudformation: Any, say: Say) -> Mapping[str, str]:
    deadline, told = time.monotonic() + STACK_SECONDS, time.monotonic()
    while True:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
        if stack["StackStatus"] != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
            reason = stack.get("StackStatusReason", "")
            msg = f"The stack is {stack['StackStatus']}: {reason}\n{_failures(cloudformation)}"
            raise CloudFailed(msg)
        if time.monotonic() - told > 2:
            told = time.monotonic()
            pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
            say(f"  {sum(len(page['StackResourceSummaries']) for page in pages)} resources …")
        time.sleep(0.1)


def _cap_concurrency(cloud: LocalCloud, names: list[str]) -> None:
    # In the template ReservedConcurrentExecutions has no effect here.
    client = cloud.client("lambda")
    for name in names:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=CONCURRENCY)


def _put_gateway_responses(cloud: LocalCloud, body: Json) -> None:
    """MiniStack does not take them from the swagger; a new deployment puts them into effect."""
    client = cloud.client("apigateway")
    for kind, response in body.get("x-amazon-apigateway-gateway-responses", {}).items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        client.put_gateway_response(
            restApiId=API_ID,
            responseType=kind,
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
            **status,
        )
    client.create_deployment(restApiId=API_ID, stageName=API_STAGE)


def deploy(
    cloud: LocalCloud, build: Path, parameters: Mapping[str, str] | None = None, say: Say = lambda _: None
) -> Deployment:
    """Bring the build up in the cloud; parameters go over the template's, such as shorter waits for a demo."""
    template: Json = json.loads((build / "sam.json").read_text())
    public = api_url(cloud)
    own = {"PublicUrl": public, "LinkedInUrl": cloud.linkedin_url, "LinkedInLoginUrl": cloud.linkedin_url}
    values = {**PARAMETERS, **own, **(parameters or {})}
    unknown = set(values) - set(template["Parameters"])
    if unknown:
        msg = f"The template has no parameter {', '.join(sorted(unknown))}."
        raise CloudFailed(msg)
    say("Uploading the package …")
    code = _upload(cloud, build)
    local = adapted(template, build, code, cloud)
    cloud.client("s3").put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(local).encode())
    say(f"Creating the stack: {len(local['Resources'])} resources before the SAM transform …")
    cloudformation = cloud.client("cloudformation")
    try:
        cloudformation.create_stack(
            StackName=STACK,
            TemplateURL=f"{cloud.url}/{BUCKET}/template.json",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": "ms-custom-id", "Value": API_ID}],
        )
    except ClientError as error:
        msg = f"The local cloud refused the template: {error}"
        raise CloudFailed(msg) from error
    outputs = _wait(cloudformation, say)
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    rows = [row for page in pages for row in page["StackResourceSummaries"]]
    _cap_concurrency(
        cloud, [row["PhysicalResourceId"] for row in rows if row["ResourceType"] == "AWS::Lambda::Function"]
    )
    _put_gateway_responses(cloud, local["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    return Deployment(public, cloud.url, cloud.inbox_url, values["Prefix"], outputs)
