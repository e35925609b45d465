"""An oracle that shares nothing with the engine gives every lead the same, rule by rule."""

import pytest

from tests.support import oracle


@pytest.mark.rule("SCO-1", "SCO-13", "SCO-14", "SCO-20", "SCO-21", "RSC-4")
@pytest.mark.parametrize("seed", range(4))
def test_sql_computes_the_same_scores(seed, tmp_path):
    compared = oracle.compare(seed, 500, tmp_path)

    assert compared.different == []
    assert compared.interactions > 10_000
    assert len(compared.grades) > 1


def test_the_models_ask_for_every_frequency_for_attributes_and_for_windows_of_every_kind():
    conditions = [one for seed in range(4) for rule in oracle.model(seed)["rules"] for one in rule["conditions"]]

    assert {one.get("frequency") for one in conditions} == {"each", "at_least", "none", None}
    assert {one["within"] for one in conditions if "within" in one} == set(oracle.LENGTHS)
    assert {one["entity"] for one in conditions} >= {"contact", "lead"}
    assert any(rule["points"] < 0 for seed in range(4) for rule in oracle.model(seed)["rules"])
