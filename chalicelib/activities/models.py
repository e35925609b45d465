"""The activities table."""

from datetime import datetime

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.activities.choices import ActivityState, due_key
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item
from chalicelib.settings import settings


class ByOwner(GlobalSecondaryIndex["ActivitiesItem"]):
    """The activities of an owner: what is open first, by due date."""

    class Meta:
        index_name = "by_owner"
        projection = IncludeProjection(["kind"])

    owner_id = UnicodeAttribute(hash_key=True)
    due_key = UnicodeAttribute(range_key=True)


class ByRegarding(GlobalSecondaryIndex["ActivitiesItem"]):
    """The activities regarding a contact, an account or a lead, by creation."""

    class Meta:
        index_name = "by_regarding"
        projection = IncludeProjection(["kind"])

    regarding = UnicodeAttribute(hash_key=True)
    created_at = InstantAttribute(range_key=True)


class ActivitiesItem(Item):
    """The activities table."""

    class Meta:
        table_name = settings.table("activities")

    by_owner = ByOwner()
    by_regarding = ByRegarding()


class Activity(ActivitiesItem, discriminator="activity"):
    """A task, a phone call or an appointment that somebody has to do; `regarding` is such as contact#<id>."""

    activity_id = UnicodeAttribute()
    activity_kind = UnicodeAttribute()
    subject = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute(default=ActivityState.OPEN)
    due = InstantAttribute(null=True)
    due_key = UnicodeAttribute()
    starts_at = InstantAttribute(null=True)
    ends_at = InstantAttribute(null=True)
    location = UnicodeAttribute(null=True)
    phone_number = UnicodeAttribute(null=True)
    regarding = UnicodeAttribute(null=True)
    journey_id = UnicodeAttribute(null=True)
    enrolment_id = UnicodeAttribute(null=True)
    created_at = InstantAttribute()
    updated_at = InstantAttribute()
    ended_at = InstantAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(activity_id: str) -> tuple[str, str]:
        return f"ACTIVITY#{activity_id}", "ACTIVITY"

    @classmethod
    def new(cls, activity_id: str, now: datetime) -> "Activity":
        return cls(*cls.at(activity_id), activity_id=activity_id, created_at=now, updated_at=now)

    def list_by_due(self) -> None:
        """What has no owner is in nobody's list; an appointment is due when it starts."""
        self.due_key = due_key(ActivityState(self.state), self.due or self.starts_at)


class Note(ActivitiesItem, discriminator="note"):
    """What somebody wrote down about a contact, an account or a lead; it lies with the record and goes with it."""

    note_id = UnicodeAttribute()
    regarding = UnicodeAttribute()
    text = UnicodeAttribute()
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()
    updated_at = InstantAttribute()
    updated_by = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(noun: str, record_id: str, note_id: str) -> tuple[str, str]:
        return f"{noun.upper()}#{record_id}", f"NOTE#{note_id}"

    @staticmethod
    def regards(noun: str, record_id: str) -> str:
        """Return under what notes are listed: apart from activities, so that neither list reads the other's."""
        return f"note:{noun}#{record_id}"

    @classmethod
    def new(cls, noun: str, record_id: str, note_id: str, now: datetime) -> "Note":
        place, regarding = cls.at(noun, record_id, note_id), cls.regards(noun, record_id)
        return cls(*place, note_id=note_id, regarding=regarding, created_at=now, updated_at=now)
