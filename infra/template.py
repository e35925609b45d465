"""Merges the domains' resource files and adds to every function what no file should have to repeat."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from infra.grants import Grant, Json, allow, arn, check, machine_arn, policy, ref

RESOURCES = Path(__file__).with_name("resources")
FUNCTION = "AWS::Serverless::Function"
LOG_DAYS = 30
OLDEST_MESSAGE_SECONDS = 900

ENVIRONMENT: Json = {
    "PREFIX": ref("Prefix"),
    "STAGE": ref("Stage"),
    "PUBLIC_URL": ref("PublicUrl"),
    "QUEUE_BASE": {"Fn::Sub": "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/"},
    "SECRET_NAME": {"Fn::Sub": "${Prefix}-keys"},
    "CONFIGURATION_SET": ref("Prefix"),
    "LIVE_CACHE_SECONDS": ref("LiveCacheSeconds"),
    "VERDICT_DELAY_SECONDS": ref("VerdictDelaySeconds"),
    "LEASE_SECONDS": ref("LeaseSeconds"),
    "POLL_GRACE_SECONDS": ref("PollGraceSeconds"),
    "JOB_DELAY_SECONDS": ref("JobDelaySeconds"),
    "AUDIT_DAYS": ref("AuditDays"),
    "ALLOW_TEST_DOMAINS": ref("AllowTestDomains"),
    "LINKEDIN_URL": ref("LinkedInUrl"),
    "LINKEDIN_LOGIN_URL": ref("LinkedInLoginUrl"),
    "LINKEDIN_PULL_MINUTES": ref("LinkedInPullMinutes"),
    "POWERTOOLS_SERVICE_NAME": "itinera",
    "POWERTOOLS_METRICS_NAMESPACE": "Itinera",
    "POWERTOOLS_LOG_LEVEL": ref("LogLevel"),
}
ISSUER = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}"
FOR_AUTHORIZERS: Json = {
    "ISSUER": {"Fn::Sub": ISSUER},
    "JWKS_URL": {"Fn::Sub": ISSUER + "/.well-known/jwks.json"},
    "CLIENT_ID": ref("UserPoolClient"),
}
MACHINES = {"JourneyMachine": "JOURNEY_MACHINE_ARN", "BulkMachine": "BULK_MACHINE_ARN"}
BUCKETS = {"ExportsBucket": "EXPORTS_BUCKET"}


class BadTemplate(Exception):
    """What the domains' files say together makes no template; the message says why."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the domains' files declare, merged."""

    template: Json
    grants: dict[str, Grant]
    domains: dict[str, Json] = field(default_factory=dict)


def merged(left: Json, right: Json, where: str = "") -> Json:
    """Both trees in one; a leaf that both set is an error."""
    result = dict(left)
    for key, value in right.items():
        path = f"{where}/{key}"
        if key not in result:
            result[key] = value
        elif isinstance(value, dict) and isinstance(result[key], dict):
            result[key] = merged(result[key], value, path)
        else:
            msg = f"{path} is declared twice."
            raise BadTemplate(msg)
    return result


def _join_grants(into: dict[str, Grant], more: dict[str, Grant]) -> None:
    for function, grant in more.items():
        known = into.setdefault(function, {})
        for verb, names in grant.items():
            known[verb] = [*known.get(verb, []), *(name for name in names if name not in known.get(verb, []))]


def load(directory: Path = RESOURCES) -> Declared:
    """Read every domain's file."""
    template: Json = {}
    grants: dict[str, Grant] = {}
    domains: dict[str, Json] = {}
    for path in sorted(directory.glob("*.yaml")):
        content: Json = yaml.safe_load(path.read_text()) or {}
        domains[path.stem] = content
        _join_grants(grants, content.get("Grants") or {})
        sections = {key: value for key, value in content.items() if key != "Grants" and value}
        template = merged(template, sections, path.name)
    return Declared(template, grants, domains)


def functions_of(template: Json) -> dict[str, Json]:
    resources: Json = template["Resources"]
    return {name: one["Properties"] for name, one in resources.items() if one.get("Type") == FUNCTION}


def _authorizers(template: Json) -> set[str]:
    """The functions that API Gateway asks who somebody is."""
    api = template["Resources"].get("RestAPI", {}).get("Properties", {}).get("DefinitionBody", {})
    uris = [
        one["x-amazon-apigateway-authorizer"].get("authorizerUri", {}).get("Fn::Sub", "")
        for one in api.get("securityDefinitions", {}).values()
        if "x-amazon-apigateway-authorizer" in one
    ]
    return {name for name in functions_of(template) if any(f"${{{name}.Arn}}" in uri for uri in uris)}


def home_of(function: str, declared: Declared) -> str:
    """The domain that a function logs under."""
    granting = [name for name, content in declared.domains.items() if function in (content.get("Grants") or {})]
    if not granting:
        msg = f"{function} has no grant; write `{function}: {{}}` under Grants of its domain if it needs none."
        raise BadTemplate(msg)
    owning = [name for name in granting if function in (declared.domains[name].get("Resources") or {})]
    for homes in (["shared"] if "shared" in granting else [], owning, granting):
        if len(homes) == 1:
            return homes[0]
    msg = f"{function} is granted by {', '.join(granting)}: declare it under Resources in one of them, its home."
    raise BadTemplate(msg)


def camel(domain: str) -> str:
    return "".join(part.capitalize() for part in domain.replace("-", "_").split("_"))


def _log_group(domain: str) -> Json:
    name = {"Fn::Sub": f"/${{Prefix}}/{domain}"}
    return {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {"LogGroupName": name, "RetentionInDays": LOG_DAYS},
    }


def _alarm(name: str, description: str, properties: Json) -> Json:
    told = [ref("Alarms")]
    common = {
        "AlarmName": {"Fn::Sub": f"${{Prefix}}-{name}"},
        "AlarmDescription": description,
        "AlarmActions": told,
        "OKActions": told,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {**common, **properties}}


def _queue_metric(metric: str, queue: str) -> Json:
    name = {"Fn::GetAtt": [queue, "QueueName"]}
    return {"Namespace": "AWS/SQS", "MetricName": metric, "Dimensions": [{"Name": "QueueName", "Value": name}]}


def _age_alarm(domain: str, queues: list[str]) -> Json:
    """One alarm over all queues of a domain, for CloudFormation's limit of resources."""
    ages = [
        {
            "Id": f"q{number}",
            "ReturnData": False,
            "MetricStat": {
                "Metric": _queue_metric("ApproximateAgeOfOldestMessage", queue),
                "Period": 300,
                "Stat": "Maximum",
            },
        }
        for number, queue in enumerate(queues)
    ]
    ids = ", ".join(f"q{number}" for number in range(len(queues)))
    oldest = {"Id": "oldest", "Expression": f"MAX([{ids}])", "ReturnData": True}
    text = f"A message of {domain} has been waiting for {OLDEST_MESSAGE_SECONDS // 60} minutes: work is not keeping up."
    return _alarm(f"{domain}-oldest-message", text, {"Threshold": OLDEST_MESSAGE_SECONDS, "Metrics": [oldest, *ages]})


def _dead_alarm(domain: str, queue: str) -> Json:
    metric = _queue_metric("ApproximateNumberOfMessagesVisible", queue)
    text = f"Messages of {domain} were given up; read them, mend the cause, move them back."
    return _alarm(f"{domain}-dead-letters", text, {**metric, "Threshold": 0, "Period": 300, "Statistic": "Maximum"})


def _alarms(domain: str, content: Json) -> Iterator[tuple[str, Json]]:
    resources = content.get("Resources") or {}
    queues = [name for name, one in resources.items() if one.get("Type") == "AWS::SQS::Queue"]
    dead = f"{camel(domain)}DeadLetters"
    living = [name for name in queues if name != dead]
    if dead in queues:
        yield f"{dead}Alarm", _dead_alarm(domain, dead)
    if living:
        yield f"{camel(domain)}OldestMessageAlarm", _age_alarm(domain, living)


def _environment(function: str, declared: Declared, authorizers: set[str]) -> Json:
    resources = declared.template["Resources"]
    grant = declared.grants[function]
    machines = {
        MACHINES[name]: machine_arn(name, resources[name]) for name in grant.get("start", []) if name in MACHINES
    }
    used = [*grant.get("put", []), *grant.get("get", [])]
    buckets = {BUCKETS[name]: ref(name) for name in used if name in BUCKETS}
    return {**ENVIRONMENT, **machines, **buckets, **(FOR_AUTHORIZERS if function in authorizers else {})}


def _role_policies(function: str, properties: Json, log_group: str, declared: Declared, known: Json) -> list[Json]:
    logs = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [arn(log_group)])
    traces = allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"])  # X-Ray knows no resources
    traced = [traces] if properties.get("Tracing") == "Active" else []
    statements = [logs, *traced, *policy(declared.grants[function], known)]
    return [{"PolicyName": "Grants", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]


EVENT_DEFAULTS: dict[str, Json] = {
    "SQS": {"FunctionResponseTypes": ["ReportBatchItemFailures"]},
    "DynamoDB": {"BisectBatchOnFunctionError": True, "MaximumRecordAgeInSeconds": ref("StreamRecordAge")},
}


def _event_defaults(properties: Json) -> Json:
    events = properties.get("Events", {})
    kept = {name: EVENT_DEFAULTS[one["Type"]] for name, one in events.items() if one["Type"] in EVENT_DEFAULTS}
    return {"Events": {name: {"Properties": defaults} for name, defaults in kept.items()}} if kept else {}


def _of_function(function: str, properties: Json, generated: Json, declared: Declared) -> Json:
    log_group = f"{camel(home_of(function, declared))}Logs"
    role = properties["Role"]["Fn::GetAtt"][0]
    return {
        function: {
            "Properties": {
                "Environment": {"Variables": _environment(function, declared, _authorizers(generated))},
                "LoggingConfig": {"LogGroup": ref(log_group)},
                **_event_defaults(properties),
            }
        },
        role: {
            "Properties": {
                "Policies": _role_policies(
                    function, properties, log_group, declared, overlaid(generated, declared.template)["Resources"]
                )
            }
        },
    }


def overlaid(below: Json, above: Json) -> Json:
    """Both trees in one as Chalice merges them: dictionaries join, anything else above replaces what is below."""
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = overlaid(result[key], value) if both else value
    return result


def _refuse_strangers(generated: Json, declared: Declared) -> None:
    """A renamed function must not leave its grants or events behind unnoticed."""
    resources = declared.template["Resources"]
    untyped = {name for name, one in resources.items() if "Type" not in one} - set(generated["Resources"])
    strangers = untyped | (set(declared.grants) - set(functions_of(generated)))
    if strangers:
        msg = f"No such function or resource in app.py: {', '.join(sorted(strangers))}."
        raise BadTemplate(msg)


def expand(generated: Json, declared: Declared) -> Json:
    """The merge template for what Chalice generated: the domains' resources and each function's common properties."""
    _refuse_strangers(generated, declared)
    check(declared.grants, overlaid(generated, declared.template)["Resources"])
    added: Json = {}
    for domain, content in declared.domains.items():
        added[f"{camel(domain)}Logs"] = _log_group(domain)
        added.update(_alarms(domain, content))
    for function, properties in functions_of(generated).items():
        added = merged(added, _of_function(function, properties, generated, declared))
    homes = {home_of(function, declared) for function in functions_of(generated)}
    unused = {f"{camel(domain)}Logs" for domain in declared.domains if domain not in homes}
    common = {"Resources": {name: one for name, one in added.items() if name not in unused}}
    return overlaid(common, declared.template)
