"""Aborting a connection."""

from aiohttp import web


def cut(request: web.BaseRequest) -> None:
    """Drop the TCP connection immediately, without a response or a close frame."""
    if request.transport is not None:
        request.transport.abort()
