"""Entry point of every page view: navigation and the page registry."""

from pathlib import Path

import streamlit as st

from app import access, metrics, state
from app.components.guard import guarded
from app.views import affinity, compare, data, found, graph, grouping, runs, studies, sweeps, training, verify
from engine import texts
from engine.texts import text

ICON = Path(__file__).parent / "icon.svg"
CSS = ".stMainBlockContainer { padding-top: 4.5rem; }"  # Streamlit leaves a third of a small screen empty
PAGES = {
    "runs": (runs.show, ":material/list:"),
    "data": (data.show, ":material/database:"),
    "affinity": (affinity.show, ":material/grid_on:"),
    "graph": (graph.show, ":material/hub:"),
    "training": (training.show, ":material/show_chart:"),
    "grouping": (grouping.show, ":material/workspaces:"),
    "compare": (compare.show, ":material/compare:"),
    "sweeps": (sweeps.show, ":material/leaderboard:"),
    "studies": (studies.show, ":material/science:"),
    "verify": (verify.show, ":material/verified:"),
    "found": (found.show, ":material/lightbulb:"),
}


def main() -> None:
    """Show the page of the address."""
    st.set_page_config(page_title="Kindred", page_icon=str(ICON), layout="wide")
    st.html(f"<style>{CSS}</style>")
    texts.ask(state.language)
    access.admit()
    state.read_url()
    pages = {
        path: st.Page(
            metrics.timed(path, guarded(show)),
            title=text(f"pages.{path}"),
            icon=icon,
            url_path=path,
            default=path == "runs",
        )
        for path, (show, icon) in PAGES.items()
    }
    state.register_pages(pages)
    page = st.navigation(list(pages.values()), position="top")
    access.say_who()
    page.run()


main()
