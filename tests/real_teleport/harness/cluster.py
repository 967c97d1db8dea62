"""A Teleport cluster of one process: Auth Service, proxy, and a resource of most kinds."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from sandbox.cast import CLUSTER
from tests.integration.bot_process import free_port
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.programs import Finished, Programs, end, run
from tests.server_rules.caches import eventually

NODE, APP = "staging-db", "staging-grafana"
KUBE, DESKTOP = "staging-cluster", "staging-desktop"
RESOURCES = {("node", NODE), ("app", APP), ("kube_cluster", KUBE), ("windows_desktop", DESKTOP)}
"""Kind and name. There is no database: Teleport with Enterprise features built from its public
source ends when it starts its service for databases."""
_NOWHERE = "127.0.0.1:9"
"""Address of the resources except for the node: tests only list and request them."""
_LABELS = {"tier": "staging"}
LICENSE_VARIABLE = "TELEPORT_LICENSE"
"""Names the license file that Teleport Enterprise needs to start."""
_START_SECONDS = 90.0
_STOP_SECONDS = 20.0
_LOOK_AGAIN_SECONDS = 0.1
_CACHE_SECONDS = 20.0
_LAST_OF_LOG = 3_000


def _free_address() -> str:
    return f"127.0.0.1:{free_port()}"


@dataclass
class Cluster:
    """The process and its administrator's commands."""

    programs: Programs
    data: Path
    auth: str = field(default_factory=_free_address)
    proxy: str = field(default_factory=_free_address)
    _diagnostics: str = field(default_factory=_free_address)
    _node: str = field(default_factory=_free_address)
    _kubernetes: str = field(default_factory=_free_address)
    _desktops: str = field(default_factory=_free_address)
    _process: asyncio.subprocess.Process | None = None

    @classmethod
    @asynccontextmanager
    async def running(cls, programs: Programs, data: Path) -> AsyncIterator["Cluster"]:
        """Run a new cluster while the block does."""
        cluster = cls(programs, data)
        cluster.config.write_text(json.dumps(cluster._settings()))
        cluster._kubeconfig.write_text(json.dumps(_kubeconfig()))
        try:
            await cluster.start()
            yield cluster
        finally:
            await cluster.stop()

    async def start(self) -> None:
        """Start, also after `stop`, and wait until the cluster is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                self.programs.path("teleport"), "start", "-c", str(self.config), "--insecure",
                env=self.programs.environment(), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await self._ready():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        except TimeoutError:
            raise AssertionError(f"Teleport is not ready: {self._last_words()}") from None

    async def stop(self) -> None:
        if self._process is not None:
            await end(self._process, _STOP_SECONDS)

    async def ping(self) -> dict[str, Any]:
        """Return the proxy's public response (`/webapi/ping`)."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"https://{self.proxy}/webapi/ping", ssl=False) as answer,
        ):
            found: dict[str, Any] = await answer.json(content_type=None)
            return found

    async def edition(self) -> str:
        """Return the edition that the proxy reports to the web UI: `oss`, `community` or `ent`."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"https://{self.proxy}/web/config.js", ssl=False) as answer,
        ):
            script = await answer.text()
        settings = json.loads(script[script.index("{") : script.rindex("}") + 1])
        return str(settings.get("edition") or "oss")

    async def attempt(self, *arguments: str, stdin: str = "") -> Finished:
        """Run `tctl` on the Auth Service's host, and return how it ended."""
        return await run(self._tctl(*arguments), self.programs.environment(), stdin=stdin)

    async def tctl(self, *arguments: str, stdin: str = "") -> str:
        """Run `tctl` on the Auth Service's host. Raises ProgramFailed."""
        finished = await self.attempt(*arguments, stdin=stdin)
        return finished.succeeded(self._tctl(*arguments))

    async def create(self, *resources: Mapping[str, Any]) -> None:
        """Create or replace resources. Raises ProgramFailed."""
        (await self.attempt_to_create(*resources)).succeeded(self._tctl("create", "-f"))

    async def attempt_to_create(self, *resources: Mapping[str, Any]) -> Finished:
        """Create or replace resources, and return how it ended."""
        return await self.attempt("create", "-f", stdin=yaml.safe_dump_all(resources))

    async def requests(self) -> list[dict[str, Any]]:
        """List access requests, resolved ones included."""
        listed: list[dict[str, Any]] | None = json.loads(
            await self.tctl("requests", "ls", "--format", "json") or "null"
        )
        return listed or []

    async def request(self, request_id: str) -> dict[str, Any]:
        (found,) = (
            each for each in await self.requests() if each["metadata"]["name"] == request_id
        )
        return found

    def audit_events(self) -> list[dict[str, Any]]:
        """Return the events of the audit log so far; the server writes them with a short delay."""
        log = self.data / "teleport" / "log" / "events.log"
        return [json.loads(line) for line in log.read_text().splitlines()]

    async def forget_requests(self) -> None:
        """Delete all access requests, which tctl lists from a cache that lags behind."""
        async with asyncio.timeout(_CACHE_SECONDS):
            while listed := await self.requests():
                for each in listed:
                    await self.attempt("requests", "rm", "--force", each["metadata"]["name"])

    @asynccontextmanager
    async def locked(self, target: str, message: str) -> AsyncIterator[None]:
        """Hold a lock, such as on `--user=alice`, while the block runs."""
        created = await self.tctl("lock", target, f"--message={message}")
        name = created.split('"')[1]
        await self._await_listed("locks", name)
        try:
            yield
        finally:
            await self.tctl("rm", f"lock/{name}")
            await self._await_listed("locks", name, listed=False)

    async def create_role(self, role: Mapping[str, Any]) -> None:
        """Create a role, and wait until the Auth Service's cache has it."""
        await self.create(role)
        await self._await_listed("roles", role["metadata"]["name"])

    @asynccontextmanager
    async def user(self, account: Account) -> AsyncIterator[None]:
        """Keep a user while the block runs."""
        await self.create(account.resource())
        await self._await_listed("users", account.name)
        try:
            yield
        finally:
            await self.tctl("rm", f"user/{account.name}")
            await self._await_listed("users", account.name, listed=False)

    async def _await_listed(self, kind: str, name: str, *, listed: bool = True) -> None:
        """Wait until the Auth Service lists a stored resource, or no longer lists a deleted one."""

        async def names() -> list[str]:
            found = json.loads(await self.tctl("get", kind, "--format=json"))
            return [each["metadata"]["name"] for each in found]

        assert (name in await eventually(names, lambda found: (name in found) is listed)) is listed

    async def identity(self, user: str, *, kind: str = "file", ttl: str = "12h") -> Path:
        """Sign an identity for a user. Return its file, or the stem of its files for `tls`."""
        path = self.data / f"{user}-{kind}-{ttl}"
        await self.tctl(
            "auth", "sign", f"--user={user}", f"--format={kind}", f"--ttl={ttl}",
            f"--out={path}", "--overwrite",
        )  # fmt: skip
        return path

    @property
    def config(self) -> Path:
        return self.data / "teleport.yaml"

    @property
    def _log(self) -> Path:
        return self.data / "teleport.log"

    @property
    def _kubeconfig(self) -> Path:
        return self.data / "kubeconfig"

    def _tctl(self, *arguments: str) -> list[str]:
        return [self.programs.path("tctl"), "-c", str(self.config), *arguments]

    async def _ready(self) -> bool:
        """Return whether all services are ready; the first `/readyz` knows of some only."""
        assert self._process is not None
        assert self._process.returncode is None, f"Teleport ended: {self._last_words()}"
        try:
            await self.ping()
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"http://{self._diagnostics}/readyz") as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-_LAST_OF_LOG:]

    def _settings(self) -> dict[str, Any]:
        """Return teleport.yaml, which may be JSON."""
        license_file = os.environ.get(LICENSE_VARIABLE)
        return {
            "version": "v3",
            "teleport": {
                "nodename": NODE,
                "data_dir": str(self.data / "teleport"),
                "log": {"output": "stderr", "severity": "INFO"},
                "storage": {"type": "sqlite"},
                "diag_addr": self._diagnostics,
            },
            "auth_service": {
                "enabled": True,
                "cluster_name": CLUSTER,
                "listen_addr": self.auth,
                "proxy_listener_mode": "multiplex",
                "authentication": {"type": "local", "second_factor": "otp"},
            }
            | ({"license_file": license_file} if license_file else {}),
            "proxy_service": {
                "enabled": True,
                "web_listen_addr": self.proxy,
                "public_addr": self.proxy,
            },
            "ssh_service": {
                "enabled": True,
                "listen_addr": self._node,
                "labels": _LABELS,
            },
            "app_service": {
                "enabled": True,
                "apps": [{"name": APP, "uri": f"http://{_NOWHERE}", "labels": _LABELS}],
            },
            "kubernetes_service": {
                "enabled": True,
                "listen_addr": self._kubernetes,
                "kubeconfig_file": str(self._kubeconfig),
                "labels": _LABELS,
            },
            "windows_desktop_service": {
                "enabled": True,
                "listen_addr": self._desktops,
                "static_hosts": [
                    {"name": DESKTOP, "addr": _NOWHERE, "ad": False, "labels": _LABELS}
                ],
            },
        }


def _kubeconfig() -> dict[str, Any]:
    """Return a kubeconfig, which may be JSON."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": KUBE, "cluster": {"server": f"https://{_NOWHERE}"}}],
        "users": [{"name": "teleport", "user": {"token": "unused"}}],
        "contexts": [{"name": KUBE, "context": {"cluster": KUBE, "user": "teleport"}}],
        "current-context": KUBE,
    }
