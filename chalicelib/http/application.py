"""The app itself: Chalice, repaired."""

from http import HTTPStatus
from typing import Any

from chalice.app import Chalice

from chalicelib.http.problems import problem


class Application(Chalice):
    """The app, with two repairs: a request without Accept may get bytes, and Chalice's own errors are problems too."""

    def __call__(self, event: Any, context: Any) -> Any:
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        event["headers"] = {**headers, "accept": "*/*"}
        answer = super().__call__(event, context)
        return answer if answer["statusCode"] < HTTPStatus.BAD_REQUEST else _as_problem(answer)


KNOWN_ELSEWHERE = {
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know this method.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type that is not taken here; look at the Content-Type.",
}


def _as_problem(answer: dict[str, Any]) -> dict[str, Any]:
    if isinstance(answer["body"], str) and answer["body"].startswith('{"Code"'):
        status = HTTPStatus(answer["statusCode"])
        replaced = problem(status, KNOWN_ELSEWHERE.get(status, f"{status.description or status.phrase}."))
        answer["body"] = replaced.body
        answer["headers"] = {**answer.get("headers", {}), **replaced.headers}
        answer.get("multiValueHeaders", {}).pop("Content-Type", None)
    return answer
