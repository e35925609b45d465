"""What the scoring table holds of a person: how its leads were scored, and its part in the logs of accounts."""

from chalicelib.holdings import Holding, Nobody, Noun, Reached
from chalicelib.scoring.accounts.items import AccountEvaluation, Aliases, Belongs, Child, Logged, Month, Person
from chalicelib.scoring.models import (
    Configuration,
    Dropped,
    Evaluation,
    LastLive,
    LeadManagement,
    Qualified,
    Score,
    ScoreChange,
    ScoringItem,
)
from chalicelib.scoring.reports.exports import Export
from chalicelib.scoring.reports.previews import Preview, PreviewedLead
from chalicelib.scoring.reports.walks import Walk

SWEPT = "Goes with its contact (scoring.accounts.sweeps), found by the times at accounts."

HOLDING = Holding(
    ScoringItem,
    (
        Reached(Evaluation, shown=False),
        Reached(Belongs),
        Reached(Score),
        Reached(ScoreChange),
        Reached(Qualified),
        Reached(Dropped, shown=False),
        Nobody(Logged, SWEPT),
        Nobody(Child, SWEPT),
        Nobody(Person, SWEPT),
        Nobody(Aliases, SWEPT),
        Nobody(Month, "A month in which an account's log has rows."),
        Nobody(AccountEvaluation, "The record of an account."),
        Nobody(Configuration, "What the organisation decided."),
        Nobody(LeadManagement, "What the organisation decided."),
        Nobody(LastLive, "Which model went live last."),
        Nobody(Export, "Names of files, which the bucket forgets; they are looked through there."),
        Nobody(Preview, "A draft of a model; 7 days."),
        Nobody(PreviewedLead, "A lead's id and what a draft would give it; 7 days."),
        Nobody(Walk, "Ids of the leads that a job took last; 7 days."),
    ),
    partitions={Noun.CONTACT: "CONTACT#", Noun.LEAD: "LEAD#"},
)
