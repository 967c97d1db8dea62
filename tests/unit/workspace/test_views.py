"""Messages and views stay within Slack's limits and show untrusted text literally."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from slack_sdk.models.views import View

from commands.parsing.list_grammar import SCOPES
from commands.request_outcomes import reason_text
from sandbox.slack.block_kit.surfaces import are_blocks_too_long, message_problems, view_problems
from teleport_client.model.access_request import (
    Constraints,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from teleport_client.rules.threshold_progress import open_filters
from tests.integration.slack_driver import buttons, decisions
from tests.samples import HOSTILE, NOW, PAGES, model_of, request, sample_model
from tests.strategies import Extreme, extremes, long_texts, names, requests, texts
from workspace.card_model.build import build_card_model, close_card_model
from workspace.card_model.notice import Notice
from workspace.card_model.progress import progress_after
from workspace.card_model.record import CardLock, CardModel, CardReview, fingerprint
from workspace.card_model.status import Status
from workspace.requests.request_draft import RequestDraft, draft_from_json
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.views.cards.buttons import APPROVE, APPROVE_WITH, DENY, DETAILS
from workspace.views.cards.card import card
from workspace.views.modals.request_input import read
from workspace.views.modals.request_modal import FormContext, request_form
from workspace.views.modals.review_input import ReviewFormMetadata
from workspace.views.modals.review_input import read as read_decision
from workspace.views.modals.review_modal import review_form
from workspace.views.notices import NoticeOptions, notice
from workspace.views.options import role_option
from workspace.views.options.menu import menu
from workspace.views.parts.message import Message, text_message
from workspace.views.requests.request_row import Row
from workspace.views.responses.help import help_message
from workspace.views.responses.lock import access_locked, already_locked
from workspace.views.responses.pending_list import PAGE, pending_list
from workspace.views.responses.request import (
    duplicate_found,
    reason_prompt,
    request_created,
    reviewer_problems,
    shorter_offer,
)
from workspace.views.responses.review import review_submitted, without_effect_message
from workspace.views.responses.submitted_form import result_view, waiting_view
from workspace.views.thread_reply import review_reply

faces = requests().map(model_of)
asks = st.builds(
    RequestDraft,
    roles=st.lists(names, max_size=5).map(tuple),
    reason=long_texts,
    duration=st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=14)),
    reviewers=st.lists(names, max_size=5).map(tuple),
    allow_duplicate=st.booleans(),
)


def text_objects(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every text object of a message or a view."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str) and "type" in part:
            yield part
        for value in part.values():
            yield from text_objects(value)
    elif isinstance(part, list):
        for item in part:
            yield from text_objects(item)


OWN_MARKUP = re.compile(
    r"(\*[A-Z][a-z]+( [a-z]+)+\*\n)?(· )?([a-z]+ )*"
    r"(<!date\^\d+\^[^<>|]+\|[-:\d ]+ UTC>|<https://[!-;=?-{}~]+\|Open in Teleport>)"
)
"""mrkdwn without names and reasons: a label, a time or a link to Teleport."""


def check_texts(blocks: Any) -> None:
    for each in text_objects(blocks):
        assert each["type"] != "mrkdwn" or OWN_MARKUP.fullmatch(each["text"]), each


def check_message(message: Message) -> dict[str, Any]:
    arguments = message.arguments()
    assert len(arguments["text"].encode()) <= 4000
    assert arguments["blocks"] == [block.to_dict() for block in message.blocks]
    blocks = json.loads(json.dumps(arguments["blocks"]))
    assert message_problems(blocks) == []
    assert not are_blocks_too_long(blocks)
    assert 0 < len(arguments["text"]) <= 4000
    assert not {"<", ">"} & set(arguments["text"])
    check_texts(blocks)
    return arguments


def check_view(view: View) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(json.dumps(view.to_dict()))
    assert view_problems(drawn) == []
    check_texts(drawn)
    return drawn


def check_messages_of(model: CardModel) -> None:
    check_message(card(model))
    for kind in Notice:
        check_message(notice(kind, model))
    for approve in (True, False):
        check_message(review_submitted(model, approve=approve))
    check_message(card(close_card_model(model, NOW)))


@given(faces)
def test_any_request_renders_within_slacks_limits(each: CardModel) -> None:
    """Cover cards, notices and responses."""
    check_messages_of(each)


@settings(deadline=None)
@given(extremes, st.sampled_from((ReviewMode.PERSON, ReviewMode.NOTIFY)))
def test_extreme_request_renders_within_slacks_limits(extreme: Extreme, mode: ReviewMode) -> None:
    """Many long parts together fit into one message."""
    check_messages_of(model_of(extreme.request, mode))


def test_largest_request_renders_within_slacks_limits() -> None:
    """It has the maximum of every part, each with its own threshold."""
    many = [f"{number:03}" + "W" * 250 for number in range(300)]
    largest = request(
        user=many[0],
        roles=tuple(many),
        reason="W" * 4096,
        resources=tuple(ResourceId(name, name, name, name) for name in many),
        suggested_reviewers=tuple(many),
        thresholds=tuple(Threshold(approve=9, deny=9, name=name) for name in many),
        role_thresholds={name: ((number,),) for number, name in enumerate(many)},
        reviews=tuple(Review(name, RequestState.DENIED, "W" * 4096) for name in many),
        resolve_reason="W" * 4096,
    )
    drawn = check_message(card(model_of(largest)))
    confirm = buttons(drawn)["approve"]["confirm"]["text"]["text"]
    assert "296 more" in confirm
    assert "for up to 9 hours" in confirm


@pytest.mark.parametrize(("needed", "expected"), [(1, "⛔ Denied by carol"), (2, "⛔ Denied")])
def test_denying_reviewer_is_shown_only_if_the_denial_resolved(needed: int, expected: str) -> None:
    """Otherwise the state was set without a review, and Teleport doesn't report its author."""
    denied = sample_model(
        state=RequestState.DENIED,
        reviews=(Review("carol", RequestState.DENIED, threshold_indexes=(0,)),),
        thresholds=(Threshold(approve=1, deny=needed),),
    )
    assert f"\n{expected}\n" in card(denied).text


@settings(deadline=None)
@given(extremes)
def test_any_review_renders_within_slacks_limits(extreme: Extreme) -> None:
    request = extreme.request
    for review in request.reviews[:2]:
        standing = progress_after(request, review.author)
        check_message(
            review_reply(CardReview(review.author, review.state, review.reason), standing)
        )


@settings(deadline=None)
@given(extremes)
def test_reason_prompts_fit_into_the_form(extreme: Extreme) -> None:
    """Every requested role can have its own prompt."""
    expected = reason_text(extreme.names)
    assert len(expected) <= 1000
    check_view(
        request_form(
            RequestDraft(truncated=True), FormContext("C1", note=expected, reason_required=True)
        )
    )
    check_message(reason_prompt(RequestDraft(roles=("prod",)), expected))


def test_excess_prompts_are_counted() -> None:
    """The example has fourteen roles with prompts of 280 characters."""
    assert reason_text([f"{number} {'x' * 280}" for number in range(14)]).endswith(" and 12 more")


@settings(deadline=None)
@given(extremes, st.integers(1, 13))
def test_list_of_extreme_requests_fits_into_a_message(extreme: Extreme, many: int) -> None:
    waiting = model_of(replace(extreme.request, state=RequestState.PENDING))
    check_message(
        pending_list("Requests", [Row(waiting, NOW, can_review=True)] * many, scope="all")
    )


@given(st.lists(faces, min_size=1, max_size=13), st.integers(0, 1))
def test_any_list_fits_into_a_message(shown: list[CardModel], page: int) -> None:
    rows = [Row(each, NOW, can_review=True) for each in shown]
    check_message(pending_list("Requests", rows, scope="all", page=min(page, len(rows) // PAGE)))


def check_responses_to(draft: RequestDraft, existing: CardModel) -> None:
    for gets_messages in (True, False):
        check_message(
            request_created(draft, existing, NOW, gets_messages=gets_messages, can_cancel=True)
        )
    shorter = (
        [shorter_offer(draft, existing, limited_by_bot_certificate=False)] if draft.duration else []
    )
    doubtful = reviewer_problems(draft, [f"{name} isn't a user." for name in draft.reviewers * 5])
    responses = (
        duplicate_found(draft, existing, NOW),
        reason_prompt(draft, "why"),
        doubtful,
        *shorter,
    )
    for message in responses:
        (button,) = buttons(check_message(message)).values()
        assert len(button["value"]) <= 2000
        carried = draft_from_json(button["value"])
        assert draft.reason.startswith(carried.reason)
        assert draft.roles[: len(carried.roles)] == carried.roles


@given(asks, faces.filter(lambda each: each.access_until is not None))
def test_any_draft_fits_into_a_response(draft: RequestDraft, existing: CardModel) -> None:
    """A button contains the draft, truncated if necessary."""
    check_responses_to(draft, existing)


@given(asks, texts, st.booleans())
def test_any_draft_fits_into_the_form(draft: RequestDraft, note: str, required: bool) -> None:
    check_view(request_form(draft, FormContext("C1", note, required)))


@settings(deadline=None)
@given(extremes, extremes)
def test_extreme_draft_fits_into_response_and_form(extreme: Extreme, other: Extreme) -> None:
    """It has many long roles and reviewers."""
    draft = RequestDraft(extreme.names, extreme.text, timedelta(seconds=3600.4), other.names)
    check_responses_to(draft, model_of(other.request))
    check_view(request_form(draft, FormContext("C1", other.text)))


def test_duration_is_offered_once() -> None:
    """Cover also one within a second of a standard option."""
    view = check_view(
        request_form(RequestDraft(duration=timedelta(minutes=30, seconds=0.4)), FormContext("C1"))
    )
    (menu,) = (block["element"] for block in view["blocks"] if block["block_id"] == "duration")
    values = [option["value"] for option in menu["options"]]
    assert len(values) == len({*values})
    assert menu["initial_option"]["value"] == "1800"


@given(faces | extremes.map(lambda each: model_of(each.request)) | st.none(), st.booleans())
def test_any_request_fits_into_the_review_form(each: CardModel | None, approve: bool) -> None:
    """Cover also an unknown request."""
    check_view(review_form(ReviewFormMetadata("i", approve, "C1"), each))


@given(st.text(min_size=1), extremes)
def test_any_error_text_fits_into_a_response(words: str, extreme: Extreme) -> None:
    """Errors quote untrusted text, and suggested commands quote the user's input."""
    for expected in (words[:2000], extreme.text):
        message = text_message(
            f"It says: {expected}", preformatted=f"/teleport-deny i {extreme.text}"
        )
        check_message(message)
        check_view(result_view(message))


def test_static_views_are_valid() -> None:
    check_view(waiting_view())
    for command in ("request", "pending", "approve", "deny"):
        check_message(help_message(f"/teleport-{command}"))


def test_help_names_each_list() -> None:
    shown = json.dumps(help_message("/teleport-pending").arguments())
    assert all(f"/teleport-pending {name}" in shown for name in SCOPES)


def test_hostile_text_is_shown_literally() -> None:
    """It appears in fields that Slack doesn't parse."""
    arguments = check_message(card(sample_model(reason=HOSTILE, user=HOSTILE, roles=(HOSTILE,))))
    assert "<!channel>" in json.dumps(arguments["blocks"])
    assert "&lt;!channel&gt;" in arguments["text"]
    assert (arguments["parse"], arguments["link_names"]) == ("none", False)


def test_pending_card_has_approve_and_deny_first() -> None:
    """All buttons are in one block, and their value is the request's ID."""
    blocks = check_message(card(sample_model()))["blocks"]
    (actions,) = [block for block in blocks if block["type"] == "actions"]
    approve, deny, *more = actions["elements"]
    assert (approve["action_id"], deny["action_id"]) == (APPROVE, DENY)
    assert APPROVE_WITH in [each["action_id"] for each in more]
    assert {each["value"] for each in actions["elements"]} == {request().id}
    assert approve["confirm"]["text"]["text"] == "alice gets access to staging for up to 9 hours."
    assert "confirm" not in deny


@pytest.mark.parametrize("state", [s for s in RequestState if s is not RequestState.PENDING])
def test_closed_card_only_offers_details(state: RequestState) -> None:
    """It shows the resolution as text."""
    arguments = check_message(card(sample_model(state=state)))
    assert list(buttons(arguments)) == [DETAILS]
    words = {"promoted": "granted"}.get(state.value, state.value)
    assert words in json.dumps(arguments["blocks"]).lower()


def test_card_has_no_buttons_without_reviews_in_slack() -> None:
    """In mode notify it names the place for reviews instead."""
    for mode, request_url_base, expected in (
        (ReviewMode.OFF, "", ""),
        (ReviewMode.NOTIFY, "", "tctl requests approve"),
        (ReviewMode.NOTIFY, PAGES, "Review it in Teleport"),
    ):
        shown = card(
            build_card_model(
                request(), request_url_base=request_url_base, mode=mode, cluster="main"
            )
        ).arguments()
        blocks = shown["blocks"]
        assert [
            each["action_id"]
            for b in blocks
            for each in b.get("elements", ())
            if "action_id" in each
        ] == [DETAILS]
        assert expected in str(blocks)
        assert str(blocks).count(PAGES) == bool(request_url_base)


ARN = "arn:aws:iam::123456789012:role/Admin"


def every_view_of(model: CardModel) -> dict[str, str]:
    """Return the texts of every view that shows a request."""
    views = {
        "card": card(model).arguments(),
        "notice": notice(Notice.CREATED, model).arguments(),
        "answer": review_submitted(model, approve=True).arguments(),
        "list": pending_list("List", [Row(model, NOW, can_review=True)], scope="").arguments(),
        "form": review_form(ReviewFormMetadata(model.id, approve=False), model).to_dict(),
        "created": request_created(
            RequestDraft(), model, NOW, gets_messages=True, can_cancel=True
        ).arguments(),
        "again": duplicate_found(RequestDraft(), model, NOW).arguments(),
    }
    return {name: json.dumps(view) for name, view in views.items()}


def test_resource_of_another_cluster_is_marked_in_every_view() -> None:
    """The mark is the cluster's name. Resources of the bot's own cluster have no mark."""
    databases = [ResourceId(cluster, "node", "db-1") for cluster in ("main", "leaf-eu", "leaf-us")]
    for name, view in every_view_of(sample_model(resources=tuple(databases))).items():
        assert "node/db-1, /leaf-eu/node/db-1 and /leaf-us/node/db-1" in view, name


def test_resource_name_that_looks_like_several_is_quoted_in_every_view() -> None:
    """The names of resources can contain spaces and commas."""
    names = ("orders and db/prod", "a, b", "x” and “y")
    databases = tuple(ResourceId("main", "db", name) for name in names)
    shown = json.dumps('“db/orders and db/prod”, “db/a, b” and “db/x" and "y”').strip('"')
    for name, view in every_view_of(sample_model(resources=databases)).items():
        assert shown in view, name


def model_with(host_names: dict[str, str], *resources: ResourceId) -> CardModel:
    return build_card_model(
        request(resources=resources),
        request_url_base=PAGES,
        mode=ReviewMode.PERSON,
        cluster="main",
        host_names=host_names,
    )


def test_hosts_are_shown_by_name_in_every_view() -> None:
    """Kind and cluster stay visible. Unnamed hosts and hosts of other clusters keep their ID."""
    hosts = [ResourceId("main", "node", "0a1b"), ResourceId("leaf", "node", "0a1b")]
    named = model_with({"0a1b": "web-1"}, *hosts, ResourceId("main", "app", "0a1b"))
    for name, view in every_view_of(named).items():
        assert "node/web-1, /leaf/node/0a1b and app/0a1b" in view, name


def test_hosts_of_the_same_name_show_their_ids() -> None:
    hosts = [ResourceId("main", "node", each) for each in ("0a1b", "0c2d", "0e3f")]
    shown = model_with({"0a1b": "web", "0c2d": "web", "0e3f": "db"}, *hosts)
    assert shown.targets == ("node/web (0a1b)", "node/web (0c2d)", "node/db")


def test_names_never_displace_constraints() -> None:
    """A card shows all constraints, if necessary with IDs instead of names."""
    logins = Constraints("login", ("x" * 1100,))
    host = ResourceId("main", "node", "0a1b", constraints=logins)
    assert model_with({"0a1b": "web"}, host).resource_names
    assert not model_with({"0a1b": "w" * 200}, host).resource_names


def test_resource_constraints_are_shown_in_every_view() -> None:
    """They appear beside the resource, and in the dialog that confirms an approval."""
    console = ResourceId("main", "app", "aws", constraints=Constraints("role ARN", (ARN,)))
    shown = sample_model(resources=(console,))
    for name, view in every_view_of(shown).items():
        assert f"app/aws (role ARN: {ARN})" in view, name
    assert ARN in buttons(card(shown).arguments())["approve"]["confirm"]["text"]["text"]


@pytest.mark.parametrize(
    "constraints",
    [
        Constraints(readable=False),
        Constraints("login", ("root",), readable=False),
        Constraints("login", tuple(f"user-{number:03}" for number in range(200))),
    ],
)
def test_request_too_long_for_a_card_is_not_reviewed_in_slack(
    constraints: Constraints,
) -> None:
    """The same holds for content that this version can't read. The card names the reason."""
    limited = request(resources=(ResourceId("main", "node", "a", constraints=constraints),))
    for mode in (ReviewMode.PERSON, ReviewMode.OVERRIDE, ReviewMode.NOTIFY):
        assert ReviewPolicy(mode, {"*": ("bob",)}).mode_of(limited) is ReviewMode.NOTIFY
    drawn = check_message(card(model_of(limited, ReviewPolicy().mode_of(limited))))
    assert not decisions(drawn)
    assert "can't show the full request" in json.dumps(drawn)


def test_list_has_no_buttons_when_it_truncates_constraints() -> None:
    """The card shows them completely."""
    logins = Constraints("login", tuple(f"user-{number:03}" for number in range(40)))
    shown = sample_model(resources=(ResourceId("main", "node", "a", constraints=logins),))
    assert "user-039" in json.dumps(card(shown).arguments())
    listed = check_message(pending_list("Requests", [Row(shown, NOW, can_review=True)], scope=""))
    assert not decisions(listed)
    assert "Review it on its card" in json.dumps(listed)


def test_approval_count_is_one_text() -> None:
    """`1 of 2` is a single text object."""
    two = {
        "roles": ("prod",),
        "thresholds": (Threshold(2, 1),),
        "role_thresholds": {"prod": ((0,),)},
        "reviews": (Review("bob", RequestState.APPROVED, threshold_indexes=(0,)),),
    }
    shown = list(text_objects(card(sample_model(**two)).arguments()["blocks"]))
    assert any("1 of 2 approvals" in each["text"] for each in shown)


@pytest.mark.parametrize(
    ("thresholds", "given", "expected"),
    [
        ((Threshold(1, 1),), 0, "alice gets access"),
        ((Threshold(2, 1),), 0, "After yours, 1 more approval is needed before alice gets access"),
        ((Threshold(3, 1),), 0, "After yours, 2 more approvals are needed before alice gets"),
        ((Threshold(3, 1),), 2, "alice gets access"),
        ((Threshold(3, 1), Threshold(1, 1)), 0, "alice gets access"),
    ],
)
def test_dialog_describes_the_effect_of_an_approval(
    thresholds: tuple[Threshold, ...], given: int, expected: str
) -> None:
    """Any threshold of a set is enough. Only the dialog of the last approval announces access."""
    every = tuple(range(len(thresholds)))
    drawn = card(
        sample_model(
            thresholds=thresholds,
            role_thresholds={"staging": (every,)},
            reviews=tuple(
                Review(f"{n}", RequestState.APPROVED, threshold_indexes=every) for n in range(given)
            ),
        )
    ).arguments()
    assert buttons(drawn)["approve"]["confirm"]["text"]["text"].startswith(expected)


def test_card_shows_each_fact_once() -> None:
    """The reviewers in the first line aren't listed again, and each time has one line."""
    voted = {
        "thresholds": (Threshold(2, 1),),
        "role_thresholds": {"staging": ((0,),)},
        "reviews": (
            Review("bob", RequestState.APPROVED, threshold_indexes=(0,)),
            Review("carol", RequestState.APPROVED, "fine", threshold_indexes=(0,)),
        ),
    }
    approved = json.dumps(
        card(sample_model(state=RequestState.APPROVED, **voted)).arguments()["blocks"]
    )
    assert (approved.count("bob"), approved.count("carol"), approved.count("approved")) == (1, 2, 0)
    waiting = sample_model(expires=NOW + timedelta(hours=8))
    assert "Request expires" not in json.dumps(card(waiting).arguments())
    assert "Request expires" in json.dumps(card(sample_model()).arguments())


def test_card_begins_with_requester_targets_and_duration() -> None:
    """A fact that is in the title isn't repeated."""
    assert card(sample_model()).text.splitlines()[0] == "alice requests staging for 9 hours"
    closed = sample_model(state=RequestState.DENIED)
    assert card(closed).text.startswith("alice requested staging for 9 hours")
    later = sample_model(assume_start=NOW + timedelta(hours=6))
    assert card(later).text.startswith("alice requests staging for 2 hours")
    assert not re.search("Requester|Roles", card(sample_model()).text)


def test_names_cut_from_the_title_are_listed_below() -> None:
    """The title keeps the duration, and a resource request also lists its roles."""
    roles = tuple(f"database-administrator-{number}" for number in range(9))
    shown = card(sample_model(user="a" * 90, roles=roles)).text
    assert shown.splitlines()[0].endswith("more for 9 hours")
    assert f"Requester: {'a' * 90}\nRoles: {', '.join(roles[:8])} and {roles[8]}" in shown
    node = sample_model(resources=(ResourceId("main", "node", "web"),))
    assert "Roles: staging" in card(node).text
    assert "Resources" not in card(node).text


def test_url_that_is_not_a_plain_link_is_left_out() -> None:
    """Slack would end the link early, and read the rest as markup."""
    odd = replace(sample_model(), request_url="https://a.example/|x> <!channel>")
    assert "Open in Teleport" not in json.dumps(check_message(card(odd)))


def test_deleted_approval_still_shows_access() -> None:
    """Certificates outlive the request. The card shows their expiry and how to revoke them."""
    approved = sample_model(state=RequestState.APPROVED)
    deleted = close_card_model(approved, NOW)
    assert deleted.status is Status.DELETED_APPROVED
    drawn = json.dumps(check_message(card(deleted)), ensure_ascii=False)
    for expected in (
        "Approved, then deleted",
        "stay valid",
        "2026-11-22 20:00",
        "tctl lock --access-request=",
    ):
        assert expected in drawn
    assert "ended" not in drawn
    assert "can't log in" in json.dumps(notice(Notice.APPROVED, deleted).arguments())
    assert close_card_model(approved, NOW + timedelta(hours=8)).status is Status.ACCESS_ENDED


def test_several_threshold_sets_get_a_line_each() -> None:
    """Each line names the roles that need the set."""
    several = {
        "roles": ("db", "web"),
        "thresholds": (Threshold(2, 1), Threshold(1, 1, "admins")),
        "role_thresholds": {"db": ((0,), (1,)), "web": ((0, 1),)},
    }
    words = json.dumps(card(sample_model(**several)).arguments()["blocks"])
    for line in (
        "0 of 2 approvals for db",
        "0 of 1 approvals (admins) for db",
        "0 of 2 approvals or 0 of 1 approvals (admins) for web",
    ):
        assert line in words


def test_approval_names_its_decisive_reviewers() -> None:
    """A request resolved without its thresholds isn't attributed to an earlier reviewer."""
    vote = Review("bob", RequestState.APPROVED, threshold_indexes=(0,))
    one = {"thresholds": (Threshold(1, 1),), "role_thresholds": {"staging": ((0,),)}}
    two = one | {"thresholds": (Threshold(2, 1),)}
    approved = {"state": RequestState.APPROVED, "reviews": (vote,)}
    assert "Approved by bob" in card(sample_model(**one, **approved)).text
    assert "Approved by bob" not in card(sample_model(**two, **approved)).text


def test_review_without_effect_is_not_shown_as_an_approval() -> None:
    """Cover the card, its thread, and the response that lists the required reviewers."""
    lead = Threshold(1, 1, "lead", 'contains(reviewer.roles, "lead")')
    odd = Threshold(1, 1, "odd", 'review.reason == "<ok>"')
    filtered = request(
        thresholds=(lead, odd),
        role_thresholds={"staging": ((0, 1),)},
        reviews=(Review("bob", RequestState.APPROVED),),
    )
    shown = model_of(filtered)
    assert "counts toward no threshold" in json.dumps(card(shown).arguments())
    expected = review_reply(shown.reviews[0], "").text
    assert expected == "✓ bob approved, which counts toward no threshold."
    response = json.dumps(check_message(without_effect_message(shown, open_filters(filtered))))
    assert "reviewers with the role lead or reviewers who match review.reason ==" in response
    approved = model_of(replace(filtered, state=RequestState.APPROVED))
    assert "Approved by bob" not in card(approved).text


@settings(deadline=None)
@given(extremes)
def test_any_filter_fits_into_a_response(extreme: Extreme) -> None:
    """Administrators can write filters of any length."""
    filters = [Threshold(1, 1, name, name) for name in extreme.names]
    check_message(without_effect_message(model_of(extreme.request), filters))


def test_notice_contains_the_complete_next_command() -> None:
    words = json.dumps(notice(Notice.APPROVED, sample_model()).arguments())
    assert f"tsh login --request-id={request().id}" in words
    assert "--proxy" not in words
    options = NoticeOptions(proxy="teleport.example.com")
    shown = check_message(
        notice(Notice.APPROVED, sample_model(state=RequestState.APPROVED), options)
    )
    assert "Not logged in yet? Add --proxy=teleport.example.com." in shown["text"]


def test_fingerprints_differ_when_cards_differ() -> None:
    """The bot detects an outdated card by its fingerprint."""
    assert fingerprint(sample_model()) == fingerprint(sample_model())
    assert fingerprint(sample_model()) != fingerprint(sample_model(reason="new"))


def test_long_role_names_are_read_from_the_options() -> None:
    """A name too long for an option is identified by a digest."""
    long = "x" * 200
    option = role_option.option(long).to_dict()
    assert len(option["value"]) <= 75
    assert role_option.names([option["value"], "short"], [long, "other"]) == (long, "short")


def test_menu_states_that_there_are_more_matches_than_options() -> None:
    """Slack accepts a hundred options. Typing filters them."""
    options = [role_option.option(f"role-{number}") for number in range(120)]
    assert menu(options[:100], 100) == {"options": [each.to_dict() for each in options[:100]]}
    (group,) = menu(options, 20_000)["option_groups"]
    assert len(group["options"]) == 100
    assert group["label"]["text"] == "The best 100 of 20,000 matches. Type more to see others."


def test_form_values_become_a_draft() -> None:
    view = check_view(request_form(RequestDraft(reviewers=("bob",)), FormContext("C1")))
    values: dict[str, dict[str, Any]] = {
        "roles": {"roles": {"selected_options": [{"value": "staging"}]}},
        "reason": {"reason": {"value": " redis "}},
        "duration": {"duration": {"selected_option": {"value": "7200"}}},
        "reviewers": {"reviewers": {"selected_users": ["U1"]}},
    }
    filled = read(values, view["private_metadata"])
    assert filled.draft == RequestDraft(
        reason="redis", duration=timedelta(hours=2), reviewers=("bob",)
    )
    assert (filled.role_values, filled.picked_reviewers) == (("staging",), ("U1",))
    assert filled.channel == "C1"


def test_empty_form_is_an_empty_draft() -> None:
    """Slack sends null for unchanged fields."""
    values: dict[str, Any] = {
        name: {name: {"selected_options": None, "value": None, "selected_option": None}}
        for name in ("roles", "reason", "duration", "reviewers")
    }
    assert read(values, "").draft == RequestDraft()


def test_review_form_values_are_read() -> None:
    """The form's metadata contains the decision, and its field contains the reason."""
    decision = ReviewFormMetadata("some-id", approve=False, channel="C1")
    view = check_view(review_form(decision, sample_model()))
    values = {"reason": {"reason": {"value": " no "}}}
    submitted = read_decision(values, view["private_metadata"])
    assert (submitted.review, submitted.reason) == (decision, "no")


@given(asks)
def test_draft_survives_a_button(draft: RequestDraft) -> None:
    assert draft_from_json(draft.to_json()) == draft


def test_missing_request_is_shown_according_to_its_times() -> None:
    """A deleted request differs from an expired one."""
    assert close_card_model(sample_model(), NOW).status is Status.DELETED
    assert close_card_model(sample_model(), NOW + timedelta(hours=2)).status is Status.EXPIRED


def test_review_without_effect_suggests_an_administrator_if_no_filter_explains_it() -> None:
    message = check_message(without_effect_message(sample_model(), []))
    assert "Ask a Teleport administrator who can review it" in json.dumps(message)


def test_time_of_a_request_is_left_out_if_teleport_has_none() -> None:
    draft, existing = RequestDraft(("staging",)), sample_model()
    for created, shown in ((NOW, True), (None, False)):
        message = check_message(duplicate_found(draft, existing, created))
        assert (" · requested " in json.dumps(message, ensure_ascii=False)) is shown


def test_list_leaves_out_the_time_of_a_request_without_one() -> None:
    dated = Row(sample_model(), NOW, can_review=False)
    for row, shown in ((dated, True), (replace(dated, created=None), False)):
        message = check_message(pending_list("Pending", [row], scope="mine"))
        assert (" · requested " in json.dumps(message, ensure_ascii=False)) is shown


@given(extreme=extremes, other=extremes)
@settings(max_examples=25)
def test_any_locked_request_renders_within_slacks_limits(extreme: Extreme, other: Extreme) -> None:
    model = replace(model_of(extreme.request), status=Status.APPROVED)
    for lock in (CardLock(other.names[0], other.text), CardLock(message=other.text), CardLock()):
        locked = replace(model, lock=lock)
        shown = (card(locked), notice(Notice.APPROVED, locked), already_locked(locked))
        for each in (*shown, access_locked(locked, own=False), access_locked(locked, own=True)):
            check_message(each)


def test_lock_is_shown_literally() -> None:
    """Its message can come from any program that creates locks."""
    approved = replace(sample_model(state=RequestState.APPROVED), lock=CardLock("bob", HOSTILE))
    for each in (card(approved), notice(Notice.APPROVED, approved), already_locked(approved)):
        check_message(each)
        assert "🔒 Locked by bob: " in each.text


def test_locked_access_offers_neither_a_lock_nor_a_login() -> None:
    approved = sample_model(state=RequestState.APPROVED)
    options = NoticeOptions(can_lock=True)
    assert "done" in buttons_of(notice(Notice.APPROVED, approved, options))
    locked = replace(approved, lock=CardLock())
    shown = notice(Notice.APPROVED, locked, options)
    assert buttons_of(shown) == {"request_again"}
    assert "tsh login --request-id" not in shown.text
    assert "tsh logout" in shown.text


def buttons_of(message: Message) -> set[str]:
    return {*buttons(message.arguments())}


@pytest.mark.parametrize(
    ("mode", "locked", "offered"),
    [
        (ReviewMode.PERSON, False, True),
        (ReviewMode.OVERRIDE, False, True),
        (ReviewMode.NOTIFY, False, False),
        (ReviewMode.OFF, False, False),
        (ReviewMode.PERSON, True, False),
    ],
)
def test_approved_card_offers_a_lock_to_reviewers(
    mode: ReviewMode, locked: bool, offered: bool
) -> None:
    model = build_card_model(
        request(state=RequestState.APPROVED),
        request_url_base="",
        mode=mode,
        cluster="main",
        lock=CardLock() if locked else None,
        can_lock=True,
    )
    assert ("lock" in buttons_of(card(model))) is offered


def test_fingerprint_without_a_lock_is_the_one_of_earlier_versions() -> None:
    """Otherwise an update of the bot would update every card in Slack."""
    model = sample_model()
    assert "lock" not in model_json(model)
    assert fingerprint(replace(model, lock=CardLock())) != fingerprint(model)


def model_json(model: CardModel) -> str:
    return TypeAdapter(CardModel).dump_json(model, exclude_defaults=True).decode()
