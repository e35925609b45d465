"""Notes about leads over HTTP."""

from chalicelib.activities.note_routes import notable
from chalicelib.http import Api
from chalicelib.leads.noting import LEAD

api = Api(__name__)
notable(api, LEAD)
