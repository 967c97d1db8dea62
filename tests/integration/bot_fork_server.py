"""Fork bots from one process that has imported the bot, because the imports take over a second.

`python -m tests.integration.bot_fork_server NUMBER` serves a socket with this file descriptor until
its other end closes. Each message is JSON, `{"arguments": […], "environment": {…}}`, and has two
file descriptors: the bot's stderr, and a pipe for two lines: its process ID and its exit code.
No other process gets this ID until the client closes the pipe, so the client can send signals.
"""

import gc
import json
import os
import select
import socket
import sys
from contextlib import suppress
from typing import NoReturn

import bot.cli
import bot.observe.logs
import bot.process
import bot.settings.settings
import bot.start_error

_MESSAGE_BYTES = 200_000
_READ_LATE = ("PATH", "HOME", "SLACK_", "TELEPORT_CHATOPS_")
"""Variables that take effect after the imports. With others, a bot needs a Python of its own."""


def serve(requests: socket.socket) -> None:
    """Return in each bot's process, and end this one with its last client."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _MESSAGE_BYTES, 2)
        if not message:
            sys.exit()
        _reap()
        if os.fork() == 0:
            requests.close()
            errors, report = descriptors
            if process_id := os.fork():
                os.close(errors)
                _report(process_id, report)
            os.close(report)
            _become_bot(errors, **json.loads(message))
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _reap() -> None:
    """Forget the reporting processes that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _report(process_id: int, report: int) -> NoReturn:
    os.write(report, f"{process_id}\n".encode())
    os.write(report, f"{_exit_code(process_id)}\n".encode())
    _wait_until_client_closes(report)
    os.waitpid(process_id, 0)
    os._exit(0)


def _exit_code(process_id: int) -> int:
    """Wait for the end of a process, and keep its ID in use."""
    ended = os.waitid(os.P_PID, process_id, os.WEXITED | os.WNOWAIT)
    assert ended
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _wait_until_client_closes(pipe: int) -> None:
    poll = select.poll()
    poll.register(pipe, 0)  # without any event, poll still reports that nobody reads
    poll.poll()


def _become_bot(errors: int, arguments: list[str], environment: dict[str, str]) -> None:
    os.dup2(errors, sys.stderr.fileno())
    os.close(errors)
    if not all(name.startswith(_READ_LATE) for name in environment):
        os.execve(sys.executable, [sys.executable, "-m", "bot", *arguments], environment)  # noqa: S606
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["bot", *arguments]


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
    bot.cli.main()
