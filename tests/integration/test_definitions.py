"""The life of a definition: drafts, versions, references."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.definitions import jobs, service, usage
from chalicelib.definitions import live as live_definitions
from chalicelib.definitions.lifecycle import Checked, JobWanted, State
from chalicelib.errors import Conflict, NotFound, Problem, Stale, TooLarge, Unprocessable
from chalicelib.lists import Asked

pytestmark = pytest.mark.usefixtures("cloud")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def fine(_):
    return Checked()


def naming(*references):
    return lambda _: Checked(references=references)


def publish(kind="email", identity="e", check=fine, **options):
    definition = service.get(kind, identity)
    return service.publish(kind, identity, check, version=definition.version, by="user:u", now=NOW, **options)


def create(kind="email", identity="e", name="Newsletter", document=None):
    return service.create(kind, identity, name, document or {"subject": "Hello"}, "user:u", NOW)


def test_making_the_same_id_twice_makes_it_once():
    first = create()

    again = create(name="Other")

    assert again.name == first.name == "Newsletter"


@pytest.mark.rule("JRN-7", "SEG-3")
def test_a_failed_check_names_every_problem_and_changes_nothing():
    create()
    check = lambda _: Checked([Problem("subject", "empty"), Problem("html", "empty")], [("form", "f")])  # noqa: E731

    with pytest.raises(Unprocessable) as refused:
        publish(check=check)

    assert [problem.field for problem in refused.value.problems] == ["subject", "html", "form:f"]
    assert service.get("email", "e").state == State.DRAFT
    assert live_definitions.live("email", "e") is None


@pytest.mark.rule("EML-4", "PAG-2")
def test_a_live_version_goes_on_unchanged_while_its_draft_is_edited():
    create()
    publish()
    draft = service.get("email", "e")
    service.save_draft("email", "e", "Newsletter", {"subject": "New"}, version=draft.version, by="u", now=NOW)

    assert service.get("email", "e").state == State.LIVE_EDITED
    assert live_definitions.live("email", "e").document == {"subject": "Hello"}
    publish()
    assert live_definitions.live("email", "e").document == {"subject": "New"}
    assert live_definitions.document("email", "e", 1) == {"subject": "Hello"}


def test_of_two_publishers_one_wins():
    create()
    version = service.get("email", "e").version

    def attempt(_):
        try:
            service.publish("email", "e", fine, version=version, by="u", now=NOW)
        except (Stale, Conflict):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert live_definitions.live("email", "e").version == 1


@pytest.mark.rule("JRN-11", "EML-5")
def test_stopping_what_others_use_asks_first():
    create()
    publish()
    create("journey", "j")
    publish("journey", "j", naming(("email", "e")))
    version = service.get("email", "e").version

    with pytest.raises(Conflict, match="confirm") as refused:
        service.stop("email", "e", version=version, by="u", now=NOW)
    assert [problem.field for problem in refused.value.problems] == ["journey:j"]

    stopped = service.stop("email", "e", version=version, by="u", now=NOW, confirmed=True)
    assert stopped.state == State.STOPPED
    assert live_definitions.live("email", "e") is None


def test_what_no_longer_names_it_no_longer_uses_it():
    create()
    publish()
    create("journey", "j")
    publish("journey", "j", naming(("email", "e")))
    publish("journey", "j", fine)

    assert usage.used_by("email", "e") == []


@pytest.mark.rule("JRN-9")
def test_every_change_of_state_is_a_milestone():
    create()
    publish()
    service.stop("email", "e", version=service.get("email", "e").version, by="user:v", now=NOW + timedelta(hours=1))

    assert [(each.state, each.by) for each in service.milestones("email", "e")] == [
        ("live", "user:u"),
        ("stopped", "user:v"),
    ]


def test_only_a_draft_that_never_went_live_can_be_deleted():
    create()
    publish()

    with pytest.raises(Conflict):
        service.discard("email", "e", service.get("email", "e").version)

    create(identity="f")
    service.discard("email", "f", 1)
    with pytest.raises(NotFound):
        service.get("email", "f")


def test_a_scoring_model_that_was_stopped_back_to_draft_still_keeps_its_history():
    create("scoring-model", "m")
    publish("scoring-model", "m")
    live = service.get("scoring-model", "m")
    service.stop("scoring-model", "m", version=live.version, by="u", now=NOW, back_to=State.DRAFT)

    with pytest.raises(Conflict, match="never went live"):
        service.discard("scoring-model", "m", service.get("scoring-model", "m").version)


@pytest.mark.rule("JRN-7")
def test_what_is_named_cannot_be_stopped_unnoticed_while_what_names_it_goes_live():
    create()
    publish()
    create("journey", "j")
    email = service.get("email", "e")

    def stopped_meanwhile(_):
        service.stop("email", "e", version=email.version, by="u", now=NOW)
        return Checked()

    with pytest.raises(Unprocessable) as refused:
        publish("journey", "j", lambda document: Checked((), [("email", "e"), *stopped_meanwhile(document).references]))

    assert [problem.field for problem in refused.value.problems] == ["email:e"]
    assert live_definitions.live("journey", "j") is None


@pytest.mark.rule("JRN-11")
def test_however_a_stop_and_a_publication_that_names_it_race_no_use_goes_unnoticed():
    for turn in range(8):
        create(identity=f"e{turn}")
        publish(identity=f"e{turn}")
        create("journey", f"j{turn}")
        version = service.get("email", f"e{turn}").version

        def go_live(turn=turn):
            return publish("journey", f"j{turn}", naming(("email", f"e{turn}")))

        def stop(turn=turn, version=version):
            return service.stop("email", f"e{turn}", version=version, by="u", now=NOW)

        with ThreadPoolExecutor(2) as pool:
            ended = [pool.submit(each) for each in (go_live, stop)]
        refusals = [type(each.exception()) for each in ended]
        assert sum(refusal is not type(None) for refusal in refusals) == 1, refusals
        assert (live_definitions.live("email", f"e{turn}") is None) == (
            live_definitions.live("journey", f"j{turn}") is None
        )


def test_a_definition_that_names_more_than_a_transaction_holds_is_told_so():
    create("journey", "j")
    references = [("email", f"e{number}") for number in range(46)]

    with pytest.raises(Unprocessable) as refused:
        publish("journey", "j", naming(*references))

    assert any(problem.field == "references" for problem in refused.value.problems)


def test_all_of_forty_five_named_things_can_be_exchanged_at_once():
    for number in range(90):
        create(identity=f"e{number}")
        publish(identity=f"e{number}")
    create("journey", "j")
    publish("journey", "j", naming(*(("email", f"e{number}") for number in range(45))))

    publish("journey", "j", naming(*(("email", f"e{number}") for number in range(45, 90))))

    assert all(usage.used_by("email", f"e{number}") == [] for number in range(45))
    assert all(usage.used_by("email", f"e{number}") == [("journey", "j")] for number in range(45, 90))


def test_a_document_in_any_script_may_have_300_kb():
    create(document={"text": "ж" * 149 * 1024})
    publish()

    assert len(live_definitions.live("email", "e").document["text"]) == 149 * 1024
    with pytest.raises(TooLarge):
        create(identity="f", document={"text": "ж" * 151 * 1024})


def test_going_live_again_after_a_stop_is_a_new_version_and_the_old_one_stays_readable():
    create()
    publish()
    service.stop("email", "e", version=service.get("email", "e").version, by="u", now=NOW)
    stopped = service.get("email", "e")
    service.save_draft("email", "e", "Newsletter", {"subject": "Again"}, version=stopped.version, by="u", now=NOW)
    assert service.get("email", "e").state == State.STOPPED

    publish()

    assert live_definitions.live("email", "e").version == 2
    assert live_definitions.document("email", "e", 1) == {"subject": "Hello"}


def test_what_was_read_before_another_save_cannot_overwrite_it():
    create()
    service.save_draft("email", "e", "One", {"subject": "1"}, version=1, by="u", now=NOW)

    with pytest.raises(Stale):
        service.save_draft("email", "e", "Two", {"subject": "2"}, version=1, by="u", now=NOW)
    with pytest.raises(Stale):
        service.publish("email", "e", fine, version=1, by="u", now=NOW)
    assert service.get("email", "e").document == {"subject": "1"}


def test_a_publication_whose_answer_was_lost_is_made_once(world):
    create()
    lost = iter(["after"])
    world.fault = lambda _, __, operation: next(lost, None) if operation == "TransactWriteItems" else None

    publish(job=JobWanted("test"))

    assert live_definitions.live("email", "e").version == 1
    assert jobs.get("email-e-1").work == "test"


def test_definitions_are_listed_by_name_whatever_the_letter_case():
    for identity, name in (("1", "beta"), ("2", "Alpha"), ("3", "alps"), ("4", "ALPine")):
        create(identity=identity, name=name)

    found = service.find_page("email", "ALP", Asked(limit=2))
    rest = service.find_page("email", "ALP", Asked(limit=2, cursor=found.next_cursor))

    assert [each.name for each in (*found.items, *rest.items)] == ["Alpha", "ALPine", "alps"]
    assert rest.next_cursor is None
