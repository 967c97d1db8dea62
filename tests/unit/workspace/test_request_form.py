"""The request form within Slack's limits, in every state."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.views import View

from sandbox.slack.block_kit.surfaces import view_problems
from teleport_client.model.resource import KINDS, Resource
from tests.strategies import long_texts, names, texts
from workspace.requests.request_draft import RequestDraft
from workspace.views.modals.request_input import read, selected_values
from workspace.views.modals.request_modal import FormContext, request_form
from workspace.views.modals.request_notes import with_access_end, with_resource_note
from workspace.views.options import resource_option, reviewer_option, role_option
from workspace.views.options.menu import menu

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
RESOURCES = st.builds(
    Resource,
    st.sampled_from(KINDS),
    st.text(min_size=1, max_size=300),
    st.text(max_size=300),
    st.dictionaries(st.text(max_size=100), st.text(max_size=300), max_size=20),
)
CONTEXTS = st.builds(
    FormContext,
    st.just("C0123456789"),
    texts,
    st.booleans(),
    st.booleans(),
    st.lists(texts, max_size=30).map(tuple),
    st.booleans(),
)


def check_view(view: View | dict[str, Any]) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(
        json.dumps(view if isinstance(view, dict) else view.to_dict())
    )
    assert view_problems(drawn) == []
    return drawn


def path_of(resource: Resource) -> str:
    return f"/main/{resource.kind}/{resource.name}"


@st.composite
def drafts(draw: st.DrawFn) -> tuple[RequestDraft, list[Resource]]:
    resources = draw(st.lists(RESOURCES, max_size=20)) * draw(st.sampled_from([1, 9]))
    return RequestDraft(
        draw(st.lists(names, max_size=5).map(tuple)),
        draw(long_texts),
        draw(st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=14))),
        draw(st.lists(names, max_size=5).map(tuple)),
        start=draw(MOMENTS | st.none()),
        until=draw(MOMENTS | st.none()),
        expires=draw(MOMENTS | st.none()),
        session=draw(st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=14))),
        resources=tuple(dict.fromkeys(map(path_of, resources))),
    ), resources


def submitted(view: dict[str, Any]) -> dict[str, Any]:
    """Return the form as Slack sends it back, with fields of its own."""
    return view | {"id": "V1", "hash": "1.a", "team_id": "T1", "state": {"values": {}}}


@given(drafts(), CONTEXTS, texts)
def test_form_fits_in_every_state(
    given_draft: tuple[RequestDraft, list[Resource]], context: FormContext, note: str
) -> None:
    draft, resources = given_draft
    listed = {path_of(each): each for each in resources[::2]}
    state = FormContext(
        context.channel, context.note, context.reason_required, context.short, context.prompts,
        context.has_resources, listed,
    )  # fmt: skip
    view = check_view(request_form(draft, state))
    if context.has_resources and not context.short:
        noted = with_resource_note(submitted(view), note)
        check_view(noted)
        assert with_resource_note(submitted(noted), "")["blocks"] == view["blocks"]
    ended = with_access_end(submitted(view), draft.roles or ("staging",), datetime.now(UTC))
    check_view(ended)
    check_view(with_access_end(submitted(ended), ("staging",), datetime.now(UTC)))


@given(st.lists(RESOURCES, max_size=100), st.lists(st.tuples(texts, texts), max_size=100))
def test_menus_fit(resources: list[Resource], users: list[tuple[str, str]]) -> None:
    options = [resource_option.option(path_of(each), each) for each in resources]
    people = [
        reviewer_option.reviewer_option("U0123456789", name, slack_name, suggested=True)
        for name, slack_name in users
    ]
    for each in (*menu(options, 20_000).get("option_groups", [{}])[0].get("options", []), *(
        option.to_dict() for option in people
    )):  # fmt: skip
        assert 1 <= len(each["text"]["text"]) <= 75
        assert len(each["value"]) <= 75
        assert len(each.get("description", {}).get("text", "")) <= 75


def test_input_becomes_a_draft() -> None:
    """Times are instants: Slack shows them in the user's zone."""
    form = check_view(
        request_form(
            RequestDraft(resources=("/leaf-a/node/db-1",)), FormContext("C1", has_resources=True)
        )
    )
    start, expiry = datetime(2030, 1, 2, 9, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    values: dict[str, dict[str, Any]] = {
        "resources": {"resources": {"selected_options": [{"value": "/main/db/orders"}]}},
        "start": {"start": {"selected_date_time": int(start.timestamp())}},
        "expires": {"expires": {"selected_date_time": int(expiry.timestamp())}},
        "reviewers": {"reviewers": {"selected_options": [{"value": "U1"}]}},
    }
    found = read(values, form["private_metadata"])
    assert (found.draft.start, found.draft.expires) == (start, expiry)
    assert (found.resource_values, found.picked_reviewers) == (("/main/db/orders",), ("U1",))


def test_older_form_keeps_its_start_without_an_input_for_it() -> None:
    start = datetime(2030, 1, 2, 9, tzinfo=UTC)
    metadata = json.dumps({"start": start.isoformat()})
    assert read({}, metadata).draft.start == start
    cleared: dict[str, dict[str, Any]] = {"start": {"start": {"selected_date_time": None}}}
    assert read(cleared, metadata).draft.start is None


def test_form_remembers_the_end_that_it_has_shown() -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    draft = RequestDraft(("staging",), duration=timedelta(days=2))
    view = check_view(request_form(draft, FormContext("C1")))
    shown = with_access_end(submitted(view), ("staging",), end)
    assert "Teleport grants staging only until" in json.dumps(shown)
    assert read({}, shown["private_metadata"]).accepted_end == end
    assert read({}, shown["private_metadata"]).channel == "C1"


def test_long_path_is_selected_by_a_digest() -> None:
    path = f"/main/db/{'x' * 100}"
    value = resource_option.option(path, None).value
    assert value is not None
    assert len(value) <= role_option.LIMIT
    state: dict[str, dict[str, Any]] = {
        "resources": {"resources": {"selected_options": [{"value": value}]}}
    }
    assert resource_option.paths(selected_values(state, "resources"), [path]) == (path,)
