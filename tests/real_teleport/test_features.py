"""The server has all features of its edition and version."""

from tests.real_teleport.harness.world import Setting


async def test_server_has_the_features_of_its_edition(setting: Setting) -> None:
    """Otherwise tests would be listed as not applicable that are."""
    assert set(setting.features.missing) == setting.features.expected_missing
