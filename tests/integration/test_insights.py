"""Figures: each fact is counted once, however often and in whatever company it comes."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from chalicelib.errors import Unavailable
from chalicelib.insights import service
from chalicelib.insights.counting import Countable, of_burst, of_fact
from tests.support.insisting import insist

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def opened(number: int) -> Countable:
    return Countable(f"fact-{number}", {("email#e", "EmailOpened"): 1})


def test_a_batch_that_comes_again_in_other_company_adds_only_what_is_new():
    service.count([opened(number) for number in range(50)], NOW)

    counted = service.count([opened(number) for number in range(25, 75)], NOW)

    assert counted == 25
    assert service.total(("email#e", "EmailOpened")) == 75


def test_racing_batches_count_each_fact_once():
    batches = [random.Random(seed).sample(range(200), 60) for seed in range(12)]

    def counted(batch):
        return insist(lambda: service.count([opened(number) for number in batch], NOW), (Unavailable,))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(counted, batches))

    assert service.total(("email#e", "EmailOpened")) == len({number for batch in batches for number in batch})


def test_more_facts_than_a_transaction_holds_are_counted_in_several():
    counted = service.count([Countable(f"f{n}", {(f"email#{n % 90}", "sent"): 1}) for n in range(230)], NOW)

    assert counted == 230
    assert service.figures("email#0") == {"sent": 3}


def test_a_send_that_turns_out_to_be_sent_leaves_the_unknown():
    send = {"fact": "send.settled", "id": "s", "journey": "j", "tile": "t", "email": "e", "reason": ""}
    service.count(of_fact({**send, "was": "claimed", "state": "unknown"}), NOW)
    service.count(of_fact({**send, "was": "unknown", "state": "sent"}), NOW)

    assert service.figures("journey#j#t") == {"sent": 1, "unknown": 0}


@pytest.mark.rule("EML-28")
def test_an_open_counts_once_a_message_among_the_unique_ones():
    for number in range(3):
        fact = {
            "fact": "interaction.decided",
            "id": f"i{number}",
            "type": "EmailOpened",
            "verdict": "human",
            "email": "e",
            "send": "s",
        }
        service.count(of_fact(fact), NOW)

    assert service.figures("email#e") == {"EmailOpened": 3, "EmailOpened:unique": 1}


def test_what_a_machine_opened_is_in_no_human_figure():
    fact = {"fact": "interaction.decided", "id": "i", "type": "EmailOpened", "verdict": "machine", "email": "e"}

    service.count(of_fact(fact), NOW)

    assert service.figures("email#e") == {"EmailOpened:machine": 1}


@pytest.mark.rule("JRN-71")
def test_a_burst_counts_the_visits_of_its_tiles():
    burst = {"fact": "burst.recorded", "journey": "j", "contact": "c", "sk": "x"}
    visits = [{"tile": "mail", "figures": ["entered", "processed"]}, {"tile": "wait", "figures": ["entered"]}]
    did = SimpleNamespace(visits=visits, first=True, ended=None)

    for _ in range(2):
        service.count([of_burst(burst, did)], NOW)

    assert service.figures("journey#j#mail") == {"entered": 1, "processed": 1}
    assert service.figures("journey#j#wait") == {"entered": 1}
