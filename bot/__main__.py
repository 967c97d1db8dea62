"""Run `python -m bot` like `teleport-chatops`."""

from bot.cli import main

main()
