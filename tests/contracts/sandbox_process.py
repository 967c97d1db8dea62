"""`teleport-chatops sandbox` as a process, driven by its HTTP endpoints and its command line."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from tests.contracts.bot import ENVIRONMENT

SCRIPT = str(Path(sys.executable).with_name("teleport-chatops"))
CHANNEL = "access-requests"
_START_SECONDS, _SECONDS, _PAUSE = 40.0, 10.0, 0.02
_OPENER = build_opener(ProxyHandler({}))

Found = TypeVar("Found")


class Sandbox:
    """A running sandbox with its bot. Every wait raises TimeoutError after ten seconds."""

    def __init__(self, url: str, teleport: str, data: Path) -> None:
        self.url = url
        self.teleport = teleport
        self.data = data

    @property
    def bot_token(self) -> str:
        lines = (self.data / "bot.toml").read_text().splitlines()
        return next(line for line in lines if line.startswith("token =")).split('"')[1]

    def get(self, path: str) -> Any:
        with _OPENER.open(self.url + path, timeout=_SECONDS) as response:
            return json.load(response)

    def post(self, path: str, body: Any, token: str = "") -> Any:
        """Post JSON and return the response, also that of an HTTP error."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310
        try:
            with _OPENER.open(request, timeout=2 * _SECONDS) as response:
                return json.load(response)
        except HTTPError as error:
            return json.load(error)

    def act(self, person: str, do: str, **fields: Any) -> Any:
        """Act as a person. The bot must ack it, and Slack must show no error."""
        done = self.post("/sandbox/act", {"as": person, "do": do, **fields})
        assert (done["acked"], done["error"]) == (True, None), done
        return done

    def command(self, person: str, text: str) -> Any:
        return self.act(person, "command", channel=CHANNEL, text=text)

    def click(self, person: str, message: dict[str, Any], action_id: str) -> Any:
        return self.act(person, "click", channel=CHANNEL, ts=message["ts"], action_id=action_id)

    def messages(self, channel: str = CHANNEL, person: str = "bob") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/sandbox/channels/{channel}?as={person}")[
            "messages"
        ]
        return found

    def message(
        self, needle: str, channel: str = CHANNEL, person: str = "bob", *, ephemeral: bool = False
    ) -> dict[str, Any]:
        """Wait for a message that contains a text."""
        return until(
            lambda: next(
                (
                    each
                    for each in self.messages(channel, person)
                    if each["ephemeral"] is ephemeral and needle in words(each)
                ),
                None,
            ),
            needle,
        )

    def current(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return a message of the channel as it is now."""
        return next(each for each in self.messages() if each["ts"] == message["ts"])

    def modal(self, person: str, callback_id: str) -> dict[str, Any]:
        """Wait for an open modal."""
        return until(
            lambda: next(
                (
                    view
                    for view in reversed(self.get(f"/sandbox/people/{person}/views")["modals"])
                    if view["callback_id"] == callback_id
                ),
                None,
            ),
            callback_id,
        )

    def close_modals(self, person: str) -> None:
        """Close the modals of other tests, so that `modal` finds the next one."""
        for view in reversed(self.get(f"/sandbox/people/{person}/views")["modals"]):
            self.post("/sandbox/act", {"as": person, "do": "close", "view_id": view["id"]})
        assert self.get(f"/sandbox/people/{person}/views")["modals"] == []

    def api(self, method: str, **arguments: Any) -> Any:
        """Call a Web API method as the app, with the token in `bot.toml`."""
        answer = self.post(f"/api/{method}", arguments, self.bot_token)
        assert answer["ok"], answer
        return answer

    def trigger_id(self, person: str) -> str:
        """Return a fresh trigger ID, of a command that the person types."""
        self.command(person, "/teleport-pending help")
        envelopes = self.get("/sandbox/journal")["envelopes"]
        found: str = envelopes[-1]["payload"]["trigger_id"]
        return found

    def cli(self, tool: str, *arguments: str, person: str = "") -> str:
        """Run `sandbox tsh` or `sandbox tctl` and return its stdout."""
        who = ("--as", person) if person else ()
        return run("sandbox", tool, *who, "--data", str(self.data), *arguments)

    def closed(self, card: dict[str, Any]) -> dict[str, Any]:
        """Wait until nobody can decide on a card any more."""

        def probe() -> dict[str, Any] | None:
            now = self.current(card)
            return None if any(each["action_id"] == "approve" for each in buttons(now)) else now

        return until(probe, "closed card")

    def identity(self, name: str) -> Path:
        return self.data / "identities" / name


@contextmanager
def fast_sandbox(data: Path) -> Iterator[Sandbox]:
    """Run a sandbox without Slack's rate limits."""
    with (data / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.contracts.fast_sandbox", str(data)],
            stdout=subprocess.PIPE, stderr=log, env=ENVIRONMENT,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        yield Sandbox(addresses["slack"], addresses["teleport"], data)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def running_sandbox(data: Path, *options: str) -> Iterator[Sandbox]:
    """Run a sandbox on free ports until it is ready, and end it."""
    slack, teleport = _free_port(), _free_port()
    with (data / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [SCRIPT, "sandbox", "--listen", "127.0.0.1", "--slack-port", str(slack),
             "--teleport-port", str(teleport), "--data", str(data), *options],
            stdout=log, stderr=log, env=ENVIRONMENT,
        )  # fmt: skip
    sandbox = Sandbox(f"http://127.0.0.1:{slack}", f"127.0.0.1:{teleport}", data)
    try:
        until(lambda: _is_ready(sandbox), (data / "sandbox.log").name, seconds=_START_SECONDS)
        yield sandbox
    finally:
        process.terminate()
        process.wait(20)


def until(probe: Callable[[], Found | None], wanted: str, seconds: float = _SECONDS) -> Found:
    """Return the first result of a probe. The sandbox's endpoints report no changes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := probe():
            return found
        time.sleep(_PAUSE)
    raise TimeoutError(wanted)


def run(*arguments: str, code: int = 0, text: str = "", **environment: str) -> str:
    """Run the console script, check its exit code and return its stdout, or else its stderr."""
    done = subprocess.run(  # noqa: S603
        [SCRIPT, *arguments], input=text, capture_output=True, text=True, timeout=30,
        env=ENVIRONMENT | {"COLUMNS": "200", "NO_COLOR": "1"} | environment, check=False,
    )  # fmt: skip
    assert done.returncode == code, done
    return done.stdout or done.stderr


def words(thing: Any) -> str:
    """Return every text in a message or view."""
    return json.dumps(thing, ensure_ascii=False)


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a message's buttons in their order."""
    blocks = [block for block in message["blocks"] if block["type"] == "actions"]
    return [element for block in blocks for element in block["elements"]]


def typed_reason(view: dict[str, Any], text: str) -> dict[str, Any]:
    """Return `state.values` with every plain text input set."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return {
        each["block_id"]: {
            each["element"]["action_id"]: {"type": "plain_text_input", "value": text}
        }
        for each in inputs
        if each["element"]["type"] == "plain_text_input"
    }


def request_id(card: dict[str, Any]) -> str:
    """Return the value of a card's Approve button, which is the request's ID."""
    return str(next(each["value"] for each in buttons(card) if each["action_id"] == "approve"))


def _is_ready(sandbox: Sandbox) -> bool:
    try:
        return bool(sandbox.get("/sandbox/status")["ready"])
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
