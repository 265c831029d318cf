"""Entry point of every page view: navigation and the page registry."""

from pathlib import Path

import streamlit as st

from app import access, metrics, state
from app.components import tour
from app.components.guard import guarded
from app.views import affinity, compare, data, found, graph, grouping, overview, runs, studies, sweeps, training, verify
from engine import texts
from engine.texts import LANGUAGES, text

ICON = Path(__file__).parent / "icon.svg"
CSS = """
.stMainBlockContainer { padding-top: 4.5rem; }  /* Streamlit leaves a third of a small screen empty */
.st-key-speak { position: fixed; top: 0.6rem; right: 3.2rem; width: auto; z-index: 999992; }
[data-testid=stCaptionContainer] { color: inherit; opacity: 0.82; }  /* Streamlit's own has a contrast of 4.1 */
[data-variant][data-selected=true] p, [role=tab][aria-selected=true] p, [data-testid=stSliderThumbValue] p {
  color: light-dark(#245a99, #84b9f0);  /* the primary colour is for what white is written on */
}
code .token.parameter.variable { color: inherit; }  /* 2.8 */
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation-duration: 0.01ms !important; transition-duration: 0.01ms !important; }
}
"""
PAGES = {
    "runs": (runs.show, ":material/list:"),
    "data": (data.show, ":material/database:"),
    "overview": (overview.show, ":material/dashboard:"),
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
    state.read_url()
    _offer_language()
    access.admit()
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
    tour.accompany(page.url_path or "runs")
    page.run()


def _offer_language() -> None:
    """A button for the other language, in that language; and for who has the page read aloud, which one it is in."""
    spoken = state.language()
    st.html(f"<script>document.documentElement.lang = '{spoken}'</script>", unsafe_allow_javascript=True)
    with st.container(horizontal=True, key="speak"):
        for other in sorted(set(LANGUAGES) - {spoken}):
            st.button(
                LANGUAGES[other], key=f"speak-{other}", type="tertiary", on_click=state.put, args=("language", other)
            )


main()
