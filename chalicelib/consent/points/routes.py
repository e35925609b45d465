"""Compliance profiles over HTTP, and what contact points allow; no address is in a path or a query."""

from http import HTTPStatus

from chalicelib.consent.plans import Evidence
from chalicelib.consent.points import records, service
from chalicelib.consent.points.models import ComplianceProfile, PointChange
from chalicelib.consent.points.rules import Standing
from chalicelib.consent.points.schemas import (
    NewProfile,
    PointChangeRequest,
    PointConsentView,
    PointLogView,
    PointQuestion,
    PointView,
    ProfileChange,
    Profiles,
    ProfileView,
    SaidView,
    of_opt_in,
    of_purposes,
)
from chalicelib.http import Api, Call, Nothing

api = Api(__name__)

PROFILES, ONE = "/compliance-profiles", "/compliance-profiles/{profile_id}"
READ, WRITE = "compliance-profiles:read", "compliance-profiles:write"


@api.on(f"POST {PROFILES}", scope=WRITE, body=NewProfile, returns=ProfileView, status=HTTPStatus.CREATED)
def create_compliance_profile(call: Call[NewProfile]) -> ProfileView:
    """Make a compliance profile."""
    return _view(records.create(call.new_id, call.body.values, call.caller.id, call.now))


@api.on(f"GET {PROFILES}", scope=READ, returns=Profiles)
def list_compliance_profiles(_: Call[Nothing]) -> Profiles:
    """List all compliance profiles, the shipped one first, the others by name; there are a hundred at most."""
    return Profiles(items=[_view(each) for each in records.every()])


@api.on(f"GET {ONE}", scope=READ, returns=ProfileView)
def show_compliance_profile(_: Call[Nothing], profile_id: str) -> ProfileView:
    """Show a compliance profile."""
    return _view(records.find(profile_id))


@api.on(f"PATCH {ONE}", scope=WRITE, body=ProfileChange, returns=ProfileView)
def change_compliance_profile(call: Call[ProfileChange], profile_id: str) -> ProfileView:
    """Change a compliance profile; send If-Match. Messages go by what it says when they go out."""
    return _view(records.amend(profile_id, call.body.values, call.version, call.now))


@api.on("POST /contact-points/search", scope="contacts:read", body=PointQuestion, returns=PointView)
def show_contact_point(call: Call[PointQuestion]) -> PointView:
    """Show what an address or a number allows, whoever has it, and every change of that."""
    point, page = service.point_of(call.body.address), call.body.asked
    log = service.log(point, page)
    consents = [_consent(each) for each in service.every(point)]
    changes = [_change(each) for each in log.items]
    return PointView(
        id=point.id, channel=point.channel, consents=consents, changes=changes, next_cursor=log.next_cursor
    )


@api.on("POST /contact-points", scope="contacts:write", body=PointChangeRequest, returns=PointConsentView)
def change_contact_point(call: Call[PointChangeRequest]) -> PointConsentView:
    """Say for an address or a number what it allows of a profile's purposes and topics."""
    asked, point = call.body, service.point_of(call.body.address)
    evidence = Evidence(who=call.caller.id, source="api", method="by user", reason=asked.reason)
    return _consent(service.change_by_user(point, asked.profile_id, asked.wanted, evidence, call.new_id, call.now))


def _view(record: ComplianceProfile) -> ProfileView:
    others = ProfileView.model_fields.keys() - {"id", "purposes", "double_opt_in"}
    given = {name: getattr(record, name) for name in others}
    shown = {"purposes": of_purposes(record.purposes), "double_opt_in": of_opt_in(record.double_opt_in)}
    return ProfileView(id=record.profile_id, **shown, **given)


def _consent(standing: Standing) -> PointConsentView:
    said = {name: SaidView(state=each.state, since=each.since) for name, each in sorted(standing.choices.items())}
    return PointConsentView(
        profile_id=standing.profile_id, choices=said, changed_at=standing.changed_at, version=standing.version
    )


def _change(row: PointChange) -> PointLogView:
    given = {name: getattr(row, name) for name in PointLogView.model_fields if name != "id"}
    return PointLogView(id=row.change_id, **given)
