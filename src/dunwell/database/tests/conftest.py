import pytest


@pytest.fixture
def home(tmp_path):
    # Entered by the server's own user, who is not root.
    for folder in (tmp_path, *tmp_path.parents):
        if (
            folder.owner() == "root"
            and not folder.stat().st_mode & 0o001
            and folder.parts[1] == "tmp"
        ):
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path / ".dunwell"
