"""The read meter, held against AWS's published examples."""

import pytest

from tests.support.meter import read_units, size


def item(size_in_bytes: int) -> dict[str, dict[str, str]]:
    return {"a": {"S": "x" * (size_in_bytes - 1)}}


def test_a_string_counts_its_name_and_its_utf_8_bytes():
    assert size({"é": {"S": "ü"}}) == 4


def test_a_number_takes_a_byte_for_two_digits_and_one_more():
    assert size({"n": {"N": "1234"}}) == 1 + 3
    assert size({"n": {"N": "-1234"}}) == 1 + 4


def test_lists_and_maps_cost_three_bytes_and_one_an_element():
    assert size({"l": {"L": [{"BOOL": True}]}}) == 1 + 3 + 1 + 1
    assert size({"m": {"M": {"k": {"NULL": True}}}}) == 1 + 3 + 1 + 1 + 1


@pytest.mark.parametrize(
    ("bytes_of_item", "consistent", "units"),
    [(4096, True, 1), (4096, False, 0.5), (4097, True, 2), (8 * 1024, True, 2), (100, True, 1), (100, False, 0.5)],
)
def test_a_get_is_rounded_up_to_four_kilobytes(bytes_of_item, consistent, units):
    assert read_units("GetItem", {"ConsistentRead": consistent}, {"Item": item(bytes_of_item)}) == units


def test_a_get_of_nothing_costs_one_step():
    assert read_units("GetItem", {"ConsistentRead": True}, {}) == 1


def test_a_batch_rounds_each_item_for_itself():
    # AWS's example: items of 1.5 KB and 6.5 KB cost 4 KB + 8 KB, not 8 KB.
    asked = {"RequestItems": {"t": {"ConsistentRead": True, "Keys": [1, 2]}}}

    assert read_units("BatchGetItem", asked, {"Responses": {"t": [item(1536), item(6656)]}}) == 3


def test_a_missing_key_of_a_batch_costs_one_step():
    asked = {"RequestItems": {"t": {"ConsistentRead": True, "Keys": [1, 2]}}}

    assert read_units("BatchGetItem", asked, {"Responses": {"t": [item(10)]}}) == 2


def test_a_query_rounds_the_sum_of_what_it_evaluated():
    # AWS's example: a query over items of 40.8 KB in all costs 11 units, consistently.
    answer = {"Items": [item(41779)], "ScannedCount": 1}

    assert read_units("Query", {"ConsistentRead": True}, answer) == 11


def test_a_filter_does_not_make_a_query_cheaper():
    answer = {"Items": [item(4096)], "ScannedCount": 10}

    assert read_units("Query", {}, answer) == 5
