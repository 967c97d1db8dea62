"""The panel's routes: run a command, and open a request by the path of Teleport's web UI."""

from aiohttp import web

from sandbox.page.location import TELEPORT, Location
from sandbox.page.teleport.command_runs import AlreadyRunning, CommandRuns
from sandbox.page.teleport.commands import CommandRejected, checked
from sandbox.page.teleport.tabs import Tab, TabLocation
from sandbox.page.visible import visible
from sandbox.slack.json_text import parse_json
from sandbox.teleport.server import TeleportStandIn


class PanelRoutes:
    """Serves the actions of the panel of one cluster."""

    def __init__(self, teleport: TeleportStandIn) -> None:
        self._cluster = teleport.cluster
        self._runs = CommandRuns(teleport.data)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/page/teleport/run", self._post_run),
            web.get("/web/requests/{id}", self._get_request),
        ]

    async def _post_run(self, request: web.Request) -> web.Response:
        """Run a command: `{"tool": "tsh", "as": "alice", "words": ["ls"]}`."""
        try:
            command = checked(self._cluster, *_read(await request.read()))
            finished = await self._runs.run(command)
        except CommandRejected as error:
            return _refusal(400, str(error))
        except AlreadyRunning:
            return _refusal(409, "The previous command is still running.")
        except TimeoutError:
            return _refusal(504, "The command took too long and was stopped.")
        output = visible(finished.output)
        return web.json_response({"exit_code": finished.exit_code, "output": output})

    async def _get_request(self, request: web.Request) -> web.Response:
        tab = TabLocation(Tab.REQUESTS, request.match_info["id"])
        raise web.HTTPFound(Location(tab=tab.text).with_panel(TELEPORT).url)


def _read(body: bytes) -> tuple[str, str, list[str]]:
    """Return the tool, the user and the words. Raises CommandRejected."""
    try:
        found = parse_json(body)
    except ValueError:
        found = None
    match found:
        case {"tool": str(tool), "words": [*words], **rest}:
            user = rest.get("as", "")
            if isinstance(user, str) and all(isinstance(word, str) for word in words):
                return tool, user, words
    raise CommandRejected("The body isn't a command.")


def _refusal(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status)
