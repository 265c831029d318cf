import subprocess
import sys
from pathlib import Path

from app.main import PAGES

ROOT = Path(__file__).parents[2]


def test_the_entry_point_shows_the_runs(main_app):
    assert not main_app.exception
    assert main_app.title[0].value == "Runs"


def test_the_app_never_loads_torch(store_url):
    """Every page is drawn in a process of its own, which then looks at what it has loaded."""
    script = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\n"
        "import app.server\n"
        "assert not AppTest.from_file(r'%s', default_timeout=60).run().exception\n"
        % (ROOT / "app" / "main.py")
        + "".join(
            f"page = AppTest.from_string('from app.views import {name}; {name}.show()', default_timeout=60).run()\n"
            "assert not page.exception and page.title\n"
            for name in PAGES
        )
        + "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0
