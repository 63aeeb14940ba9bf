import array_api_strict
import pytest


@pytest.fixture(scope="session", autouse=True)
def version_of_the_standard():
    """Let array_api_strict be the version that our namespace implements."""
    array_api_strict.set_array_api_strict_flags(api_version="2024.12")
    yield
    array_api_strict.reset_array_api_strict_flags()
