"""What tests decide about consent, short to write."""

from chalicelib.consent.models import ConsentSettings
from chalicelib.dynamodb import commit, put


def minimum_counts() -> None:
    """Switch minimum consent on, as it is long after somebody did."""
    commit([put(ConsentSettings(*ConsentSettings.at(), minimum_consent=True, version=1))])
