"""The leads table: leads, their history, and the claims of their match keys."""

from datetime import datetime
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from chalicelib.agenda import ByDue, due_shard
from chalicelib.clock import as_text
from chalicelib.contacts.blocks import tail
from chalicelib.contacts.custom.record import WithCustom
from chalicelib.dynamodb import (
    DecimalAttribute,
    ExactJsonAttribute,
    InstantAttribute,
    IntegerAttribute,
    Item,
    JsonAttribute,
    Key,
    shard,
)
from chalicelib.leads.choices import State, StatusReason
from chalicelib.leads.indexes import (
    ByAccount,
    ByContact,
    ByCreated,
    ByLikeness,
    ByOrphan,
    ByOwner,
    ByPhoneTail,
    ByQueue,
    ByQueueOwner,
    ByStage,
)
from chalicelib.leads.likeness import block_of_lead
from chalicelib.leads.process import Flag, Position, Queue
from chalicelib.leads.shipped import Stage
from chalicelib.settings import settings

WAITING = "waiting"
"""What the agenda knows leads by that wait in their process."""


class LeadsItem(Item):
    """The leads table."""

    class Meta:
        table_name = settings.table("leads")

    by_due = ByDue()
    by_created = ByCreated()
    by_owner = ByOwner()
    by_stage = ByStage()
    by_contact = ByContact()
    by_account = ByAccount()
    by_queue = ByQueue()
    by_queue_owner = ByQueueOwner()
    by_orphan = ByOrphan()
    by_likeness = ByLikeness()
    by_phone_tail = ByPhoneTail()


class Lead(WithCustom, LeadsItem, discriminator="lead"):
    """One expressed interest (LEAD-1). The marketing context is that of its creation and never changes."""

    lead_id = UnicodeAttribute()
    # What it is about, and who.
    topic = UnicodeAttribute(null=True)
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute()
    company_name = UnicodeAttribute(null=True)
    job_title = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    mobile_phone = UnicodeAttribute(null=True)
    website = UnicodeAttribute(null=True)
    street = UnicodeAttribute(null=True)
    city = UnicodeAttribute(null=True)
    region = UnicodeAttribute(null=True)
    postal_code = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    industry = UnicodeAttribute(null=True)
    employees = IntegerAttribute(null=True)
    annual_revenue = DecimalAttribute(null=True)
    sic_code = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    # What is known of the interest.
    rating = UnicodeAttribute(null=True)
    lead_source = UnicodeAttribute(null=True)
    lead_source_type = UnicodeAttribute(null=True)
    purchase_timeframe = UnicodeAttribute(null=True)
    purchase_process = UnicodeAttribute(null=True)
    need = UnicodeAttribute(null=True)
    budget_amount = DecimalAttribute(null=True)
    decision_maker = BooleanAttribute(null=True)
    do_not_email = BooleanAttribute(null=True)
    do_not_bulk_email = BooleanAttribute(null=True)
    do_not_phone = BooleanAttribute(null=True)
    linkedin_campaign = UnicodeAttribute(null=True)
    linkedin_submissions = IntegerAttribute(null=True)
    company_size = UnicodeAttribute(null=True)
    job_function = UnicodeAttribute(null=True)
    seniority = UnicodeAttribute(null=True)
    degree = UnicodeAttribute(null=True)
    school = UnicodeAttribute(null=True)
    # Where it came from.
    source_journey_id = UnicodeAttribute(null=True)
    source_email_id = UnicodeAttribute(null=True)
    source_form_id = UnicodeAttribute(null=True)
    source_page_id = UnicodeAttribute(null=True)
    source_submission_id = UnicodeAttribute(null=True)
    source_at = InstantAttribute(null=True)
    originating_event_id = UnicodeAttribute(null=True)
    latest_submission_at = InstantAttribute(null=True)
    import_row = UnicodeAttribute(null=True)  # the row of an import that made it
    # Whose it is, and where it stands.
    contact_id = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)
    business_unit = UnicodeAttribute(null=True)
    state = UnicodeAttribute(default=State.OPEN)
    status_reason = UnicodeAttribute(default=StatusReason.NEW)
    process_id = UnicodeAttribute(null=True)  # without one it follows the process that is shipped
    process_version = IntegerAttribute(null=True)
    stage = UnicodeAttribute(default=Stage.INQUIRY.value)
    stage_since = InstantAttribute()
    waiting_stage = UnicodeAttribute(null=True)  # where it would have moved by itself, had nothing been missing
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)  # when time alone may let it go on that waits
    entry = UnicodeAttribute(null=True)  # names its entry into this stage, where that causes something
    stage_shard = UnicodeAttribute(null=True)
    queue_shard = UnicodeAttribute(null=True)
    queue_owner = UnicodeAttribute(null=True)
    queued_at = InstantAttribute(null=True)
    orphan_shard = UnicodeAttribute(null=True)
    likeness = UnicodeAttribute(null=True)
    phone_tail = UnicodeAttribute(null=True)
    teleprospect_ready = BooleanAttribute(default=False)
    teleprospect_accepted = BooleanAttribute(default=False)
    sales_ready = BooleanAttribute(default=False)
    sales_accepted = BooleanAttribute(default=False)
    recycled = BooleanAttribute(default=False)
    trigger_recycle = BooleanAttribute(default=False)
    sales_ready_at = InstantAttribute(null=True)
    recycled_at = InstantAttribute(null=True)
    opportunity_id = UnicodeAttribute(null=True)  # the last one that came of it
    claims = JSONAttribute(null=True)
    inherited = JsonAttribute(null=True)  # places of claims that it holds for leads merged into it: place → merge ids
    identities = JsonAttribute(null=True)  # which were merged into it: lead id → merge id
    merged_into = UnicodeAttribute(null=True)
    merged = JsonAttribute(null=True)  # what it had before it was merged and does not have now
    listed = UnicodeAttribute()
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(lead_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", "LEAD"

    @classmethod
    def new(cls, lead_id: str, now: datetime) -> "Lead":
        lead = cls(*cls.at(lead_id), lead_id=lead_id, created_at=now, updated_at=now, stage_since=now)
        lead.listed = f"lead#{shard(lead_id)}"
        lead.list_by_stage()
        return lead

    def look_again(self, at: datetime | None) -> None:
        """Have the agenda look at a lead that waits, when time alone may let it go on; None: never."""
        self.due, self.due_shard = at, due_shard(WAITING, self.lead_id) if at else None

    @property
    def record_id(self) -> str:
        return self.lead_id

    @property
    def places(self) -> set[str]:
        """Where its claims lie: its own, and those that it holds for leads merged into it."""
        return {*(self.claims or {}).values(), *(self.inherited or ())}

    @property
    def open(self) -> bool:
        return self.state == State.OPEN

    @property
    def position(self) -> Position:
        flags = frozenset(flag for flag in Flag if getattr(self, flag))
        return Position(self.stage, flags, self.open)

    @property
    def matched_by(self) -> dict[str, Any]:
        """The values that matching strategies compare: `page_id` is the page that it came from."""
        return {**self.attribute_values, **self.custom_values, "page_id": self.source_page_id}

    def list_by_likeness(self) -> None:
        """Bring the keys by which it is found as alike up to date. Closed leads are nobody's duplicates."""
        block = block_of_lead(self.last_name, self.email, self.website, self.company_name)
        self.likeness = block if self.open else None
        self.phone_tail = tail(self.mobile_phone or self.phone) if self.open else None

    def list_by_stage(self, queue: Queue | None = None) -> None:
        """Bring the keys of its lists up to date; `queue` is whose work it is. Closed leads leave them all."""
        number = shard(self.lead_id)
        parentless = self.contact_id is None and self.account_id is None
        self.stage_shard = f"{self.stage}#{number}" if self.open else None
        self.orphan_shard = f"orphan#{number}" if self.open and parentless else None
        self.queue_shard = f"{queue_of(queue, self.stage)}#{number}" if queue else None
        self.queue_owner = assigned(queue, self.owner_id) if queue and self.owner_id else None
        if queue and self.owner_id is None:
            self.queue_owner = f"{unassigned(queue)}#{number}"
        self.queued_at = (self.sales_ready_at if queue is Queue.SALES else None) or self.stage_since if queue else None


def queue_of(queue: Queue, stage: str) -> str:
    """Return the name of a queue's list: that of sales is one, teleprospectors have one a stage."""
    return queue.value if queue is Queue.SALES else f"{queue.value}.{stage}"


def assigned(queue: Queue, owner_id: str) -> str:
    """Return the partition of somebody's leads in a queue."""
    return f"{queue.value}#owner#{owner_id}"


def unassigned(queue: Queue) -> str:
    """Return the name of the list of a queue's leads that are nobody's."""
    return f"{queue.value}#nobody"


class Move(LeadsItem, discriminator="move"):
    """A change worth remembering: of the stage, a flag, the parents, the state; who, when and why. Append-only."""

    lead_id = UnicodeAttribute()
    at = InstantAttribute()
    by = UnicodeAttribute()
    why = UnicodeAttribute()
    changes = JSONAttribute()

    @staticmethod
    def place(lead_id: str, at: datetime, move_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", f"HISTORY#{as_text(at)}#{move_id}"


class Stakeholder(LeadsItem, discriminator="stakeholder"):
    """A contact that has a stake in a lead without being its parent."""

    lead_id = UnicodeAttribute()
    contact_id = UnicodeAttribute()
    role = UnicodeAttribute(null=True)
    created_at = InstantAttribute()
    added_by = UnicodeAttribute()

    @staticmethod
    def at(lead_id: str, contact_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", f"STAKEHOLDER#{contact_id}"


class LeadMerge(LeadsItem, discriminator="lead_merge"):
    """Another lead was merged into this one: who did it, when, why, and what to put back when it is undone."""

    merge_id = UnicodeAttribute()
    into_id = UnicodeAttribute()
    other_id = UnicodeAttribute()
    at = InstantAttribute()
    by = UnicodeAttribute()
    why = UnicodeAttribute()
    taken = ExactJsonAttribute()
    before = ExactJsonAttribute()
    undone_at = InstantAttribute(null=True)
    undone_by = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def place(lead_id: str, merge_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", f"MERGE#{merge_id}"


class Dismissed(LeadsItem, discriminator="dismissed_lead"):
    """Somebody said that another lead is not the same; `seen` is what was compared then. Lies at both."""

    other_id = UnicodeAttribute()
    seen = UnicodeAttribute()
    by = UnicodeAttribute()
    at_instant = InstantAttribute()

    @staticmethod
    def at(kind: str, lead_id: str, other_id: str) -> tuple[str, str]:
        return f"{kind.upper()}#{lead_id}", f"DISMISSED#{other_id}"


class DeletedLead(LeadsItem, discriminator="deleted_lead"):
    """A lead was deleted, and its rows are being swept away in every domain."""

    lead_id = UnicodeAttribute()
    deleted_at = InstantAttribute()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)

    @staticmethod
    def at(lead_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", "DELETED"


class Owner(LeadsItem, discriminator="lead_owner"):
    """The open lead that owns a match key; its version moves on with each heir that joins."""

    record_id = UnicodeAttribute()
    since = InstantAttribute()
    version = IntegerAttribute(default=1)


class Heir(LeadsItem, discriminator="lead_heir"):
    """An open lead with a match key that another owns; the latest updated one follows the owner."""

    record_id = UnicodeAttribute()
    updated_at = InstantAttribute()


class Awaited(LeadsItem, discriminator="awaited"):
    """A version of a business process of which a lead once waited for its contact or account."""

    process_id = UnicodeAttribute()
    process_version = IntegerAttribute()

    @staticmethod
    def place(process_id: str, version: int) -> tuple[str, str]:
        return "AWAITED", f"{process_id}#{version}"


class LeadSettings(LeadsItem, discriminator="lead_settings"):
    """What the organisation decided about its leads: one item."""

    process_id = UnicodeAttribute(null=True)  # the process of leads that are made from now on
    contacts_for_orphans = BooleanAttribute(default=False)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at() -> tuple[str, str]:
        return "SETTINGS", "SETTINGS"


def settings_key() -> Key:
    """Return where the settings lie."""
    return Key(LeadSettings, *LeadSettings.at())


def lead_key(lead_id: str) -> Key:
    """Return where a lead lies."""
    return Key(Lead, *Lead.at(lead_id))
