"""What the server does unless it is told otherwise."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_server_listens_on_this_machine_and_tells_nobody():
    told = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    server = told["server"]
    assert server["address"] == "127.0.0.1" and set(server["allowedHosts"]) == {"localhost", "127.0.0.1"}
    assert server["maxUploadSize"] <= 20 and not told["browser"]["gatherUsageStats"]
    assert told["client"]["showErrorDetails"] == "none"
    off = ("enableXsrfProtection", "enableCORS", "enableStaticServing", "enableAgentApi", "trustedUserHeaders")
    assert not server.keys() & set(off)  # each is safe as it is by default
