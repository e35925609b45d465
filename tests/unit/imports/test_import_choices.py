"""Words of a file that are to become options of the organisation's own choices."""

import pytest

from chalicelib.contacts.custom import adding
from chalicelib.contacts.custom.definition import MOST_OPTIONS, Option, RecordType
from chalicelib.errors import Conflict
from chalicelib.imports import choices
from chalicelib.imports.cells import Column
from chalicelib.imports.mapping import problems
from chalicelib.imports.rows import Row
from tests.support.custom import field

GOLD, OLD = Option("gold", {"en": "Gold", "da": "Guld"}), Option("old", {"en": "Old"}, retired=True)
TIER = field("tier", "choice", options=(GOLD, OLD))


def unknown(*cells, **column):
    asked = Column("Tier", "custom.tier", create_options=True, **column)
    rows = [Row(number, [cell]) for number, cell in enumerate(cells, 2)]
    return choices.unknown([(0, asked)], {"custom.tier": TIER}, "-", rows)


@pytest.mark.rule("IMP-4")
def test_a_word_that_no_option_is_called_by_is_found_once_however_it_is_written():
    cells = ["Bronze", " bronze ", "BRONZE", "guld", "Gold", "old", "", "-", "S", "=Sum", "'=Sum", "Bronze  Plus"]

    assert unknown(*cells, values={"s": "Silver"}) == {"custom.tier": ["Bronze", "Silver", "=Sum", "Bronze  Plus"]}
    assert unknown("x" * 101, "two\ufffd", "\x07") == {}
    assert unknown("guld") == {}


@pytest.mark.rule("IMP-4")
def test_more_words_than_an_import_may_add_are_none_at_all_and_not_kept():
    few, many = [[f"w{at}" for at in range(count)] for count in (30, 51)]

    assert unknown(*many) == {"custom.tier": None}
    assert choices.together([{"a": few}, {"a": few, "b": few[:20]}]) == {"a": few, "b": few[:20]}
    assert choices.together([{"a": few}, {"b": few}]) == {"a": None, "b": None}
    assert choices.together([{"a": ["One"]}, {"a": None}]) == {"a": None}


@pytest.mark.rule("IMP-4")
def test_an_option_has_a_value_made_from_its_word_and_is_found_by_that_word_again():
    words = ["Guld  Kort", "Ærø", "日本", "Gold!", "guld kort"]

    after = adding.with_options(TIER, words)

    assert [each.value for each in after.options][:3] == ["gold", "old", "guld_kort"]
    assert after.options[2].labels == {"en": "Guld Kort"}
    assert len(set(after.values)) == len(after.options) == 6
    assert all(adding.called(after, word) in after.values for word in words)
    assert adding.with_options(after, words) is after
    with pytest.raises(Conflict):
        adding.with_options(TIER, [f"w{at}" for at in range(MOST_OPTIONS - 1)])


@pytest.mark.rule("IMP-4")
@pytest.mark.parametrize("name", ["custom.sports", "rating", "custom.note"])
def test_options_are_added_to_own_choices_of_one_alone(name):
    own = {"custom.sports": field("sports", "multiple_choice", "lead"), "custom.note": field("note", of="lead")}
    own["custom.tier"] = field("tier", "choice", "lead")
    wanted = [Column("a", name, create_options=True), Column("b", "custom.tier", create_options=True)]

    found = problems(RecordType.LEAD, ["a", "b"], wanted, own)

    assert [each.field for each in found if "mapping." in each.field] == ["mapping.0.create_options"]
