from collections.abc import Callable

import pytest
from slack_sdk.models.views import View

from tests.unit.workspace.test_views import check_view
from workspace.views.modals.loading import (
    loading_bulk_form,
    loading_details,
    loading_request_form,
)


@pytest.mark.parametrize("placeholder", [loading_request_form, loading_details, loading_bulk_form])
def test_placeholder_is_valid(placeholder: Callable[[], View]) -> None:
    check_view(placeholder())
