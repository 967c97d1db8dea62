"""Cutting a connection the hard way."""

from aiohttp import web


def cut(request: web.BaseRequest) -> None:
    """Drop the TCP connection at once, without an answer or a close frame."""
    if request.transport is not None:
        request.transport.abort()
