"""Business processes over HTTP: definitions of users' own, the shipped one, and where a lead stands."""

from chalicelib.definitions import service as definitions
from chalicelib.definitions.routes import Kind, lifecycle
from chalicelib.http import Api, Call, Nothing
from chalicelib.leads import moving, processes, reading
from chalicelib.leads.process import Process
from chalicelib.leads.process_checks import KIND
from chalicelib.leads.process_schemas import LeadProcessView, ProcessDocument, ShippedProcessView, StageView
from chalicelib.leads.shipped import NAME, PROCESS_ID, SHIPPED

api = Api(__name__)

lifecycle(
    api, Kind(KIND, "/business-processes", ProcessDocument, lambda document: processes.check(document, ""),
              check_of=processes.check)
)  # fmt: skip


@api.on("GET /lead-process", scope="leads:read", returns=ShippedProcessView)
def show_lead_process(_: Call[Nothing]) -> ShippedProcessView:
    """Show the business process that is always there, and the document that one's own may begin with."""
    return ShippedProcessView(
        id=PROCESS_ID,
        name=NAME,
        version=SHIPPED.version,
        stages=_stages(SHIPPED),
        document=processes.shipped_document(),
    )


@api.on("GET /leads/{lead_id}/process", scope="leads:read", returns=LeadProcessView)
def show_process_of_lead(call: Call[Nothing], lead_id: str) -> LeadProcessView:
    """Show the process that a lead follows, where it stands, and what keeps it from completing its stage."""
    lead = reading.find(lead_id)
    way = processes.of(lead)
    return LeadProcessView(
        id=way.id,
        name=NAME if way is SHIPPED else definitions.get(KIND, way.id).name,
        version=way.version,
        stages=_stages(way),
        stage=lead.stage,
        waiting_stage=lead.waiting_stage,
        missing=[each.as_dict() for each in moving.standing(lead, call.now)],
    )


def _stages(way: Process) -> list[StageView]:
    return [
        StageView(
            number=number,
            stage=info.id,
            name=info.name,
            fields=list(info.fields),
            required=list(info.required),
            entry=info.entry,
            exit=info.exit,
            queue=info.queue,
            accepts=info.accepts,
        )
        for number, info in enumerate(way.stages, start=1)
    ]
