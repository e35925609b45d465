"""The law of consent, small enough to be read: who may raise what (invariant 7), also where contacts are merged.

Only `says` raises whatever is asked: it is the person, or a user with a reason. What another system `brings` counts at
once where it allows less, and where it allows more only if the person never withdrew that. Nothing else raises.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FLAGS = ("bulk_email", "email", "tracking", "prefill", "guardian_consent")
DEFAULTS = {
    **dict.fromkeys(("bulk_email", "email", "tracking"), True),
    **dict.fromkeys(("prefill", "guardian_consent", "is_child"), False),
    "consent_level": 0,
}
MOST_FOR_CHILDREN = 4

Settings = dict[str, Any]


@dataclass
class Law:
    """What stands for each contact, what each once withdrew, and who is one person with whom (the main one first)."""

    stands: dict[str, Settings] = field(default_factory=dict)
    withdrawn: dict[str, set[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def appears(self, contact: str) -> None:
        self.stands[contact], self.withdrawn[contact], self.groups[contact] = dict(DEFAULTS), set(), [contact]

    def disappears(self, main: str) -> None:
        for each in self.groups.pop(main):
            del self.stands[each], self.withdrawn[each]

    def main(self, contact: str) -> str | None:
        return next((main for main, group in self.groups.items() if contact in group), None)

    def together(self, main: str) -> Settings:
        """Return the strictest of a person's contacts; of children, each with its own guardian's word."""
        each = [self.stands[one] for one in self.groups[main]]
        children = [one for one in each if one["is_child"]]
        return {
            **{name: all(one[name] for one in each) for name in FLAGS[:-1]},
            "guardian_consent": all(one["guardian_consent"] for one in children or each),
            "is_child": bool(children),
            "consent_level": min(one["consent_level"] for one in each),
        }

    def raised(self, main: str, wanted: Mapping[str, Any]) -> bool:
        """Return whether it allows more than the person does: then only the person may."""
        now = self.together(main)
        more = any(wanted.get(name) is True and not now[name] for name in FLAGS)
        grown = now["is_child"] and wanted.get("is_child") is False
        return more or grown or wanted.get("consent_level", 0) > now["consent_level"]

    # Who may do what -----------------------------------------------------------------------------------------------

    def says(self, main: str, wanted: Mapping[str, Any]) -> None:
        """The person says it, or a user who knows how it was said: it counts, for all that the person is."""
        for one in self.groups[main]:
            self._becomes(one, wanted)

    def refuses(self, mains: Iterable[str], *names: str) -> None:
        for main in set(mains):
            self.says(main, dict.fromkeys(names, False))

    def brings(self, main: str, wanted: Mapping[str, Any], contacts: Iterable[str]) -> None:
        """Another system says it: less counts, more only where the person never withdrew it."""
        withdrawn = {name for one in self.groups[main] for name in self.withdrawn[one]}
        for one in contacts:
            now, child = self.stands[one], self.stands[one]["is_child"]
            level = min(wanted.get("consent_level", 0), MOST_FOR_CHILDREN if child else 5)
            lawful = {**wanted, **({"consent_level": level} if "consent_level" in wanted else {})}
            kept = {name: value for name, value in lawful.items() if name not in withdrawn or value <= now[name]}
            self._becomes(one, kept)

    def _becomes(self, one: str, wanted: Mapping[str, Any]) -> None:
        before = self.stands[one]
        after = {**before, **wanted}
        if after["is_child"]:
            after["consent_level"] = min(after["consent_level"], MOST_FOR_CHILDREN)
        else:
            after["guardian_consent"] = False
        self.withdrawn[one] |= {name for name in FLAGS if before[name] and not after[name]}
        self.withdrawn[one] |= {"consent_level"} if after["consent_level"] < before["consent_level"] else set()
        self.stands[one] = after

    # Who is who: it changes nobody's consent -----------------------------------------------------------------------

    def merges(self, into: str, other: str) -> list[str]:
        inside = self.groups.pop(other)
        self.groups[into] = [into, *sorted([*self.groups[into][1:], *inside])]
        return inside

    def parts(self, into: str, inside: list[str]) -> None:
        self.groups[into] = [one for one in self.groups[into] if one not in inside]
        self.groups[inside[0]] = inside
