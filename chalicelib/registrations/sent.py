"""What a urlencoded form says of attendees: `email` of the one, `attendees.1.email` of each of several; pure."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

NUMBERED = re.compile(r"attendees\.([0-9])\.(.+)", re.ASCII)


def attendees_of(sent: Mapping[str, str | list[str]]) -> list[dict[str, Any]]:
    """Return what was typed about each attendee, the first of whom needs no number. What begins with `_` is ours."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for name, value in sent.items():
        if name.startswith("_"):
            continue
        numbered = NUMBERED.fullmatch(name)
        at, of = (int(numbered[1]), numbered[2]) if numbered else (0, name)
        found[at][of] = value
    return [found[at] for at in sorted(found)] or [{}]
