import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def home():
    """A folder to be made in one that the server's own user, who is not root, may enter.

    Not pytest's: every other run of it closes its folders again.
    """
    with tempfile.TemporaryDirectory(prefix="dunwell-home-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / ".dunwell"
