"""The scoring table: scores and how they changed, the record of each contact's evaluations, configurations."""

from datetime import datetime

from pynamodb.attributes import BooleanAttribute, JSONAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from chalicelib.agenda import ByDue
from chalicelib.clock import as_text
from chalicelib.dynamodb import InstantAttribute, IntegerAttribute, Item, shard
from chalicelib.settings import settings


class ByModel(GlobalSecondaryIndex["ScoringItem"]):
    """The scores of a model, by score."""

    class Meta:
        index_name = "by_model"
        projection = IncludeProjection(["kind"])

    model_shard = UnicodeAttribute(hash_key=True)
    score_key = UnicodeAttribute(range_key=True)


class ScoringItem(Item):
    """The scoring table."""

    class Meta:
        table_name = settings.table("scoring")

    by_due = ByDue()
    by_model = ByModel()
    due_shard = UnicodeAttribute(null=True)
    due = InstantAttribute(null=True)
    model_shard = UnicodeAttribute(null=True)
    score_key = UnicodeAttribute(null=True)


class Evaluation(ScoringItem, discriminator="rescoring"):
    """The record of a contact's last rescoring: its fence, its clock, and when time alone will change a score.

    `evaluated_at` is the clock before the first fact was read; None while the first evaluation is half written.
    `leads` holds the leads it knew, so that none is missed that an index does not show yet. `failed_at` and `failure`
    are there from an attempt that failed until one that does not: each evaluation writes the record anew.
    """

    contact_id = UnicodeAttribute()
    evaluated_at = InstantAttribute(null=True)
    leads = JSONAttribute(null=True)
    failed_at = InstantAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    version = IntegerAttribute(default=0)

    @staticmethod
    def at(contact_id: str) -> tuple[str, str]:
        return f"CONTACT#{contact_id}", "EVALUATION"


class Score(ScoringItem, discriminator="score"):
    """What a model says of a lead: the points, and what each rule contributed to them."""

    lead_id = UnicodeAttribute()
    contact_id = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    model_id = UnicodeAttribute()
    model_version = IntegerAttribute()
    score = IntegerAttribute()
    grade = UnicodeAttribute(null=True)
    contributions = JSONAttribute()
    reached_at = InstantAttribute(null=True)
    evaluated_at = InstantAttribute()
    version = IntegerAttribute(default=1)

    @staticmethod
    def at(lead_id: str, model_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", f"SCORE#{model_id}"

    def list_by_model(self) -> None:
        self.model_shard = f"{self.model_id}#{shard(self.lead_id)}"
        self.score_key = f"{self.score + LOWEST:016}#{self.lead_id}"


class Dropped(ScoringItem, discriminator="score_dropped"):
    """Stands where the score of a model that was stopped was, or may yet be written by somebody who does not know.

    Only a later version of the model may be written there. It goes after a day, when nobody is at work any more who
    could have read that the model was live.
    """

    lead_id = UnicodeAttribute()
    model_id = UnicodeAttribute()
    model_version = IntegerAttribute()
    evaluated_at = InstantAttribute()
    version = IntegerAttribute(default=1)
    expires = TTLAttribute()


Kept = Score | Dropped
"""What may lie where a model's score of a lead belongs."""

LOWEST = 10**15
"""Added to a score so that it sorts as text, negative ones too."""


class ScoreChange(ScoringItem, discriminator="score_change"):
    """A score that changed, or went (then it has no score, and `why` says why). Append-only."""

    lead_id = UnicodeAttribute()
    model_id = UnicodeAttribute()
    model_version = IntegerAttribute()
    score = IntegerAttribute(null=True)
    grade = UnicodeAttribute(null=True)
    contributions = JSONAttribute(null=True)
    why = UnicodeAttribute(null=True)
    at = InstantAttribute()

    @staticmethod
    def place(lead_id: str, model_id: str, at: datetime, version: int) -> tuple[str, str]:
        return f"LEAD#{lead_id}", f"HISTORY#{model_id}#{as_text(at)}#{version:06}"


class Qualified(ScoringItem, discriminator="qualified"):
    """A lead met a qualification: it is applied once, until sales give the lead back (RSC-13)."""

    lead_id = UnicodeAttribute()
    qualification_id = UnicodeAttribute()
    qualification_version = IntegerAttribute()
    met_at = InstantAttribute()
    qualified_at = InstantAttribute()

    @staticmethod
    def at(lead_id: str, qualification_id: str) -> tuple[str, str]:
        return f"LEAD#{lead_id}", f"QUALIFIED#{qualification_id}"


class Configuration(ScoringItem, discriminator="configuration"):
    """What happens by itself when leads are scored (9.6); of several the newest counts (SCO-25)."""

    name = UnicodeAttribute()
    automatic_sales_ready = BooleanAttribute(default=True)
    automated_marketing_qualification = BooleanAttribute(default=True)
    automatic_cleanup = BooleanAttribute(default=True)
    created_at = InstantAttribute()
    created_by = UnicodeAttribute()

    @staticmethod
    def at(created_at: datetime, configuration_id: str) -> tuple[str, str]:
        return CONFIGURATIONS, f"{as_text(created_at)}#{configuration_id}"


class LeadManagement(ScoringItem, discriminator="lead_management"):
    """Since when there are no scoring models and no qualifications, if so (RSC-1): one item."""

    off_since = InstantAttribute(null=True)
    version = IntegerAttribute(default=0)

    @property
    def enabled(self) -> bool:
        return self.off_since is None

    @staticmethod
    def at() -> tuple[str, str]:
        return SETTINGS, "LEAD_MANAGEMENT"


class LastLive(ScoringItem, discriminator="last_live"):
    """Which version of which model went live last: who switches lead management off sees whether one did meanwhile."""

    named = UnicodeAttribute()

    @staticmethod
    def at() -> tuple[str, str]:
        return SETTINGS, "LAST_LIVE"


SETTINGS = "SETTINGS"
CONFIGURATIONS = "CONFIGURATIONS"
