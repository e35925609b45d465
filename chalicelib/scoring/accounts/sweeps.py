"""What deleted contacts and accounts leave behind in the logs of accounts, swept away a bounded number at a time."""

from itertools import islice

from chalicelib.dynamodb import Key, query_raw
from chalicelib.interactions.models import Interaction
from chalicelib.scoring.accounts import log
from chalicelib.scoring.accounts.items import BELONGS, Aliases, Belongs, Child, Logged, Person, log_of
from chalicelib.scoring.models import ScoringItem
from chalicelib.sweeping import MOST, emptied


def of_contact(contact_id: str) -> bool:
    """Delete from the logs what a deleted contact did, up to 500 rows; return whether nothing is left.

    The keys of the rows come from the interactions, which are swept only after this.
    """
    places = log.accounts_of(contact_id)
    found = list(islice(Interaction.query(f"CONTACT#{contact_id}", consistent_read=True), MOST)) if places else []
    items = [item for item in found if isinstance(item, Interaction)]
    keys = [
        key
        for each in places
        for key in log.places_of(
            each.account_id, (item for item in items if log.within(item.at, each.since, each.until))
        )
    ]
    at = dict.fromkeys(each.account_id for each in places)
    for kind in (Child, Person, Aliases):
        keys += [Key(kind, *kind.place(each, contact_id)) for each in at]
    log.drop(dict.fromkeys(keys))
    return len(found) < MOST and emptied(Belongs, f"CONTACT#{contact_id}", BELONGS)


def of_account(account_id: str) -> bool:
    """Delete the log of a deleted account, up to 500 rows; return whether nothing is left.

    What says in which months there are rows goes after them, with all else that is kept of the account.
    """
    rows = ((pk, raw["sk"]["S"]) for pk in _logs(account_id) for raw in query_raw(Logged, pk, ""))
    keys = [Key(Logged, pk, sk) for pk, sk in islice(rows, MOST)]
    log.drop(keys)
    return len(keys) < MOST and emptied(ScoringItem, f"ACCOUNT#{account_id}")


def _logs(account_id: str) -> list[str]:
    return [log_of(account_id, month) for month in log.months(account_id)]
