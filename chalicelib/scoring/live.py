"""The live models, compiled, and which facts can change what they say."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from chalicelib.conditions import sources
from chalicelib.conditions.dependencies import Dependency
from chalicelib.conditions.values import folded
from chalicelib.definitions import live as definitions
from chalicelib.interactions.facts import ABOUT
from chalicelib.scoring.compiler import CompiledModel, compile_model
from chalicelib.scoring.model import Target
from chalicelib.scoring.schemas import ModelDocument

KIND = "scoring-model"


class Model(Struct, frozen=True):
    """A published version of a model."""

    id: str
    version: int
    minimum_consent: int | None
    compiled: CompiledModel

    @property
    def threshold(self) -> int:
        return self.compiled.sales_ready_score

    @property
    def entities(self) -> frozenset[str]:
        """The records that it asks about, by the names of the paths to them."""
        return frozenset(self.compiled.paths)

    def concerns(self, entity: str) -> bool:
        """Return whether records of the entity lie on its paths."""
        return entity in self.compiled.concerns


def live_models() -> list[Model]:
    """Return every model that scores now (SCO-5)."""
    return [published(live.id, live.version) for live in definitions.all_live(KIND)]


def models_of_contacts() -> list[Model]:
    """Return the live models that score leads with a parent contact (SCO-6)."""
    return [model for model in live_models() if model.compiled.target is Target.CONTACT]


def models_of_accounts() -> list[Model]:
    """Return the live models that score account-based leads (SCO-6)."""
    return [model for model in live_models() if model.compiled.target is Target.ACCOUNT]


@lru_cache(maxsize=500)
def published(model_id: str, version: int) -> Model:
    """Return a version of a model; it never changes, so each process compiles it once. Raises NotFound."""
    return modelled(model_id, version, ModelDocument.model_validate(definitions.document(KIND, model_id, version)))


def modelled(model_id: str, version: int, document: ModelDocument) -> Model:
    """Return a document as a model that can score. Raises Invalid with everything that keeps it from that."""
    return Model(model_id, version, document.minimum_consent, compile_model(document, sources.catalogue()))


OF_ALL = frozenset({"lead", "contact", "preferences"})
"""Records whose coming and going concerns every model."""

ALWAYS = frozenset({"contact_id", "account_id", "state", "merged_into"})
"""What of a lead concerns every model: whose it is, whether it is open, and whether it is a lead of its own."""


def touched(models: Collection[Model], fact: Mapping[str, Any]) -> bool:
    """Return whether a fact can change a score. What is not known to be harmless can."""
    name = str(fact.get("fact", ""))
    needed = {dependency for model in models for dependency in model.compiled.dependencies}
    if name.startswith("interaction."):
        return any(_names(dependency, fact) for dependency in needed)
    entity, _, what = name.partition(".")
    if what and entity not in OF_ALL and not any(model.concerns(entity) for model in models):
        return False
    if what != "changed" or entity == "preferences":
        return True
    changed = set(fact.get("changed", ()))
    if entity == "lead" and changed & ALWAYS:
        return True
    if "account_id" in changed and any(model.concerns("account") for model in models):
        return True
    return bool({f"{entity}.{name}" for name in changed} & {dependency.subject for dependency in needed})


def _names(dependency: Dependency, fact: Mapping[str, Any]) -> bool:
    if dependency.subject != fact.get("type"):
        return False
    if dependency.attribute not in ABOUT:
        return True  # the fact does not carry this attribute, so it may be the value that is asked for
    return dependency.literal in {folded(each) for each in fact.get("about", ())}
