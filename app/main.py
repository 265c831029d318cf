"""Entry point of every page view: navigation and the page registry."""

from pathlib import Path

import streamlit as st

from app import access, metrics, state
from app.components.guard import guarded
from app.views import affinity, compare, data, found, graph, grouping, runs, studies, sweeps, training, verify

ICON = Path(__file__).parent / "icon.svg"
CSS = ".stMainBlockContainer { padding-top: 4.5rem; }"  # Streamlit leaves a third of a small screen empty
PAGES = {
    "runs": (runs.show, "Runs", ":material/list:"),
    "data": (data.show, "Data", ":material/database:"),
    "affinity": (affinity.show, "Affinity", ":material/grid_on:"),
    "graph": (graph.show, "Task graph", ":material/hub:"),
    "training": (training.show, "Training", ":material/show_chart:"),
    "grouping": (grouping.show, "Grouping", ":material/workspaces:"),
    "compare": (compare.show, "Compare", ":material/compare:"),
    "sweeps": (sweeps.show, "Sweeps", ":material/leaderboard:"),
    "studies": (studies.show, "Studies", ":material/science:"),
    "verify": (verify.show, "Verify", ":material/verified:"),
    "found": (found.show, "What we found", ":material/lightbulb:"),
}


def main() -> None:
    """Show the page of the address."""
    st.set_page_config(page_title="Kindred", page_icon=str(ICON), layout="wide")
    st.html(f"<style>{CSS}</style>")
    access.admit()
    state.read_url()
    pages = {
        path: st.Page(metrics.timed(path, guarded(show)), title=title, icon=icon, url_path=path, default=path == "runs")
        for path, (show, title, icon) in PAGES.items()
    }
    state.register_pages(pages)
    page = st.navigation(list(pages.values()), position="top")
    access.say_who()
    page.run()


main()
