"""Merging leads over HTTP: which may be the same, what merging would change, do it, undo it."""

from chalicelib.contacts.merge_routes import Mergeable, mergeable
from chalicelib.http import Api
from chalicelib.leads import merging, suggesting
from chalicelib.leads.schemas import LeadDuplicates

api = Api(__name__)

mergeable(api, Mergeable("lead", merging, suggesting.of_lead, suggesting.dismiss, LeadDuplicates))
