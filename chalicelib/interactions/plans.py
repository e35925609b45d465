"""What recording an interaction writes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from chalicelib.clock import digest, from_text
from chalicelib.conditions.facts import Verdict
from chalicelib.dynamodb import Key, Write, put, put_new, update
from chalicelib.interactions.models import Fact, Interaction, Late
from chalicelib.interactions.types import InteractionType

NONE, UNDECIDED, HUMAN, MACHINE = "none", "undecided", "human", "machine"

PROMPT = timedelta(minutes=15)
"""A row written later than this after its instant is marked; no function runs longer, so that until twice this time
after an instant its rows may still be on their way. Digests begin to hold an instant after SETTLED."""
SETTLED = timedelta(hours=1)


class NewInteraction(Struct, frozen=True):
    """What happened. `source` and `source_event` identify it for ever; one of contact, visitor, submission owns it.

    `attributes` are ids and words of the catalogue (email_id, link, form_id, …) and `properties`, a mapping of its own.
    """

    type: InteractionType
    at: datetime
    source: str
    source_event: str
    contact_id: str | None = None
    visitor_id: str | None = None
    submission_id: str | None = None
    account_id: str | None = None
    lead_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = NONE

    @property
    def id(self) -> str:
        return digest(self.source, self.source_event)

    @property
    def owner(self) -> str:
        """Return the partition that it lies in. Raises ValueError for an interaction of nobody."""
        for prefix, identity in (
            ("CONTACT", self.contact_id),
            ("VISITOR", self.visitor_id),
            ("SUBMISSION", self.submission_id),
        ):
            if identity:
                return f"{prefix}#{identity}"
        raise ValueError("an interaction needs a contact, a visitor or a submission")


def record(new: NewInteraction, now: datetime, *, once: bool = False) -> list[Write]:
    """Return the writes that record an interaction (INT-1, INT-2).

    `once` adds the row that makes a source's second delivery fail its condition; leave it out where the transaction
    holds another source row (a submission, a send) or where the event is new by itself (a tracked link's GET).
    What was decided or credited since is never written over.
    """
    item = _row(new, now)
    untouched = Interaction.decided_at.does_not_exist() & Interaction.credited_to.does_not_exist()
    return [*([source_row(new)] if once else []), put(item, untouched), *marks(item.pk, item.sk, now)]


def record_if_absent(new: NewInteraction, now: datetime) -> list[Write]:
    """Return the writes for what is told again with the same instant: the row, put if absent, is its own source row."""
    item = _row(new, now)
    return [put_new(item), *marks(item.pk, item.sk, now)]


def _row(new: NewInteraction, now: datetime) -> Interaction:
    return Interaction(
        *Interaction.place(new.owner, new.type, new.at, new.id),
        interaction_id=new.id,
        type=new.type,
        at=new.at,
        contact_id=new.contact_id,
        account_id=new.account_id,
        lead_id=new.lead_id,
        visitor_id=new.visitor_id,
        submission_id=new.submission_id,
        attributes={name: value for name, value in new.attributes.items() if value not in (None, "", {}, [])} or None,
        verdict=None if new.verdict == NONE else new.verdict,
        recorded_at=now,
    )


def marks(owner: str, sk: str, now: datetime) -> list[Write]:
    """Return the mark that a row written at `now` needs, in the same transaction; what is prompt needs none.

    Digests hold no instant as young as what is prompt, so nobody who reads them can overlook it.
    """
    _, at, _ = sk.split("#", 2)
    if not owner.startswith("CONTACT#") or now - from_text(at) <= PROMPT:
        return []
    return [put(Late(*Late.of(owner, sk), marked_at=now))]


def source_row(new: NewInteraction) -> Write:
    """Return the write that fails its condition where a source delivers something once more."""
    return put_new(Fact(*Fact.place(new.id), contact_id=new.contact_id, at=new.at))


def withdrawn(new: NewInteraction, reason: str, now: datetime) -> list[Write]:
    """Return what marks a recorded interaction as taken back; refused where it is not there (any more)."""
    key = Key(Interaction, *Interaction.place(new.owner, new.type, new.at, new.id))
    taken_back = update(
        key,
        Interaction.verdict.set(Verdict.WITHDRAWN),
        Interaction.reasons.set([reason]),
        Interaction.decided_at.set(now),
        condition=Interaction.pk.exists(),
    )
    return [taken_back, *marks(key.pk, key.sk, now)]
