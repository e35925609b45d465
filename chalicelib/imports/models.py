"""The imports table: what was asked for, how far its file was read, what its slices came to, what each row became."""

from pynamodb.attributes import BooleanAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.definitions.walks import Walked
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, JsonAttribute, Key, shard
from chalicelib.imports.states import State
from chalicelib.settings import settings


class ByCreated(GlobalSecondaryIndex["ImportsItem"]):
    """Imports, by when they were made."""

    class Meta:
        index_name = "by_created"
        projection = IncludeProjection(["kind"])

    listed = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ImportsItem(Item):
    """The imports table."""

    class Meta:
        table_name = settings.table("imports")

    by_created = ByCreated()
    listed = UnicodeAttribute(null=True)
    created_at = InstantAttribute(null=True)


class Import(ImportsItem, discriminator="import"):
    """A file of records of one type: what is to become of it, and how far that is (IMP-6)."""

    import_id = UnicodeAttribute()
    record_type = UnicodeAttribute()
    name = UnicodeAttribute()
    state = UnicodeAttribute(default=State.SUBMITTED)
    reason = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute()
    updated_at = InstantAttribute()
    options = JsonAttribute()
    looks = JsonAttribute(null=True)
    run = IntegerAttribute(default=0)
    dry = BooleanAttribute(default=False)
    started_by = UnicodeAttribute(null=True)
    started_at = InstantAttribute(null=True)
    pages = IntegerAttribute(null=True)
    rows = IntegerAttribute(null=True)
    new_options = JsonAttribute(null=True)  # of the organisation's own choices, by the last run
    checked = JsonAttribute(null=True)  # what the last dry run came to
    result = JsonAttribute(null=True)  # what the import came to
    errors = JsonAttribute(null=True)  # the file of the rows that failed, in the last run
    ended_at = InstantAttribute(null=True)
    undo = UnicodeAttribute(null=True)
    undone_at = InstantAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(import_id: str) -> tuple[str, str]:
        return f"IMPORT#{import_id}", "IMPORT"

    def list_it(self) -> None:
        self.listed = f"import#{shard(self.import_id)}"


class Page(ImportsItem, discriminator="import_page"):
    """A page of the file that was read: where the next one begins, how many of its rows go to each slice."""

    place = JsonAttribute(null=True)
    counts = JsonAttribute()
    words = JsonAttribute(null=True)  # that no option is called by, where they are to become options
    last = BooleanAttribute()
    expires = TTLAttribute(null=True)

    @staticmethod
    def at(import_id: str, run: int, number: int) -> tuple[str, str]:
        return f"IMPORT#{import_id}#{run}", f"PAGE#{number:06}"


class Walk(Walked, ImportsItem, discriminator="import_walk"):
    """A slice of a run or an undoing: the batch that it took last, sums by outcome, and the first errors."""

    errors = JsonAttribute()


class RowResult(ImportsItem, discriminator="import_row"):
    """What a row became: put with the record itself, so it becomes that once."""

    number = IntegerAttribute()
    outcome = UnicodeAttribute()
    record_id = UnicodeAttribute(null=True)
    record_version = IntegerAttribute(null=True)
    code = UnicodeAttribute(null=True)
    field = UnicodeAttribute(null=True)
    message = UnicodeAttribute(null=True)
    undone = UnicodeAttribute(null=True)
    expires = TTLAttribute(null=True)

    @staticmethod
    def at(import_id: str, page: int, slice_: int, number: int) -> tuple[str, str]:
        return f"IMPORT#{import_id}#ROWS#{page}", f"ROW#{slice_:02}#{number:08}"


def import_key(import_id: str) -> Key:
    return Key(Import, *Import.at(import_id))


def run_of(import_: Import) -> str:
    """Return the partition of what a run writes down of itself."""
    return f"IMPORT#{import_.import_id}#{import_.run}"
