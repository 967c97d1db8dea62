"""`python -m bot` is `teleport-chatops`."""

from bot.cli import main

main()
