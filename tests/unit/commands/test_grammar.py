"""Syntax of /teleport-request and of the review command."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.parsing.durations import is_duration, parse_duration
from commands.parsing.grammar import parse_request
from commands.parsing.review_grammar import parse_review
from commands.parsing.typed_request import TypedRequest
from commands.parsing.words import KEYWORDS, wants_help
from tests.cpu_limit import cpu_limit
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ID = "0190c0de-0000-7000-8000-00000000abcd"
QUOTES = "\"“”„«»'‘’"
roles = st.lists(
    st.from_regex(r"[a-z][a-z0-9._-]{0,20}", fullmatch=True).filter(lambda r: r not in KEYWORDS),
    min_size=1,
    max_size=5,
    unique=True,
)
reasons = (
    st.text(min_size=1, max_size=200).map(str.strip).filter(lambda r: r and r[0] not in QUOTES)
)
hours = st.integers(min_value=1, max_value=14 * 24)


@pytest.mark.parametrize(
    ("typed", "draft"),
    [
        ("", RequestDraft()),
        ("staging", RequestDraft(("staging",))),
        ("staging prod", RequestDraft(("staging", "prod"))),
        ("staging,prod", RequestDraft(("staging", "prod"))),
        ("staging staging", RequestDraft(("staging",))),
        ("staging for 2h", RequestDraft(("staging",), duration=2 * HOUR)),
        ("staging for 2 hours and 30 min", RequestDraft(("staging",), duration=2.5 * HOUR)),
        ("staging because redis is stuck", RequestDraft(("staging",), "redis is stuck")),
        ("staging BECAUSE x for 3h", RequestDraft(("staging",), "x for 3h")),
        ("staging because it's --down", RequestDraft(("staging",), "it's --down")),
        ('staging --reason "a b" --duration 2h', RequestDraft(("staging",), "a b", 2 * HOUR)),
        ('staging --reason="a b"', RequestDraft(("staging",), "a b")),
        (
            "staging --reason redis is stuck --duration 1h",
            RequestDraft(("staging",), "redis is stuck", HOUR),
        ),
        ("--roles staging,prod", RequestDraft(("staging", "prod"))),
        ("x --reviewers bob,@carol", RequestDraft(("x",), reviewers=("bob", "@carol"))),
        ("x —reason “it’s odd”", RequestDraft(("x",), "it’s odd")),
        ('"for" because x', RequestDraft(("for",), "x")),
        (
            "staging   for 2h\nbecause\n two lines",
            RequestDraft(("staging",), "two lines", 2 * HOUR),
        ),
        ("staging for 1:30", RequestDraft(("staging",), duration=1.5 * HOUR)),
        ("staging for an hour because x", RequestDraft(("staging",), "x", HOUR)),
        ("staging for half an hour", RequestDraft(("staging",), duration=30 * MINUTE)),
        ("staging for 2h.", RequestDraft(("staging",), duration=2 * HOUR)),
        ("for 2h staging", RequestDraft(("staging",), duration=2 * HOUR)),
        ("staging for 2h and prod", RequestDraft(("staging", "and", "prod"), duration=2 * HOUR)),
        ("staging for: 2h because: x", RequestDraft(("staging",), "x", 2 * HOUR)),
        ("staging because, well, x", RequestDraft(("staging",), "well, x")),
        ("for 2h 'my role' 'b", RequestDraft(("my role", "'b"), duration=2 * HOUR)),
        ("staging because:x", RequestDraft(("staging",), "x")),
        ('staging because "redis is stuck"', RequestDraft(("staging",), "redis is stuck")),
        ('staging because "a" and "b"', RequestDraft(("staging",), '"a" and "b"')),
        ("staging reason: redis is stuck", RequestDraft(("staging",), "redis is stuck")),
        ("staging reason:redis is stuck", RequestDraft(("staging",), "redis is stuck")),
        ("staging --reason=redis is stuck", RequestDraft(("staging",), "redis is stuck")),
        ("staging --reason: ok", RequestDraft(("staging",), "ok")),
        ("staging -reason ok", RequestDraft(("staging",), "ok")),
        ("staging −−reason ok", RequestDraft(("staging",), "ok")),
        ("-staging", RequestDraft(("-staging",))),
        ("staging --duration 2 hours prod", RequestDraft(("staging", "prod"), duration=2 * HOUR)),
        (
            "staging --session-ttl 2 hours prod",
            RequestDraft(("staging", "prod"), session=2 * HOUR),
        ),
        ("staging --duration=2 hours", RequestDraft(("staging",), duration=2 * HOUR)),
        ("staging;prod", RequestDraft(("staging", "prod"))),
        ("--roles staging, prod for 2h", RequestDraft(("staging", "prod"), duration=2 * HOUR)),
        ("x --reviewers bob;@carol", RequestDraft(("x",), reviewers=("bob", "@carol"))),
        ("x --reviewers bob, carol y", RequestDraft(("x", "y"), reviewers=("bob", "carol"))),
        ("x --reviewers bob and carol", RequestDraft(("x",), reviewers=("bob", "carol"))),
        ("x --reviewers <@U0BOB|Bob B>", RequestDraft(("x",), reviewers=("<@U0BOB|Bob B>",))),
        ("x because y, reviewers @bob", RequestDraft(("x",), "y", reviewers=("@bob",))),
        (
            "x because y reviewers @bob for 2h",
            RequestDraft(("x",), "y", 2 * HOUR, reviewers=("@bob",)),
        ),
        ("x because y reviewers bob", RequestDraft(("x",), "y reviewers bob")),
        ("x because reviewers @bob asked", RequestDraft(("x",), "reviewers @bob asked")),
        ("x because “y reviewers @bob”", RequestDraft(("x",), "y reviewers @bob")),
        ("x because of ssh to node/y", RequestDraft(("x",), "of ssh to node/y")),
        ("x because y reviewers @bob for soon", RequestDraft(("x",), "y reviewers @bob for soon")),
        ("x reviewers: <@U0BOB>,bob", RequestDraft(("x",), reviewers=("<@U0BOB>", "bob"))),
    ],
)
def test_request_is_parsed_in_every_common_spelling(typed: str, draft: RequestDraft) -> None:
    """Keywords, flags and typographic quotes have the same meaning."""
    assert parse_request(typed) == TypedRequest(draft)


@pytest.mark.parametrize(
    ("typed", "resources"),
    [
        ("x to node/a, db/b and app/c", ["node/a", "db/b", "app/c"]),
        ("x reviewers @bob, to database/b for 2h", ["db/b"]),
        ("x because y reviewers @bob and @carol, to server/a", ["node/a"]),
        ("leaf-a/node/db-1 kube/prod", ["leaf-a/node/db-1", "kube_cluster/prod"]),
        ("pod/prod/default/web-1", ["pod/prod/default/web-1"]),
        ("--resource /main/node/a,db/b", ["main/node/a", "db/b"]),
        ("x because of node/y", []),
        ("team/dev to x", []),
    ],
)
def test_word_with_a_kind_of_resource_is_a_resource(typed: str, resources: list[str]) -> None:
    found = parse_request(typed)
    paths = ((each.cluster, each.kind, each.name, each.sub_resource) for each in found.resources)
    assert ["/".join(filter(None, path)) for path in paths] == resources
    assert "to" not in found.draft.reviewers


def test_role_can_have_the_name_of_a_flag_before_a_colon() -> None:
    assert parse_request("resource:read because x").draft == RequestDraft(("resource:read",), "x")


@pytest.mark.parametrize("name", ["web-1", "main/web-1", "foo/bar", "“web 1”", "node/"])
def test_advised_resource_can_be_typed(name: str) -> None:
    with pytest.raises(UserError) as rejected:
        parse_request(f"--resource {name}")
    advised = re.findall(r"such as (\S+)\.", rejected.value.text)
    assert not advised or parse_request(f"--resource {advised[0]}").resources


def test_flag_without_a_value_is_named_as_typed() -> None:
    with pytest.raises(UserError) as rejected:
        parse_request("x --max-duration")
    assert "--max-duration needs a value, such as --max-duration 2h." in rejected.value.text


def test_flags_of_tsh_mean_the_same_here() -> None:
    typed = "--max-duration 2h --assume-start-time 2026-12-01T14:30:00Z"
    assert parse_request(f"x {typed}") == parse_request("x for 2h from 2026-12-01T14:30:00Z")


def test_all_reasons_are_kept() -> None:
    assert parse_request('x --reason "redis is stuck" because of db-1').draft.reason == (
        "redis is stuck of db-1"
    )


@pytest.mark.parametrize(
    ("typed", "twice"),
    [
        ("x for 2h --max-duration 3h", "durations"),
        ("x --session-ttl 1h --session-ttl 2h", "session lengths"),
        ("x from 16:00 --start 17:00", "starts"),
        ("x from 16:00 to 17:00 until 18:00", "ends"),
    ],
)
def test_second_value_is_rejected(typed: str, twice: str) -> None:
    with pytest.raises(UserError, match=f"There are two different {twice} in your request"):
        parse_request(typed)


def test_repeated_value_is_accepted() -> None:
    assert parse_request("x for 2h --duration 120m") == parse_request("x for 2h")


@given(roles, hours, reasons)
def test_request_in_words_is_parsed_back(wanted: list[str], count: int, reason: str) -> None:
    """It holds for any roles, any whole number of hours and any reason."""
    draft = parse_request(f"{' '.join(wanted)} for {count}h because {reason}").draft
    assert (list(draft.roles), draft.duration, draft.reason) == (wanted, count * HOUR, reason)


@given(roles, hours, reasons.filter(lambda reason: '"' not in reason))
def test_request_with_flags_is_parsed_back(wanted: list[str], count: int, reason: str) -> None:
    """The order of the flags doesn't matter."""
    draft = parse_request(f'--reason "{reason}" {",".join(wanted)} --duration {count}h').draft
    assert (list(draft.roles), draft.duration, draft.reason) == (wanted, count * HOUR, reason)


@given(st.text(max_size=300))
def test_any_text_is_a_draft_or_a_user_error(typed: str) -> None:
    try:
        parse_request(typed)
    except UserError as refusal:
        assert refusal.text.endswith((".", "?"))


@pytest.mark.parametrize(
    ("typed", "helps"),
    [
        ("staging --reson x", "Did you mean --reason?"),
        ("staging --zzzzzz x", "Available flags: --reason"),
        ("staging --assume-start-tme x", "Did you mean --assume-start-time?"),
        ("staging --reason", '--reason needs a value, such as --reason "redis is stuck"'),
        ("staging --reason --duration 1h", "--reason needs a value"),
        ("staging --reviewers ''", "--reviewers needs a value"),
        ("staging for", "Add a duration, such as: for 2h"),
        ("staging for because x", "Add a duration, such as: for 2h"),
        ("staging for -999999999999999999999w", "is out of range"),
        ("staging for 2", "“2” has no unit. Use something like 30m, 2h"),
        ("staging until soon", "“soon” isn't a time. Use something like 17:00, 5pm"),
        ("staging until because x", "The time is missing. Use something like 17:00"),
        ("staging from 5", "“5” can be in the morning or in the afternoon. Write 5:00, 5am or 5pm"),
        ("staging --until", "--until needs a value"),
        ("staging --session-ttl", "--session-ttl needs a value"),
        ("staging --session-ttl 15d", "Use between 1 minute and 14 days"),
        ("staging for soon", "“soon” isn't a duration. Use something like 30m, 2h"),
        ("staging for 0", "“0” has no unit"),
        ("staging for 0h", "Use between 1 minute and 14 days"),
        ("staging for -1h", "Use between 1 minute and 14 days"),
        ("staging for 3 years", "“3 years” isn't a duration"),
        ("staging for 1000 days", "Use between 1 minute and 14 days"),
        ("staging --duration 15d", "Use between 1 minute and 14 days"),
    ],
)
def test_mistake_gets_an_error_with_a_correction(typed: str, helps: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_request(typed)
    assert helps in refused.value.text


@pytest.mark.parametrize(
    ("typed", "helps"),
    [
        ("db/orders/readonly", "has too many parts. Write db/<name>"),
        ("kube_cluster/prod/dev", "has too many parts"),
        ("pod/prod/default/web/1", "Write pod/<kubernetes cluster>/<namespace>/<name>"),
        ('"db/orders, read-only"', "isn't the name of a resource"),
        ("x" * 16_001, "16001 characters long; the limit is 16000"),
    ],
)
def test_name_that_no_resource_has_is_rejected(typed: str, helps: str) -> None:
    """On a card, it could look like other access than it gives."""
    with pytest.raises(UserError) as refused:
        parse_request(typed)
    assert helps in refused.value.text


@pytest.mark.parametrize("typed", ["help", " HELP ", "--help", "—help", "“help”", "-h", "?"])
def test_help_words_are_not_parsed_as_roles(typed: str) -> None:
    assert wants_help(typed)


@pytest.mark.parametrize("typed", ["helpdesk", "h", "help me"])
def test_role_can_contain_the_word_help(typed: str) -> None:
    """Only the bare word requests help."""
    assert not wants_help(typed)


@pytest.mark.parametrize(
    "typed",
    [
        f"{ID} ok",
        f"{ID.upper()} ok",
        f"`{ID}` ok",
        f"<{ID}>: ok",
        f'"{ID}" "ok"',
        f"{ID} because ok",
        f"{ID} Because: ok",
        f"{ID} --reason ok",
        f"{ID} —reason ok",
        f"{ID} –reason “ok”",
        f'{ID} --reason="ok"',
        f"{ID} --reason: ok",
        f"{ID} reason: ok",
        f"{ID} Reason:ok",
        f"{ID} - ok",
        f"{ID} — “ok”",
        f"--reason 'ok' {ID}",
        f"reason: “ok” {ID}",
    ],
)
def test_review_reason_is_parsed_in_every_spelling(typed: str) -> None:
    """Teleport stores the reason permanently, so flags and quotes are removed."""
    assert parse_review(typed) == (ID, "ok")


@pytest.mark.parametrize(
    "pasted",
    [
        ID, ID.upper(), f"({ID})", f"#{ID}", f"<{ID}>", f"{ID}.", f"`{ID}`", f"“{ID}”", f"[{ID}]:",
        f"Request {ID}", f"request #{ID}", f"Request: {ID}", f"ID {ID},",
        f"https://teleport.example.com/web/requests/{ID}",
        f"https://teleport.example.com:3080/web/requests/{ID}?tab=1",
        f"<https://teleport.example.com/web/requests/{ID}>",
    ],
)  # fmt: skip
def test_pasted_request_id_is_found(pasted: str) -> None:
    """Users copy it from a card, a list, a link or another user's message."""
    assert parse_review(f"{pasted} looks fine") == (ID, "looks fine")


@pytest.mark.parametrize("pasted", ["#f40631fc", "Request F40631FC", "(f40631fc)", "f40631fc…"])
def test_pasted_part_of_an_id_is_found(pasted: str) -> None:
    assert parse_review(pasted) == ("f40631fc", "")


@pytest.mark.parametrize(
    "reason",
    ["👍", "it's --down for now", 'see "runbook 7" first', "for 2h", "looks fine because x"],
)
def test_plain_review_reason_is_kept_as_typed(reason: str) -> None:
    """After its first word, the parser doesn't look for flags or keywords."""
    assert parse_review(f"{ID} {reason}") == (ID, reason)


def test_unknown_flag_of_a_review_is_rejected() -> None:
    """Otherwise it would be recorded as a reason."""
    for typed in (f"{ID} --reson ok", f"{ID} --duration 2h"):
        with pytest.raises(UserError, match="Unknown flag"):
            parse_review(typed)


amounts = st.tuples(st.integers(0, 13), st.integers(0, 23), st.integers(0, 59))
SPELLINGS = (
    "{d}d{h}h{m}m",
    "{d} days, {h} hours and {m} minutes",
    "{d}d {h}h{m}",
    "{d} day {h} hr {m} min.",
    "{d}D {h}H {m}M",
)


@given(amounts.filter(any), st.sampled_from(SPELLINGS))
def test_duration_is_parsed_in_every_spelling(amount: tuple[int, int, int], spelling: str) -> None:
    """Days, hours and minutes add up."""
    days, hours, minutes = amount
    typed = spelling.format(d=days, h=hours, m=minutes)
    assert parse_duration(typed) == timedelta(days=days, hours=hours, minutes=minutes)


@given(st.integers(0, 335), st.integers(0, 59))
def test_duration_with_a_colon_is_hours_and_minutes(hours: int, minutes: int) -> None:
    """It never means minutes and seconds."""
    typed = f"{hours}:{minutes:02}"
    assert is_duration(typed)
    if hours or minutes:
        assert parse_duration(typed) == timedelta(hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("an hour", 1),
        ("one hour", 1),
        ("two hours", 2),
        ("half an hour", 0.5),
        ("half hour", 0.5),
        ("a half hour", 0.5),
        ("an hour and a half", 1.5),
        ("2 hours and a half", 2.5),
        ("1.5h", 1.5),
        ("1,5 hours", 1.5),
        ("1h30", 1.5),
        ("1:30h", 1.5),
        ("1:30:00", 1.5),
        ("a day", 24),
        ("half a day", 12),
        ("1 week", 168),
        ("1w2d", 216),
        ("90 mins", 1.5),
        ("3600s", 1),
        ("2h!", 2),
    ],
)
def test_duration_is_parsed_from_words(typed: str, hours: float) -> None:
    assert parse_duration(typed) == hours * HOUR


@pytest.mark.parametrize(
    "typed",
    [
        "2",
        "2 h 3 h",
        "30m 2h",
        "1:60",
        "1:30 min",
        "5pm",
        "1 month",
        "h",
        "2hh",
        "and",
        "2h x",
        "1h99",
    ],
)
def test_other_text_is_not_a_duration(typed: str) -> None:
    """A guess could grant access for the wrong time."""
    assert not is_duration(typed)


@pytest.mark.parametrize(
    "part",
    [
        "a ",
        "“a ",
        "'a ",
        "for 2h ",
        "for ",
        "1h",
        "a,",
        "<@",
        "--reason a ",
        "reason:",
        "--roles a, ",
    ],
)
def test_text_is_parsed_in_linear_time(part: str) -> None:
    """A command's text can be long."""
    text = part * (60_000 // len(part))
    with cpu_limit(seconds=4):
        for read in (parse_request, parse_review, is_duration, wants_help):
            with suppress(UserError):
                read(text)
