"""What the audit holds of a person: ids and names of fields, which say nothing once the records are gone."""

from chalicelib.audit.models import Audited, AuditItem
from chalicelib.holdings import Holding, Stays

HOLDING = Holding(AuditItem, (Stays(Audited, "Who changed which fields of a record, by ids; no value of a person."),))
