"""The law of consent, small enough to be read: who may raise what (invariant 7), also where contacts are merged.

Only `says` raises whatever is asked: it is the person, or a user with a reason. What another system `brings` counts at
once where it allows less, and where it allows more only if the person never withdrew that. What was `asked` for raises
by the button behind a mailed link alone, once, within 30 days, and nothing that was taken back since. Nothing else
raises, and time alone ends no more than a child's protection.

What an address allows by purpose and topic is its own, whoever has it: a tick on a form agrees to that choice and to no
other, and takes nothing back that was refused unless the address confirms it, nor anything refused since it was sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

FLAGS = ("bulk_email", "email", "tracking", "prefill", "guardian_consent")
DEFAULTS = {
    **dict.fromkeys(("bulk_email", "email", "tracking"), True),
    **dict.fromkeys(("prefill", "guardian_consent", "is_child"), False),
    "consent_level": 0,
}
MOST_FOR_CHILDREN = 4
GOOD_FOR = timedelta(days=30)

Settings = dict[str, Any]


@dataclass
class Asked:
    """What waits for the button behind a link: since when, whose it is, the level, or what a form holds.

    Of a form that has to be confirmed as a whole nobody is known before; `address` is whom it names.
    """

    at: datetime
    contact: str | None = None
    level: int = 0
    joins: bool = False
    address: str | None = None
    refuses: tuple[str, ...] = ()
    ticked: tuple[str, ...] = ()
    done: bool = False


@dataclass
class Law:
    """What stands for each contact, what each once withdrew, and who is one person with whom (the main one first).

    `until` is until when a child is one (None: until somebody says otherwise), `lists` what each said of the list and
    when, `lowered` when each allowed less last, `asked` what waits, `erased` which address was forgotten, and when.
    `points` are what each address said of purposes and topics (True: yes) and when, `less` when it last allowed less.
    """

    now: datetime
    stands: dict[str, Settings] = field(default_factory=dict)
    withdrawn: dict[str, set[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    until: dict[str, datetime | None] = field(default_factory=dict)
    lists: dict[str, tuple[bool, datetime]] = field(default_factory=dict)
    lowered: dict[str, datetime] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    erased: dict[str, datetime] = field(default_factory=dict)
    points: dict[str, dict[str, tuple[bool, datetime]]] = field(default_factory=dict)
    less: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def appears(self, contact: str) -> None:
        self.stands[contact], self.withdrawn[contact], self.groups[contact] = dict(DEFAULTS), set(), [contact]
        self.until[contact] = None

    def disappears(self, main: str, addresses: Iterable[str]) -> None:
        """Somebody is not known any more, and neither is what waited for its addresses."""
        for each in self.groups.pop(main):
            del self.stands[each], self.withdrawn[each], self.until[each]
            self.lists.pop(each, None)
        for asked in self.asked.values():
            asked.done = asked.done or asked.address in addresses

    def forgets(self, names: set[str], addresses: set[str]) -> None:
        """Somebody asked to be forgotten, known or not: nothing from before brings it back, and no list ever."""
        self.erased |= dict.fromkeys(names, self.now)
        self.is_looked_for_again(names, self.now)
        for asked in self.asked.values():
            asked.done = asked.done or asked.address in addresses

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
            after["guardian_consent"], self.until[one] = False, None
        self.withdrawn[one] |= {name for name in FLAGS if before[name] and not after[name]}
        if after["consent_level"] < before["consent_level"]:
            self.withdrawn[one].add("consent_level")
            self.lowered[one] = self.now
        self.stands[one] = after

    # Lists ---------------------------------------------------------------------------------------------------------

    def on(self, main: str) -> bool:
        """Return whether a person is on the list: whoever left it as one of its contacts is not."""
        said = [self.lists[one][0] for one in self.groups[main] if one in self.lists]
        return bool(said) and all(said)

    def left(self, main: str, since: datetime | None = None) -> bool:
        said = [self.lists[one] for one in self.groups[main] if one in self.lists]
        return any(not joined and (since is None or at > since) for joined, at in said)

    def joins(self, main: str) -> None:
        """A person joins as its main contact, and takes back what it said against it as another."""
        if not self.on(main):
            left = [one for one in self.groups[main] if one in self.lists and not self.lists[one][0]]
            first = [main] if main not in self.lists else []
            self.lists |= dict.fromkeys([*first, *left], (True, self.now))

    def leaves(self, main: str) -> None:
        joined = [one for one in self.groups[main] if one in self.lists and self.lists[one][0]]
        self.lists |= dict.fromkeys(joined, (False, self.now))

    # Purposes and topics, which an address agrees to or refuses ------------------------------------------------------

    def of_address(self, name: str) -> dict[str, bool]:
        return {choice: yes for choice, (yes, _) in self.points.get(name, {}).items()}

    def allows_more(self, name: str, choice: str, yes: bool | None) -> bool:
        worth = {False: 0, None: 1, True: 2}
        return worth[yes] > worth[self.of_address(name).get(choice)]

    def address_says(self, name: str, choice: str, yes: bool | None) -> None:
        """An address says it, or a user who knows how it was said; None takes back what it said, either way."""
        said, now = self.points.setdefault(name, {}), self.of_address(name).get(choice)
        if yes is now:
            return
        if not self.allows_more(name, choice, yes):
            self.less[name, choice] = self.now
        said.pop(choice, None)
        if yes is not None:
            said[choice] = (yes, self.now)

    def ticks(self, name: str, choices: Iterable[str], sent_at: datetime, *, confirmed: bool) -> None:
        """Whoever typed an address ticked these; who has it has pressed a button for them only where `confirmed`."""
        for choice in choices:
            refused = self.of_address(name).get(choice) is False
            since = (name, choice) in self.less and self.less[name, choice] > sent_at
            if not since and (confirmed or not refused):
                self.address_says(name, choice, yes=True)

    def may(self, name: str, purpose: str, topic: str, *, only_if_agreed: bool) -> bool:
        """Return whether a message about a topic may go to an address: the purpose and the topic both let it."""
        said = [self.of_address(name).get(each) for each in (purpose, topic)]
        return all(said) if only_if_agreed else False not in said

    def is_looked_for_again(self, names: Iterable[str], asked_at: datetime) -> None:
        """An erasure looks again: of an address what it refused stays, and what it agreed to since then."""
        for name in names:
            said = self.points.get(name, {}).items()
            self.points[name] = {choice: (yes, at) for choice, (yes, at) in said if not yes or at > asked_at}

    # What has to be confirmed --------------------------------------------------------------------------------------

    def confirms(self, name: str, mailed_for: datetime) -> Asked | None:
        """Somebody presses the button behind a link: return what counts from now on, None where nothing does."""
        asked = self.asked[name]
        if asked.done or self.now - mailed_for > GOOD_FOR:
            return None
        if asked.contact is not None and not self._still(self.main(asked.contact), asked):
            return None
        asked.done = True
        return asked

    def _still(self, main: str | None, asked: Asked) -> bool:
        """Whether the person is there, and took nothing of it back since it was asked for."""
        if main is None:
            return False
        if asked.joins:
            return not self.left(main, asked.at)
        return not any(one in self.lowered and self.lowered[one] > asked.at for one in self.groups[main])

    def reaches(self, main: str, level: int) -> None:
        """A person allows a level, at least; whoever allows more already stays there."""
        for one in self.groups[main]:
            if self.stands[one]["consent_level"] < level:
                self._becomes(one, {"consent_level": level})

    # Children ------------------------------------------------------------------------------------------------------

    def ages(self, main: str, day: datetime | None) -> None:
        """Time has passed for somebody who comes of age on a day, if that is known: a child is let go then, not before.

        What the guardian had not allowed stays forbidden.
        """
        for one in self.groups[main]:
            child, until = self.stands[one]["is_child"], self.until[one]
            if day is not None and self.now < day:
                if not child or (until is not None and until < day):
                    self._becomes(one, {"is_child": True})
                    self.until[one] = day
            elif child and until is not None and self.now >= until:
                guarded = self.stands[one]["guardian_consent"]
                self._becomes(one, {"is_child": False, **({} if guarded else {"bulk_email": False})})

    def is_marked(self, main: str, day: datetime | None) -> None:
        """Somebody was said to be a child, whose day is known or is not."""
        shortened = self.unlimited(main)
        self.says(main, {"is_child": True})
        if shortened and day is not None and self.now < day:
            self.until |= dict.fromkeys(self.groups[main], day)

    def unlimited(self, main: str) -> bool:
        """Return whether nobody knows until when somebody is a child, or it is none."""
        days = [self.until[one] for one in self.groups[main] if self.stands[one]["is_child"]]
        return not days or None in days

    # Who is who: it changes nobody's consent -----------------------------------------------------------------------

    def merges(self, into: str, other: str) -> list[str]:
        inside = self.groups.pop(other)
        self.groups[into] = [into, *sorted([*self.groups[into][1:], *inside])]
        return inside

    def parts(self, into: str, inside: list[str]) -> None:
        self.groups[into] = [one for one in self.groups[into] if one not in inside]
        self.groups[inside[0]] = inside
