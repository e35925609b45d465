"""`make deploy STAGE=…`: packages for AWS, uploads, deploys by CloudFormation, prints the outputs."""

import argparse
import hashlib
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infra.grants import BadGrant, Json
from infra.package import PackagingFailed, ensure
from infra.template import BadTemplate, functions_of

NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
POLL = {"Delay": 5, "MaxAttempts": 360}


class DeployFailed(Exception):
    """AWS refused something; the message says what."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a deployment will do, decided before AWS is touched."""

    stage: str
    build: Path
    parameters: dict[str, str]
    bucket: str | None

    @property
    def stack(self) -> str:
        return f"itinera-{self.stage}"


def template_of(plan: Plan) -> Json:
    template: Json = json.loads((plan.build / "sam.json").read_text())
    return template


def described(plan: Plan) -> str:
    """The plan in words."""
    template = template_of(plan)
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())
    size = (plan.build / "deployment.zip").stat().st_size / 1e6
    runtime = sorted({one["Runtime"] for one in functions_of(template).values()})
    rows = [
        f"Stack       {plan.stack}",
        f"Bucket      {plan.bucket or 'itinera-deploy-<account>-<region>, made if missing'}",
        f"Package     {size:.1f} MB, {', '.join(runtime)}",
        *(f"Parameter   {name} = {value}" for name, value in sorted(plan.parameters.items())),
        *(f"Resources   {count:3} {kind}" for kind, count in sorted(kinds.items())),
    ]
    if "PublicUrl" not in plan.parameters:
        rows.append("PublicUrl   the API's own address, unless the stack has one: set in a second pass")
    return "\n".join(rows)


def packaged(template: Json, build: Path, upload: Any) -> Json:
    """The template with every local file in S3; `upload` takes a path and returns its bucket and key."""
    result: Json = json.loads(json.dumps(template))
    for properties in functions_of(result).values():
        bucket, key = upload(build / properties["CodeUri"])
        properties["CodeUri"] = {"Bucket": bucket, "Key": key}
    for resource in result["Resources"].values():
        definition = resource.get("Properties", {}).get("DefinitionUri")
        if resource["Type"] == "AWS::Serverless::StateMachine" and isinstance(definition, str):
            bucket, key = upload(build / definition)
            resource["Properties"]["DefinitionUri"] = {"Bucket": bucket, "Key": key}
    return result


class Aws:
    """The few calls that a deployment makes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._s3: Any = boto3.client("s3")
        self._cloudformation: Any = boto3.client("cloudformation")
        self._keys: dict[Path, str] = {}
        self._region: str = self._s3.meta.region_name
        self._bucket = plan.bucket or self._own_bucket()

    def _own_bucket(self) -> str:
        account = boto3.client("sts").get_caller_identity()["Account"]
        name = f"itinera-deploy-{account}-{self._region}"
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        try:
            self._s3.head_bucket(Bucket=name)
        except ClientError:
            self._s3.create_bucket(Bucket=name, **({} if self._region == "us-east-1" else elsewhere))
        return name

    def upload(self, path: Path) -> tuple[str, str]:
        """Upload a file once, under the hash of what it holds."""
        path = path.resolve()
        if path not in self._keys:
            print(f"Uploading {path.name} …", flush=True)
            key = f"{self.plan.stack}/{hashlib.sha256(path.read_bytes()).hexdigest()}-{path.name}"
            self._s3.upload_file(str(path), self._bucket, key)
            self._keys[path] = key
        return self._bucket, self._keys[path]

    def _known_parameters(self) -> set[str] | None:
        """The parameters that the stack has already, or nothing if there is none."""
        try:
            stack = self._cloudformation.describe_stacks(StackName=self.plan.stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        return {one["ParameterKey"] for one in stack.get("Parameters", [])}

    def apply(self, url: str, declared: set[str], parameters: dict[str, str]) -> None:
        """Create or update the stack; what it has and we don't say stays as it is."""
        known = self._known_parameters()
        kept = (known or set()) & declared - set(parameters)
        action = {
            "StackName": self.plan.stack,
            "TemplateURL": url,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [
                *({"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()),
                *({"ParameterKey": name, "UsePreviousValue": True} for name in kept),
            ],
        }
        print(f"{'Creating' if known is None else 'Updating'} {self.plan.stack} …", flush=True)
        if known is None:
            self._cloudformation.create_stack(**action, EnableTerminationProtection=self.plan.stage == "prod")
            self._cloudformation.get_waiter("stack_create_complete").wait(StackName=self.plan.stack, WaiterConfig=POLL)
        elif self._update(action):
            self._cloudformation.get_waiter("stack_update_complete").wait(StackName=self.plan.stack, WaiterConfig=POLL)

    def _update(self, action: Json) -> bool:
        try:
            self._cloudformation.update_stack(**action)
        except ClientError as error:
            if any(text in str(error) for text in NO_CHANGES):
                print("Nothing to change.", flush=True)
                return False
            raise
        return True

    def url_of(self, template: Path) -> str:
        bucket, key = self.upload(template)
        return f"{self._s3.meta.endpoint_url}/{bucket}/{key}"

    def outputs(self) -> dict[str, str]:
        stack = self._cloudformation.describe_stacks(StackName=self.plan.stack)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    def failures(self) -> str:
        events = self._cloudformation.describe_stack_events(StackName=self.plan.stack)["StackEvents"]
        failed = [one for one in events if one["ResourceStatus"].endswith("FAILED")][:10]
        return "\n".join(f"  {one['LogicalResourceId']}: {one.get('ResourceStatusReason', '')}" for one in failed)


UNSET_URL = "https://example.invalid"


def deploy(plan: Plan) -> dict[str, str]:
    """Carry the plan out and return the stack's outputs."""
    aws = Aws(plan)
    template = template_of(plan)
    written = plan.build / "packaged.json"
    written.write_text(json.dumps(packaged(template, plan.build, aws.upload)))
    url, declared = aws.url_of(written), set(template["Parameters"])
    try:
        aws.apply(url, declared, plan.parameters)
        outputs = aws.outputs()
        if outputs.get("PublicUrl") == UNSET_URL:
            # The API's address is known only now, and its function cannot refer to it without a circle.
            aws.apply(url, declared, {**plan.parameters, "PublicUrl": outputs["ApiUrl"]})
            outputs = aws.outputs()
    except WaiterError as error:
        msg = f"The stack {plan.stack} did not come up:\n{aws.failures()}"
        raise DeployFailed(msg) from error
    return outputs


def _plan(arguments: argparse.Namespace) -> Plan:
    named = {"PublicUrl": arguments.public_url, "AlarmEmail": arguments.alarm_email}
    more = dict(pair.split("=", 1) for pair in arguments.parameter)
    chosen = {name: value for name, value in named.items() if value}
    parameters = {"Stage": arguments.stage, "Prefix": f"itinera-{arguments.stage}", **chosen, **more}
    return Plan(arguments.stage, ensure("aws"), parameters, arguments.bucket)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", help="such as dev or prod; the stack is itinera-<stage>")
    parser.add_argument("--public-url", help="where people reach the API, if it has a domain of its own")
    parser.add_argument("--alarm-email", help="who is told of alarms")
    parser.add_argument("--bucket", help="where the package is uploaded to")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and touch nothing")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    try:
        plan = _plan(arguments)
        print(described(plan), flush=True)
        if arguments.dry_run:
            print("Dry run: nothing was uploaded or deployed.")
            return
        for name, value in deploy(plan).items():
            print(f"{name:<20} {value}")
    except (PackagingFailed, BadTemplate, BadGrant, DeployFailed, ClientError, BotoCoreError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
