"""The capture table: submissions, visitors, addresses of pages, the settings of landing pages."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.agenda import ByDue
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, Key
from chalicelib.settings import settings


class ByForm(GlobalSecondaryIndex["CaptureItem"]):
    """The submissions of a form, by when they came."""

    class Meta:
        index_name = "by_form"
        projection = IncludeProjection(["kind"])

    form_shard = UnicodeAttribute(hash_key=True)
    submitted_at = InstantAttribute(range_key=True)


class ByOpen(GlobalSecondaryIndex["CaptureItem"]):
    """The submissions that are pending or failed."""

    class Meta:
        index_name = "by_open"
        projection = IncludeProjection(["kind"])

    open_shard = UnicodeAttribute(hash_key=True)
    submitted_at = InstantAttribute(range_key=True)


class ByLead(GlobalSecondaryIndex["CaptureItem"]):
    """What a lead was sent by, by when it came: sparse, so what came to no lead is not in it."""

    class Meta:
        index_name = "by_lead"
        projection = IncludeProjection(["kind"])

    lead_id = UnicodeAttribute(hash_key=True)
    submitted_at = InstantAttribute(range_key=True)


class CaptureItem(Item):
    """The capture table."""

    class Meta:
        table_name = settings.table("capture")

    by_due = ByDue()
    by_form = ByForm()
    by_open = ByOpen()
    by_lead = ByLead()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)
    form_shard = UnicodeAttribute(null=True)
    open_shard = UnicodeAttribute(null=True)
    lead_id = UnicodeAttribute(null=True)
    submitted_at = InstantAttribute(null=True)


class Submission(CaptureItem, discriminator="submission"):
    """What somebody submitted, and what it resolved to (FSU-3)."""

    submission_id = UnicodeAttribute()
    form_id = UnicodeAttribute()
    form_version = IntegerAttribute()
    state = UnicodeAttribute()
    values = JSONAttribute(null=True)
    page_id = UnicodeAttribute(null=True)
    page_url = UnicodeAttribute(null=True)
    journey_id = UnicodeAttribute(null=True)
    email_id = UnicodeAttribute(null=True)
    visitor_id = UnicodeAttribute(null=True)
    linked_id = UnicodeAttribute(null=True)
    contact_id = UnicodeAttribute(null=True)
    contact_result = UnicodeAttribute(null=True)
    lead_result = UnicodeAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    problems = JSONAttribute(null=True)
    asked_at = InstantAttribute(null=True)  # where it had to be confirmed: when it was sent, and when that was mailed
    mailed_at = InstantAttribute(null=True)
    attempts = IntegerAttribute(default=0)
    rounds = IntegerAttribute(default=0)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(submission_id: str) -> tuple[str, str]:
        return f"SUBMISSION#{submission_id}", "SUBMISSION"


class Visitor(CaptureItem, discriminator="visitor"):
    """The contact that a browser turned out to belong to (WEB-5)."""

    contact_id = UnicodeAttribute()
    since = InstantAttribute()

    @staticmethod
    def at(visitor_id: str) -> tuple[str, str]:
        return f"VISITOR#{visitor_id}", "VISITOR"


class PageAddress(CaptureItem, discriminator="page_address"):
    """Which page lies at an address; an address that a page had stays its own."""

    page_id = UnicodeAttribute()

    @staticmethod
    def at(slug: str) -> tuple[str, str]:
        return f"PAGE#{slug}", "PAGE"


class LandingSettings(CaptureItem, discriminator="landing_settings"):
    """Settings of landing pages (13.7)."""

    settings_id = UnicodeAttribute(default="standard")
    name = UnicodeAttribute(default="Standard")
    allow_without_update = BooleanAttribute(default=False)
    store_all_submissions = BooleanAttribute(default=False)
    update_default = UnicodeAttribute(default="contacts_and_leads")
    contact_strategy_id = UnicodeAttribute(null=True)
    lead_strategy_id = UnicodeAttribute(null=True)
    insert_banner = BooleanAttribute(default=False)
    banner = JSONAttribute(null=True)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at(settings_id: str) -> tuple[str, str]:
        return "SETTINGS", "LANDING_PAGES" if settings_id == "standard" else f"LANDING_PAGES#{settings_id}"


class LandingDefault(CaptureItem, discriminator="landing_default"):
    """Which of the settings of landing pages are the default; without this row the standard ones are (LPC-1)."""

    settings_id = UnicodeAttribute()
    version = IntegerAttribute(default=0)

    PLACE = ("SETTINGS", "LANDING_DEFAULT")


def visitor_key(visitor_id: str) -> Key:
    return Key(Visitor, *Visitor.at(visitor_id))
