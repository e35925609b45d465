"""What a model may ask, by whose leads it scores: those of contacts, or account-based ones (SCO-6, SCO-32)."""

from collections.abc import Iterator

from chalicelib.conditions.paths import ACCOUNT, CONTACT, LEAD, Path
from chalicelib.errors import Invalid, Problem
from chalicelib.interactions.types import COUNTED_FOR_ACCOUNTS
from chalicelib.scoring.model import RuleCondition, ScoringModel, Target

WARNING = (
    "A model of accounts respects nobody's consent, for accounts store none: it counts what all contacts of the account"
    " do, children left out. Do not let its scores decide anything about a single person (SCO-32)."
)


def problems_of(model: ScoringModel) -> Iterator[Problem]:
    """Yield what a model of accounts cannot have at all."""
    if model.target is Target.ACCOUNT and model.minimum_consent is not None:
        yield Problem("/minimum_consent", "Accounts store no consent, so a model of accounts cannot ask for it.")
    if model.target is Target.ACCOUNT and not model.count_contact_interactions:
        yield Problem("/count_contact_interactions", "An account-based lead has no interactions but its contacts'.")


def warnings_of(model: ScoringModel) -> list[Problem]:
    """Return what whoever publishes the model should know."""
    return [Problem("/target", WARNING)] if model.target is Target.ACCOUNT else []


def require_path(path: Path) -> None:
    """Raise Invalid unless account-based leads have what the path leads to.

    `contact` is any contact of the account: one of them satisfies all that a rule asks (decision 5).
    """
    if path.root != LEAD and path.name not in {CONTACT, ACCOUNT}:
        raise Invalid(
            f"A model of accounts asks of the lead, of its account and of the account's contacts; {path.name} is none."
        )


def problems_of_interaction(type_: str, condition: RuleCondition, place: str) -> Iterator[Problem]:
    """Yield what is not known of interactions of an account's contacts."""
    if type_ not in COUNTED_FOR_ACCOUNTS:
        yield Problem(f"{place}/entity", f"{type_} is nothing that people do: models of accounts cannot ask for it.")
    if condition.include_machine:
        yield Problem(f"{place}/include_machine", "Models of accounts count what people do, and nothing else.")
