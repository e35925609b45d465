"""The definitions table: drafts, immutable versions, what is live, who names whom, and bulk jobs."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.agenda import ByDue
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, JsonAttribute, shard
from chalicelib.settings import settings


class ByName(GlobalSecondaryIndex["DefinitionsItem"]):
    """Definitions of a kind, by name."""

    class Meta:
        index_name = "by_name"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class DefinitionsItem(Item):
    """The definitions table."""

    class Meta:
        table_name = settings.table("definitions")

    by_name = ByName()
    by_due = ByDue()
    listed = UnicodeAttribute(null=True)
    name_key = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)


class Definition(DefinitionsItem, discriminator="definition"):
    """Something that is drafted and published; `document` is the draft, live versions lie beside it."""

    definition_kind = UnicodeAttribute()
    definition_id = UnicodeAttribute()
    name = UnicodeAttribute()
    state = UnicodeAttribute()
    document = JsonAttribute()
    live_version = IntegerAttribute(default=0)
    published_version = IntegerAttribute(default=0)
    owner_id = UnicodeAttribute(null=True)
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
    updated_by = UnicodeAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(kind: str, definition_id: str) -> tuple[str, str]:
        return f"{kind}#{definition_id}", "DEFINITION"

    def list_as(self, name: str) -> None:
        self.name, self.name_key = name, name.casefold()
        self.listed = f"{self.definition_kind}#{shard(self.definition_id)}"


class Version(DefinitionsItem, discriminator="version"):
    """A published document; it never changes."""

    number = IntegerAttribute()
    document = JsonAttribute()
    published_at = InstantAttribute()
    published_by = UnicodeAttribute()

    @staticmethod
    def at(kind: str, definition_id: str, number: int) -> tuple[str, str]:
        return f"{kind}#{definition_id}", f"VERSION#{number:06}"


class Milestone(DefinitionsItem, discriminator="milestone"):
    """A change of state (JRN-9)."""

    state = UnicodeAttribute()
    at_version = IntegerAttribute()
    at = InstantAttribute()
    by = UnicodeAttribute()

    @staticmethod
    def place(kind: str, definition_id: str, at: str) -> tuple[str, str]:
        return f"{kind}#{definition_id}", f"MILESTONE#{at}"


class UsedBy(DefinitionsItem, discriminator="used_by"):
    """A live definition that names this one."""

    user_kind = UnicodeAttribute()
    user_id = UnicodeAttribute()

    @staticmethod
    def at(kind: str, definition_id: str, user_kind: str, user_id: str) -> tuple[str, str]:
        return f"{kind}#{definition_id}", f"USED_BY#{user_kind}#{user_id}"


class LiveRow(DefinitionsItem, discriminator="live"):
    """What is live of a kind. `named` grows whenever something that names it goes live."""

    definition_id = UnicodeAttribute()
    number = IntegerAttribute()
    published_at = InstantAttribute()
    references = JsonAttribute()
    named = IntegerAttribute(default=0)

    @staticmethod
    def at(kind: str, definition_id: str) -> tuple[str, str]:
        return f"LIVE#{kind}", definition_id


class Job(DefinitionsItem, discriminator="job"):
    """Bulk work, walked in 16 slices; `due` is there until it has ended. `rate` is ids a second at most."""

    job_id = UnicodeAttribute()
    work = UnicodeAttribute()
    arguments = JsonAttribute()
    rate = IntegerAttribute(null=True)
    state = UnicodeAttribute()
    attempts = IntegerAttribute(default=0)
    fruitless = IntegerAttribute(default=0)
    reason = UnicodeAttribute(null=True)
    created_at = InstantAttribute()
    began_at = InstantAttribute(null=True)
    ended_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(job_id: str) -> tuple[str, str]:
        return f"JOB#{job_id}", "JOB"


class Slice(DefinitionsItem, discriminator="slice"):
    """How far one slice of a job has come."""

    number = IntegerAttribute()
    cursor = UnicodeAttribute(null=True)
    done = IntegerAttribute(default=0)
    finished = IntegerAttribute(default=0)
    worked_at = InstantAttribute(null=True)
    rests_until = InstantAttribute(null=True)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at(job_id: str, number: int) -> tuple[str, str]:
        return f"JOB#{job_id}", f"SLICE#{number:02}"
