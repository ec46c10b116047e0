"""`var/demo.json`: where the running demo is, and the keys to it. It exists only while the demo is ready."""

import json
from collections.abc import Mapping
from pathlib import Path

from kpiservice import embedded


def access_file() -> Path:
    return embedded.var_folder() / "demo.json"


def publish(base_url: str, secrets: Mapping[str, str]) -> None:
    """Write the file at once and whole, readable by its owner alone."""
    addresses = {
        "graphql": f"{base_url}/graphql/",
        "ingest": f"{base_url}/v1",
        "admin": f"{base_url}/admin/",
        "embed": f"{base_url}/demo/embed/",
    }
    written = access_file().with_suffix(".written")
    written.unlink(missing_ok=True)
    written.touch(mode=0o600)
    written.write_text(json.dumps({**addresses, **secrets}, indent=2) + "\n")
    written.rename(access_file())


def withdraw() -> None:
    access_file().unlink(missing_ok=True)
