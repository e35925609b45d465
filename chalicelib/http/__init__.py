"""The edge to the web: views take calls and return models, and every failure becomes a problem+json in one place.

What others need of it is imported from here.
"""

from chalicelib.http.application import Application
from chalicelib.http.call import Call
from chalicelib.http.operation import FORM, JSON, MULTIPART, Operation
from chalicelib.http.problems import STATUS_OF, problem
from chalicelib.http.replies import Reply
from chalicelib.http.requests import form_of, json_of, query_of
from chalicelib.http.routes import Api
from chalicelib.http.schemas import Change, Listing, ListQuery, Nothing, Schema, TimeZone

__all__ = [
    "FORM",
    "JSON",
    "MULTIPART",
    "STATUS_OF",
    "Api",
    "Application",
    "Call",
    "Change",
    "ListQuery",
    "Listing",
    "Nothing",
    "Operation",
    "Reply",
    "Schema",
    "TimeZone",
    "form_of",
    "json_of",
    "problem",
    "query_of",
]
