"""What the access table holds of a person: nothing; keys are machines'."""

from chalicelib.access.models import AccessItem, ApiKey
from chalicelib.holdings import Holding, Nobody

HOLDING = Holding(AccessItem, (Nobody(ApiKey, "A machine's key."),))
