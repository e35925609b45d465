"""What people find out about a scoring model where it is deployed: insights, a preview, an export in a real bucket."""

import csv
import io
import urllib.request

from infra.local.demo.company import equals, newsletter_form
from tests.support.deployed import eventually, poll, settle, submit

READERS = 4


def document(form, points):
    submitted = [{"entity": "FormSubmitted", "where": [equals("form_id", form)]}]
    return {
        "sales_ready_score": 100,
        "grades": [{"name": "Cold", "max": 39}, {"name": "Warm", "min": 40}],
        "rules": [{"id": "submitted", "name": "Submitted", "points": points, "conditions": submitted}],
    }


def finished(client, path):
    return eventually(path, lambda: client.get(path), lambda each: each["state"] not in {"waiting", "running"})


def test_a_model_has_insights_a_preview_and_an_export(endpoints, client):
    form = client.publish("/forms", "Reports", newsletter_form())
    model = client.publish("/scoring-models", "Reports", document(form, 10))
    path = f"/scoring-models/{model}"
    for number in range(READERS):
        values = {"last_name": f"=Report {number}", "email": f"report{number}@example.com"}
        submit(endpoints, form, values, f"report-{number}")

    def risen():
        poll(endpoints)  # it reminds of a submission that others were quicker with
        return {score["lead_id"] for score in client.every(f"{path}/scores") if score["score"] == 10}

    mine = eventually("everybody's score", risen, lambda found: len(found) >= READERS, pause=1.0)
    settle(endpoints)
    assert len(mine) == READERS

    insights = eventually(
        "everybody counted",
        lambda: client.get(f"{path}/insights"),
        lambda found: found["scored"] == len(client.every(f"{path}/scores")),
    )
    assert {each["first"]: each["leads"] for each in insights["distribution"]}[10] == READERS

    draft = client.get(path)
    edited = {"name": "Reports", "document": document(form, 50)}
    client.call("PUT", path, edited, If_Match=f'"{draft["version"]}"')
    started = client.call("POST", f"{path}/previews", {"one_in": 1})
    preview = finished(client, f"{path}/previews/{started['id']}")
    assert (preview["state"], preview["effects"]["rises"], preview["effects"]["changes_grade"]) == ("done", 4, 4)
    risers = client.get(f"{path}/previews/{started['id']}/leads?effect=rises")["items"]
    assert {each["lead_id"] for each in risers} == mine

    export = finished(client, f"{path}/exports/{client.call('POST', f'{path}/exports')['id']}")
    [file] = export["files"]
    with urllib.request.urlopen(file["url"]) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode("utf-8-sig"), newline="")))
    assert {row["lead_id"] for row in rows if row["score"] == "10"} == mine
    assert all(row["last_name"].startswith("'=Report") for row in rows if row["lead_id"] in mine)
    assert len(rows) == export["rows"] >= READERS  # other tests' leads are scored meanwhile
