"""What the definitions table holds of a person: nothing; jobs name records by ids, and people by none."""

from chalicelib.definitions.models import Definition, DefinitionsItem, Job, LiveRow, Milestone, Slice, UsedBy, Version
from chalicelib.holdings import Holding, Nobody

DOCUMENT = "What users wrote for everybody."

HOLDING = Holding(
    DefinitionsItem,
    (
        *(Nobody(kind, DOCUMENT) for kind in (Definition, Version, LiveRow)),
        Nobody(Milestone, "When a definition went live or was stopped."),
        Nobody(UsedBy, "Which definition names which."),
        Nobody(Job, "Ids of definitions, imports, requests."),
        Nobody(Slice, "How far a slice has come, by ids."),
    ),
)
