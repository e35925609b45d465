"""What LinkedIn sent, over HTTP: submissions, what they resolved to, and trying again."""

from chalicelib.capture.linkedin import service
from chalicelib.capture.linkedin.models import Response
from chalicelib.capture.linkedin.schemas import Responses, ResponsesQuery, ResponseView
from chalicelib.capture.schemas import ProblemView
from chalicelib.errors import Invalid
from chalicelib.http import Api, Call, Listing, Nothing

api = Api(__name__)


@api.on("GET /linkedin-submissions", scope="linkedin:read", query=ResponsesQuery, returns=Listing[ResponseView])
def list_linkedin_submissions(call: Call[Nothing]) -> Listing[ResponseView]:
    """List the LinkedIn submissions of a connection, or those that failed."""
    query = call.query
    if (query.connection_id is None) == (query.state is None):
        raise Invalid("Ask by connection_id, or by state (failure).")
    if query.connection_id is not None:
        return Listing[ResponseView].of(service.responses_of(query.connection_id, query.asked), _response)
    return Listing[ResponseView].of(service.failures(query.asked), _response)


@api.on("GET /linkedin-submissions/{submission_id}", scope="linkedin:read", returns=ResponseView)
def show_linkedin_submission(_: Call[Nothing], submission_id: str) -> ResponseView:
    """Show a LinkedIn submission and what it resolved to."""
    return _response(service.find(submission_id))


@api.on("POST /linkedin-submissions/{submission_id}/retry", scope="linkedin:write", returns=ResponseView)
def retry_linkedin_submission(call: Call[Nothing], submission_id: str) -> ResponseView:
    """Try a failed LinkedIn submission again."""
    return _response(service.retry(submission_id, call.now))


@api.on("GET /leads/{lead_id}/linkedin-submissions", scope="linkedin:read", returns=Responses)
def list_linkedin_submissions_of_lead(_: Call[Nothing], lead_id: str) -> Responses:
    """List the LinkedIn submissions that are attached to a lead, newest first."""
    return Responses(items=[_response(each) for each in service.responses_of_lead(lead_id)])


def _response(response: Response) -> ResponseView:
    given = {name: getattr(response, name) for name in ResponseView.model_fields if name not in {"id", "problems"}}
    problems = [ProblemView.model_validate(each) for each in response.problems or []]
    return ResponseView(**given, id=response.submission_id, problems=problems)
