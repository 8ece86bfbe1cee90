"""Programs that come from Debian packages. A test that needs one skips where it is missing, and fails under REQUIRE_ALL=1."""

import os
import shutil

import pytest

PACKAGES = {"chromium": "chromium", "tshark": "tshark", "gpg": "gnupg", "curl": "curl", "openssl": "openssl"}


def need(program: str) -> str:
    """The path of the program, or the end of the test with the line that installs it."""
    if path := shutil.which(program):
        return path
    how = f"{program} is missing: apt-get install --no-install-recommends {PACKAGES[program]}"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(how)
    pytest.skip(how)
