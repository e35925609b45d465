"""The deployable template is valid, within CloudFormation's limits, and grants no more than it names."""

import json
import subprocess
import zipfile

from infra.local.environments import LOCAL, ROOT
from infra.template import functions_of

# Calls that know no resource, so that AWS offers nothing but the star.
WITHOUT_RESOURCE = {
    "dynamodb:ListStreams",
    "ses:GetAccount",
    "ses:PutSuppressedDestination",
    "ses:GetSuppressedDestination",
    "ses:DeleteSuppressedDestination",
    "ses:ListSuppressedDestinations",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
LARGEST_ENVIRONMENT = 3_000
LONGEST_VALUE = 100  # what an intrinsic is counted as

COUNT = """
import json, sys
from samtranslator.translator.transform import transform

class Managed:
    def load(self):
        return {}

with open(sys.argv[1]) as file:
    fragment = json.load(file)
values = {name: one.get("Default", "x") for name, one in fragment["Parameters"].items()}
expanded = transform(fragment, values, Managed())
print(len(expanded["Resources"]))
"""


def bytes_of(variables):
    return sum(len(key) + (len(value) if isinstance(value, str) else LONGEST_VALUE) for key, value in variables.items())


def statements_of(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def test_cfn_lint_finds_nothing(template, tmp_path):
    # The interpreter that packages sets the runtime, and cfn-lint knows when AWS stops accepting it.
    for properties in functions_of(template).values():
        properties["Runtime"] = "python3.13"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://bucket/key"
    (tmp_path / "sam.json").write_text(json.dumps(template))

    command = [str(LOCAL / "app/bin/cfn-lint"), str(tmp_path / "sam.json")]
    linted = subprocess.run(command, capture_output=True, text=True, check=False)

    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_stack_stays_far_below_the_limit_of_resources(template, tmp_path):
    for resource in template["Resources"].values():
        if isinstance(resource.get("Properties", {}).get("CodeUri"), str):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
        if "DefinitionUri" in resource.get("Properties", {}):
            resource["Properties"]["DefinitionUri"] = "s3://bucket/key"
    (tmp_path / "sam.json").write_text(json.dumps(template))

    command = [str(LOCAL / "cloud/bin/python"), "-c", COUNT, str(tmp_path / "sam.json")]
    counted = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"AWS_DEFAULT_REGION": "us-east-1"}
    )

    assert int(counted.stdout) <= 280


def test_the_api_stays_below_the_limit_of_its_resources(template):
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]

    segments = {tuple(path.strip("/").split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 1)}

    assert len(segments) <= 220  # of the 300 that are allowed by default (decision 62)


def test_every_environment_fits(template):
    sizes = {
        name: bytes_of(properties["Environment"]["Variables"]) for name, properties in functions_of(template).items()
    }

    assert {name: size for name, size in sizes.items() if size > LARGEST_ENVIRONMENT} == {}


def test_every_function_logs_into_its_domains_group_which_forgets(template):
    groups = {
        name: resource["Properties"]["RetentionInDays"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }

    for name, properties in functions_of(template).items():
        assert properties["LoggingConfig"]["LogGroup"]["Ref"] in groups, name
    assert set(groups.values()) == {30}


def test_every_role_has_our_policy_and_only_that(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            assert [policy["PolicyName"] for policy in resource["Properties"]["Policies"]] == ["Grants"], name


def test_only_calls_without_a_resource_are_granted_on_the_star(template):
    starred = {
        (role, action)
        for role, statement in statements_of(template)
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }

    assert {(role, action) for role, action in starred if action not in WITHOUT_RESOURCE} == set()
    assert not any(action.endswith("*") for _, statement in statements_of(template) for action in statement["Action"])


def test_no_event_source_keeps_its_placeholder(template):
    assert "PLACEHOLDER" not in json.dumps(template)


def test_every_queue_source_reports_single_failures(template):
    sources = [
        (name, event["Properties"])
        for name, properties in functions_of(template).items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]

    for name, source in sources:
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_every_stream_source_has_somewhere_to_put_what_it_cannot_route(template):
    sources = [
        (name, event["Properties"])
        for name, properties in functions_of(template).items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]

    for name, source in sources:
        assert source["BisectBatchOnFunctionError"], name
        assert source["MaximumRecordAgeInSeconds"] == {"Ref": "StreamRecordAge"}, name
        assert source["DestinationConfig"]["OnFailure"]["Type"] == "SQS", name


def test_tables_are_encrypted_recoverable_and_kept(template):
    tables = {n: r for n, r in template["Resources"].items() if r["Type"] == "AWS::DynamoDB::Table"}

    for name, table in tables.items():
        assert table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], name
        assert table["Properties"]["SSESpecification"]["SSEEnabled"], name
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain", name


def test_queues_are_encrypted_and_give_up_into_dead_letters(template):
    queues = {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == "AWS::SQS::Queue"}

    for name, queue in queues.items():
        assert queue["SqsManagedSseEnabled"], name
        assert name.endswith("DeadLetters") or "RedrivePolicy" in queue, name


def test_a_queue_hides_a_message_six_times_as_long_as_its_function_may_run(template):
    resources = template["Resources"]
    sources = [
        (name, properties["Timeout"], event["Properties"]["Queue"]["Fn::GetAtt"][0])
        for name, properties in functions_of(template).items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]

    for name, timeout, queue in sources:
        assert resources[queue]["Properties"].get("VisibilityTimeout", 30) >= 6 * timeout, name


def test_physical_names_begin_with_the_prefix(template):
    keys = ("TableName", "QueueName", "TopicName", "StateMachineName")
    named = {
        name: resource["Properties"][key]
        for name, resource in template["Resources"].items()
        for key in keys
        if key in resource.get("Properties", {})
    }

    assert {n: v for n, v in named.items() if not v.get("Fn::Sub", "").startswith("${Prefix}")} == {}


def test_the_package_fits_and_holds_our_code_once(build):
    with zipfile.ZipFile(build / "deployment.zip") as archive:
        names = archive.namelist()
        unpacked = sum(entry.file_size for entry in archive.infolist())

    assert {"app.py", "chalicelib/__init__.py", "chalice/app.py"} <= set(names)
    assert len(names) == len(set(names))
    assert unpacked < 250_000_000


def test_the_repository_holds_no_path_of_the_machine_that_packaged(build):
    assert str(ROOT) not in (build / "sam.json").read_text()
