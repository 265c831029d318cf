"""Find a Chromium for the browser tests, or install one: ``python -m tests.chromium``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """The path of a Chromium: ``KINDRED_CHROMIUM``, the system's, or Playwright's own; None if there is none."""
    for found in (os.environ.get("KINDRED_CHROMIUM"), *map(shutil.which, NAMES)):
        if found:
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> str | None:
    """Install one with apt when root, otherwise with Playwright; None where neither is possible."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
        ways.insert(0, ["sh", "-c", apt])
    for way in ways:
        print("Looking for a browser:", *way, flush=True)
        done = subprocess.run(way, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False)
        if done.returncode == 0 and find():
            return find()
    return None


if __name__ == "__main__":
    chromium = find() or install()
    if chromium:
        print(f"Browser tests use {chromium}.")
    else:
        print("*" * 100)
        print("NO CHROMIUM: none was found and none could be installed, so THE BROWSER TESTS ARE SKIPPED.")
        print("Install Chromium, or set KINDRED_CHROMIUM to one, and run make test again.")
        print("*" * 100)
