"""The measurements of `make bench`; each adds its figure to .local/bench.json."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest
from chalice.test import Client
from msgspec.structs import replace

from app import app
from chalicelib.clock import new_id
from chalicelib.definitions import live as definitions
from chalicelib.dynamodb import commit, put_new
from chalicelib.journeys import engine, entry, versions
from chalicelib.journeys.models import Raised
from chalicelib.scoring import configuration
from infra import costs, package
from infra.local.cloud import LocalCloud
from infra.local.demo import client as api
from infra.local.deploy import deploy
from infra.local.seed import create_admin_key
from tests.bench import at_size
from tests.bench.scoring import score_evaluations_per_second
from tests.support import linkedin, oracle
from tests.support.deployed import soon_visible
from tests.support.imported import under_fire
from tests.support.journeys import NOW, contact, document, mail, publish, ready, ring
from tests.support.meter import metered

FILE = Path(__file__).parents[2] / ".local" / "bench.json"
RUNS = 480
ROUNDS = 8
LEADS = 2000
THREADS = 16
FEW, IMPORTED, TRIED = 10_000, 100_000, 1_000_000
FLAT = 1.25
DEPLOYED = 5_000


def keep(**figures: float) -> None:
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps({**known, **figures}, indent=1))
    for name, figure in figures.items():
        print(f"  {name:34} {figure:,.2f}")


def seconds_of(work: Callable[[int], object], numbers: Iterable[int]) -> float:
    """Do something for each number from a few threads."""
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, numbers))
    return time.perf_counter() - began


def _import(what: str, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.imports", what, str(rows)]
    deployed = {**os.environ, "LIVE_CACHE_SECONDS": "5"}  # as in Lambda; other tests want to see changes at once
    done = subprocess.run(command, env=deployed, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    print(f"  {what} {rows:,} rows: {found}")
    return found


@pytest.mark.usefixtures("cloud")
def test_import():
    """A trial of a hundred times as many rows is as quick a row, and its workers need no more memory.

    Between the two so many rows are imported in earnest, which the second trial then knows.
    """
    few, made, many = _import("try", FEW), _import("make", IMPORTED), _import("try", TRIED)

    assert (few["created"], made["created"], many["created"]) == (FEW, IMPORTED, TRIED - IMPORTED)
    assert (few["failed"], made["failed"], many["failed"], many["unchanged"]) == (0, 0, 0, IMPORTED)
    assert max(few["megabytes"], made["megabytes"], many["megabytes"]) <= 512
    assert many["megabytes"] <= few["megabytes"] * FLAT
    keep(
        import_rows_per_second=made["rows_per_second"],
        import_write_units_per_row=made["write_units"],
        import_read_units_per_row=made["read_units"],
        import_requests_per_row=made["requests"],
        import_trial_rows_per_second=many["rows_per_second"],
        import_trial_rows_per_second_of_10_000=few["rows_per_second"],
        import_trial_write_units_per_row=many["write_units"],
        import_trial_read_units_per_row=many["read_units"],
        import_peak_megabytes=max(made["megabytes"], many["megabytes"]),
        import_peak_megabytes_of_10_000=few["megabytes"],
    )


def test_import_under_fire():
    """On the deployed cloud, with five workers killed on the way and all that reacts to new contacts."""
    with LocalCloud() as cloud:
        endpoints = deploy(cloud, package.ensure("local"), {"LeaseSeconds": "5"})
        client = api.Client(endpoints.api_url, create_admin_key(endpoints))
        with soon_visible(endpoints):
            seconds = under_fire(cloud, endpoints, client, DEPLOYED)
    keep(deployed_import_rows_per_second=DEPLOYED / seconds)


def test_scoring():
    keep(score_evaluations_per_second=score_evaluations_per_second())


def test_scoring_equals_sql(tmp_path):
    """A hundred thousand leads of 25 interactions on average; the database's own time is the yardstick."""
    compared = oracle.compare(seed=1, leads=100_000, home=tmp_path)

    assert compared.different == []
    keep(
        oracle_leads_equal=compared.leads,
        oracle_interactions=compared.interactions,
        oracle_engine_seconds=compared.engine_seconds,
        oracle_sql_seconds=compared.sql_seconds,
        oracle_engine_over_sql=compared.engine_seconds / compared.sql_seconds,
    )


def test_cold_import(tmp_path):
    """Both compiled before, as pip leaves what it installs, and in turns: what a machine is busy with takes from both.

    Seconds of the processor, and the middle of what each turn says: the shorter of the two would more often find a
    moment in which nobody disturbs it, so the least of each would not compare like with like.
    """
    compiled = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    compiled.pop("PYTHONDONTWRITEBYTECODE", None)

    def seconds(module: str) -> float:
        code = f"from time import process_time as now; began = now(); import {module}; print(now() - began)"
        done = subprocess.run([sys.executable, "-c", code], check=True, env=compiled, capture_output=True, text=True)
        return float(done.stdout)

    turns = [seconds("app") / seconds("boto3") for _ in range(31)]
    keep(cold_import_ratio=median(turns[1:]))  # the first one compiles


@pytest.mark.usefixtures("cloud")
def test_journeys(monkeypatch):
    ready()
    monkeypatch.setattr(definitions, "settings", replace(definitions.settings, live_cache_seconds="5"))
    tiles = {"m": mail("t"), "t": {"kind": "task", "subject": "Call", "next": "r"}, "r": ring()}
    publish("journey", "j", document(tiles))
    for number in range(RUNS + 2):
        contact(f"c{number}")
    journey = versions.running("j")

    def run(number: int) -> None:
        entry.enter(journey, f"c{number}", entry.Call(entry.FORM), NOW)
        task = engine.claim({"enrolment": f"c{number}.j.1", "at_tile": None, "token": new_id()}, NOW)
        while task["next"] not in {"done", "rest"}:
            task = engine.perform(task, NOW)

    def raw(_: int) -> None:
        identity = new_id()
        named = {"raised_id": identity, "trigger_id": "t", "contact_id": "c", "raised_at": NOW, "source": "bench"}
        commit([put_new(Raised(*Raised.at(identity), **named))])

    run(RUNS)
    with metered() as usage:
        run(RUNS + 1)
    requests = usage.round_trips
    rounds = [range(start, start + RUNS // ROUNDS) for start in range(0, RUNS, RUNS // ROUNDS)]
    # In turns, so that a busy machine is busy for both.
    took = [(seconds_of(run, each), seconds_of(raw, range(len(each) * requests))) for each in rounds]
    runs = RUNS / sum(each for each, _ in took)
    puts = RUNS * requests / sum(each for _, each in took)
    keep(
        journey_runs_per_second=runs,
        journey_requests_per_run=requests,
        raw_puts_per_second=puts,
        journey_share_of_put_rate=runs * requests / puts,
    )


def test_linkedin(world, monkeypatch):
    """2,000 leads, a third of the deliveries lost, a third doubled, some late, LinkedIn throttling; then two pulls."""
    with linkedin.opened(monkeypatch) as standin, Client(app) as http:
        connected = linkedin.Connected(standin, world, http)
        linkedin.remembering(monkeypatch)
        began = time.perf_counter()
        linkedin.storm(connected, LEADS)
        seconds = time.perf_counter() - began
        counts = connected.status["counts"]
    leads = [row for (_, pk, sk), row in world.rows().items() if pk.startswith("LEAD#") and sk == "LEAD"]
    assert Counter(row["linkedin_submissions"]["N"] for row in leads) == {"1": LEADS}
    assert (counts["created"], counts["matched"], counts["failed"]) == (LEADS, 0, 0)
    keep(linkedin_leads_per_second=LEADS / seconds)


@pytest.mark.usefixtures("cloud")
def test_leads_at_size(monkeypatch):
    """What bulk work costs a lead must not depend on how many there are; seconds are told, and not judged."""
    for module in (definitions, configuration):
        monkeypatch.setattr(module, "settings", replace(module.settings, live_cache_seconds="300"))
    monkeypatch.setattr(configuration, "_known", [])
    found = {}
    for size, costs_of in at_size.costs():
        found[size] = costs_of
        for what, cost in costs_of.items():
            print(f"  {what} at {size:,}: {cost}")
    least, most = found[min(found)], found[max(found)]
    growth = {what: most[what].units / least[what].units for what in most}
    keep(
        recount_units_per_lead_growth=growth["recount"],
        publish_units_per_lead_growth=growth["publish"],
        edit_units_per_lead_growth=growth["edit"],
        **{f"{what}_units_per_lead": cost.units for what, cost in most.items()},
        **{f"{what}_requests_per_lead": cost.requests for what, cost in most.items()},
        **{f"{what}_dollars_per_ten_million_leads": cost.dollars for what, cost in most.items()},
    )
    assert all(0.8 <= each <= 1.2 for each in growth.values())


def test_dollars():
    keep(engine_dollars_per_million=costs.engine_dollars(), all_dollars_per_million=costs.all_dollars())
