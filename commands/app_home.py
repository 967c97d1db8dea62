"""App Home: a user opened it, or clicked a button that isn't part of a request.

The notifications flow of this process publishes the tab (`notifications/home/`), because only it
has a copy of all requests.
"""

from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.use_cases.services import Services

_HOME_TAB = "home"
"""The event has the tab that the user opened. The other one shows the DM."""


async def opened(services: Services, interaction: Interaction, _responder: Responder) -> None:
    if interaction.value == _HOME_TAB:
        services.home_opened(interaction.slack_user_id)
