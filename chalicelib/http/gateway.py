"""The paths that the gateway has, fewer than the operations' own: it takes 300 words and parameters by default.

All that lies below a record, such as `/forms/{form_id}/publish`, is `/forms/{form_id}/{step_1}` to it; the application
follows the steps to the operation. An operation that anybody may call has its own path there too, for the gateway
decides by path and method whom it asks who they are.
"""

from collections.abc import Collection, Mapping, Sequence

RECORD = 3  # parts of a record's path: nothing before the first slash, the kind, the id


def gathered(paths: Collection[str], public: Collection[str]) -> dict[str, list[str]]:
    """Return the gateway's paths, each with those that it stands for; `public` are those that anybody may call.

    What begins with the words of a public path stays as it is too, since the gateway would not turn back from there.
    """
    kept = {_first_step(path) for path in public}
    stands_for: dict[str, list[str]] = {}
    for path in sorted(paths):  # a word comes before a parameter
        shown = path if _first_step(path) in kept else _shown(path)
        stands_for.setdefault(shown, []).append(path)
    return stands_for


def followed(path: str, given: Mapping[str, str], own: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """Return the one of the paths that a request for `path` means, with its parameters by their own names."""
    asked = [given.get(name, "") if (name := _parameter(part)) else part for part in path.split("/")]
    for each in own:
        parts = each.split("/")
        if all(_parameter(part) or part == value for part, value in zip(parts, asked, strict=True)):
            return each, {name: value for part, value in zip(parts, asked, strict=True) if (name := _parameter(part))}
    return None


def _shown(path: str) -> str:
    parts = path.split("/")
    if len(parts) <= RECORD or not _parameter(parts[RECORD - 1]):
        return path
    steps = [f"{{step_{number}}}" for number, _ in enumerate(parts[RECORD:], start=1)]
    return "/".join([*parts[:RECORD], *steps])


def _first_step(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[: RECORD + 1])


def _parameter(part: str) -> str:
    return part[1:-1] if part.startswith("{") else ""
