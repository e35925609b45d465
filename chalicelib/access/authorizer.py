"""The gateway's question before every request that is not public: who is this, and what may they do?"""

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib.access.service import identify
from chalicelib.errors import Unauthenticated

handlers = Blueprint("app")  # the module Lambda imports, see app.py


@handlers.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Answer with the caller's scopes. The policy allows all routes, for each route checks its own scope."""
    try:
        caller = identify(request.token)
    except Unauthenticated as error:
        # Anything but this very text would be a 500 at the gateway.
        raise Exception("Unauthorized") from error  # noqa: TRY002
    return AuthResponse(routes=["*"], principal_id=caller.id, context={"scopes": " ".join(sorted(caller.scopes))})
