"""The switch of lead management: while it is off there are no scoring models and no qualifications (RSC-1)."""

from datetime import datetime

from chalicelib.definitions import live as definitions
from chalicelib.definitions import service
from chalicelib.definitions.models import Definition
from chalicelib.dynamodb import ConditionFailed, Key, Write, check, commit, put, put_changed, put_new, tries
from chalicelib.errors import Conflict, Problem, Stale
from chalicelib.scoring import live
from chalicelib.scoring.models import LastLive, LeadManagement
from chalicelib.scoring.qualification import live as qualifying

KINDS = (live.KIND, qualifying.KIND)
OFF = (
    "Lead management is switched off, so there are no scoring models and no qualifications. "
    "Switch it on in the settings first."
)
IN_USE = "Models or qualifications are live. Stop them first, then switch lead management off."
STALE = Stale("The switch has been changed since you read it. Read it again and repeat the change.")
BUSY = Conflict("Scoring models are going live at this moment. Try again in a few seconds.")


def current() -> LeadManagement:
    """Return the switch, read consistently; where nobody decided anything, it is on."""
    return LeadManagement.find(*LeadManagement.at()) or LeadManagement(*LeadManagement.at())


def require_on() -> None:
    """Raise Conflict while lead management is off."""
    if not current().enabled:
        raise Conflict(OFF)


def problems() -> list[Problem]:
    """Return what keeps a model or a qualification from going live while lead management is off."""
    return [] if current().enabled else [Problem("", OFF)]


def going_live(definition: Definition) -> list[Write]:
    """Return what belongs to the transaction in which a model goes live: none does while lead management is off.

    A qualification names live models and holds on to them, so it needs no more than they.
    """
    on = LeadManagement.off_since.does_not_exist()
    named = f"{definition.definition_id}#{definition.live_version}"
    return [
        check(Key(LeadManagement, *LeadManagement.at()), on, refused=Conflict(OFF)),
        put(LastLive(*LastLive.at(), named=named)),
    ]


def save(version: int, now: datetime, *, enabled: bool) -> LeadManagement:
    """Switch lead management on or off. Raises Stale, and Conflict that names what is live still.

    It goes off only when nothing is live, also where something goes live at the same moment.
    """
    off_since = None if enabled else current().off_since or now
    for _ in tries():
        unchanged = [] if enabled else [_nothing_goes_live()]
        wanted = LeadManagement(*LeadManagement.at(), off_since=off_since, version=version or 1)
        write = put_changed(wanted, refused=STALE) if version else put_new(wanted, refused=STALE)
        try:
            commit([write], unchanged)
        except ConditionFailed:
            continue  # something went live meanwhile; it is named now
        return wanted
    raise BUSY


def _nothing_goes_live() -> Write:
    """Return the check that nothing went live since nothing was. Raises Conflict where something is."""
    last = LastLive.find(*LastLive.at())
    for kind in KINDS:
        definitions.doubt(kind)
    found = [(kind, each.id) for kind in KINDS for each in definitions.all_live(kind)]
    if found:
        called = service.names(found)
        raise Conflict(IN_USE, [Problem(f"{kind}:{each}", f"“{called[kind, each]}” is live.") for kind, each in found])
    unchanged = LastLive.pk.does_not_exist() if last is None else LastLive.named == last.named
    return check(Key(LastLive, *LastLive.at()), unchanged)
