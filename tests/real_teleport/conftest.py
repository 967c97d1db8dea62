"""The bot between Teleport's own programs and the sandbox's Slack; see `make real-teleport`."""

import os
import time
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from bot.setup.manifest import manifest
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from tests.integration.slack_driver import SlackDriver
from tests.real_teleport.harness.bot_process import BotProcess, running_bot
from tests.real_teleport.harness.bot_role import assign_bot_role
from tests.real_teleport.harness.cast_resources import ACCOUNTS, roles
from tests.real_teleport.harness.cluster import Cluster
from tests.real_teleport.harness.features import Feature, ServerFeatures, detect_features
from tests.real_teleport.harness.not_applicable import fail_unexpected_skip, not_applicable, summary
from tests.real_teleport.harness.programs import NAMES, Programs
from tests.real_teleport.harness.rules_server import RealServer, identity_channel
from tests.real_teleport.harness.tsh import Logins
from tests.real_teleport.harness.world import Setting, World
from tests.server_rules.server import Name, Server

_FOLDER = "TELEPORT_BIN"
_NAMES = ", ".join(NAMES)
_TEST_SECONDS = 180
_PATIENCE = 45.0
"""Seconds that users in Slack wait; a takeover or a restarted Auth Service takes a while."""
_BOT_USER = "chatops"
_FEATURES = pytest.StashKey[ServerFeatures]()


# ------------------------------------------------------------------- the run and its summary


def pytest_configure(config: pytest.Config) -> None:
    """End with one sentence if there is nothing to run against."""
    config.addinivalue_line("markers", "needs(feature): the server has the feature")
    config.addinivalue_line("markers", "lacks(feature): the server does not have the feature")
    folder = os.environ.get(_FOLDER, "")
    if not folder:
        pytest.exit(f"Set {_FOLDER} to a folder with Teleport's programs: {_NAMES}.", returncode=2)
    if missing := Programs(Path(folder), Path()).missing:
        pytest.exit(f"{_FOLDER}={folder} has no {', no '.join(missing)}.", returncode=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run everything in the loop of the cluster, and nothing on servers that are too old."""
    for item in items:
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        item.add_marker(pytest.mark.timeout(_TEST_SECONDS))
        if item.get_closest_marker("lacks") is None:
            item.add_marker(pytest.mark.needs(Feature.LIST_REQUESTS), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_unexpected_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_unexpected_skip(report)
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.section("not applicable")
    features = config.stash.get(_FEATURES, None)
    terminalreporter.line(f"to {features}:" if features else "no server was started")
    for line in summary(terminalreporter.stats.get("skipped", [])) or ["nothing"]:
        terminalreporter.line(line)


# ------------------------------------------------------------------- one cluster for all tests


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def setting(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[Setting]:
    data = tmp_path_factory.mktemp("teleport")
    programs = Programs(Path(os.environ[_FOLDER]).resolve(), data / "home")
    programs.home.mkdir()
    async with Cluster.running(programs, data) as cluster, AsyncExitStack() as stack:
        slack = await SlackStandIn.start(pace=Pace(unlimited=True))
        slack.install(manifest())
        stack.push_async_callback(slack.stop)
        features = await _fill(cluster)
        pytestconfig.stash[_FEATURES] = features
        logins = Logins(programs, cluster.proxy, data / "tsh")
        yield Setting(cluster, features, await cluster.identity(_BOT_USER), logins, slack)


async def _fill(cluster: Cluster) -> ServerFeatures:
    """Create the roles and users of the cast, and the bot's role and user."""
    await cluster.create(*roles(advanced=False), *(each.resource() for each in ACCOUNTS.values()))
    admin = identity_channel(cluster.auth, await cluster.identity("dana"))
    features = await detect_features(cluster, admin)
    await admin.close()
    if Feature.ADVANCED_WORKFLOWS not in features.missing:
        await cluster.create(*roles(advanced=True))
    await assign_bot_role(cluster, features)
    await cluster.create(
        {
            "kind": "user",
            "version": "v2",
            "metadata": {"name": _BOT_USER},
            "spec": {"roles": ["teleport-chatops"]},
        }
    )
    return features


# ------------------------------------------------------------------- for each test


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def applicable(request: pytest.FixtureRequest, setting: Setting) -> None:
    """End tests that this server cannot play."""
    for marker in request.node.iter_markers("needs"):
        setting.features.require(marker.args[0])
    for marker in request.node.iter_markers("lacks"):
        if (feature := marker.args[0]) not in setting.features.missing:
            not_applicable(f"this server has {feature.value}")


@pytest_asyncio.fixture(loop_scope="session")
async def world(setting: Setting, applicable: None, tmp_path: Path) -> AsyncIterator[World]:
    """A cluster without access requests, and users with new messages and closed forms only."""
    people = SlackDriver(setting.slack, patience=_PATIENCE, since=time.time())
    scopes = setting.slack.workspace.app.scopes
    granted = set(scopes)
    yield World(setting, people, tmp_path)
    scopes.intersection_update(granted)
    for screen in setting.slack.workspace.screens.values():
        screen.modals.clear()
    await setting.cluster.forget_requests()


@pytest_asyncio.fixture(loop_scope="session")
async def bot(world: World) -> AsyncIterator[BotProcess]:
    """A bot that runs for the length of a test."""
    async with running_bot(world.settings()) as process:
        yield process


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server_identities(setting: Setting) -> dict[Name, Path]:
    """Identities as the rules of servers name them."""
    sign = setting.cluster.identity
    return {
        "bot": setting.identity,
        "alice": await sign("alice"),
        "bob": await sign("bob"),
        "admin": await sign("dana"),
    }


@pytest_asyncio.fixture(loop_scope="session")
async def server(
    setting: Setting, server_identities: dict[Name, Path], world: World
) -> AsyncIterator[Server]:
    """The Auth Service as the rules of servers see it."""
    async with AsyncExitStack() as channels:
        yield RealServer(
            version=setting.features.numbers,
            auth=setting.cluster.auth,
            identities=server_identities,
            accounts={
                "alice": ACCOUNTS["alice"],
                "bob": ACCOUNTS["bob"],
                "admin": ACCOUNTS["dana"],
            },
            logins=setting.logins,
            channels=channels,
        )
