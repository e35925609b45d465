"""The state machines' definitions are sound; the local cloud would accept much that AWS refuses."""

import json

import pytest
from jsonata.jsonata import Jsonata
from statelint.linter import Linter

from infra.local.environments import ROOT

DEFINITIONS = sorted((ROOT / "infra").glob("*.asl.json"))


def expressions_in(node):
    if isinstance(node, str) and node.startswith("{%") and node.endswith("%}"):
        yield node[2:-2]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from expressions_in(child)


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_the_structure_is_sound(path):
    assert Linter.validate(str(path)) == []


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_every_expression_parses(path):
    for expression in expressions_in(json.loads(path.read_text())):
        Jsonata(expression)


def test_every_definition_is_deployed(template):
    deployed = {
        resource["Properties"]["DefinitionUri"].rpartition("/")[2]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    }

    assert deployed == {path.name for path in DEFINITIONS}


@pytest.mark.parametrize("broken", ['"Next": "Nowhere"', '"End": true, "ResultPath": "$.x"'])
def test_the_lint_would_see(broken):
    rest = json.loads(f'{{"Type": "Pass", {broken}}}')

    assert Linter.validate({"QueryLanguage": "JSONata", "StartAt": "Rest", "States": {"Rest": rest}}) != []
