"""What happened at one instant is told in an order that is always the same."""

from datetime import UTC, datetime, timedelta

from chalicelib.insights.timeline import Entry, Kind, steady

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_what_an_index_lists_in_any_order_at_one_instant_is_told_in_one():
    earlier = Entry(NOW - timedelta(hours=1), Kind.NOTE, "z")
    ties = [Entry(NOW, Kind.NOTE, each) for each in "bca"]

    told = list(steady([*ties, earlier]))

    assert [each.id for each in told] == ["c", "b", "a", "z"]
    assert sorted((each.position for each in told), reverse=True) == [each.position for each in told]
