"""What a visitor can hand on of a view: its address, a report, and the matrix as an animation."""

from collections.abc import Callable, Hashable
from urllib.parse import urlencode

import streamlit as st

from app import state
from app.components.observed import Observed
from app.components.runs import readings_of, store
from app.components.subject import Subject
from app.components.text import plain
from app.views.grouping_problem import IN_ADDRESS, problem_for
from engine.charts.quantity import AFFINITY
from engine.errors import KindredError
from engine.reports.animation import animation_html
from engine.reports.findings import findings
from engine.reports.report import report_html
from engine.texts import language, text


def share(subject: Subject, observed: Observed, steps: tuple[int, int]) -> None:
    """A popover whose content is made only where it is open, and its files only once they are asked for.

    To be called after the page wrote its address.

    Args:
        steps: the interval that is shown.
    """
    popover = st.popover(text("sharing.share"), icon=":material/share:", key="share", on_change="rerun")
    if not popover.open:
        return
    with popover:
        st.caption(text("sharing.link"))
        st.code(address(), language=None, wrap_lines=True)
        shown = subject.id, observed.state, language()
        if AFFINITY.name in readings_of(subject):
            interval = steps if observed.reading == AFFINITY.name else (None, None)
            choices = repr([state.get(name) for name in IN_ADDRESS])
            _file("report", f"{subject.file_name}-report.html", (*shown, interval, choices),
                  lambda: report(subject, *interval))  # fmt: skip
        if len(observed.series) > 1:
            _file("animation", f"{subject.file_name}-{observed.reading}.html", (*shown, observed.reading),
                  lambda: animation_html(observed.series, subject.name, observed.reading))  # fmt: skip


def address() -> str:
    """Of the page as it is shown now, with every choice."""
    choices = urlencode(st.query_params.to_dict())
    return (st.context.url or "") + (f"?{choices}" if choices else "")


def report(subject: Subject, step_from: int | None, step_to: int | None) -> str:
    """The report on an interval, with the grouping that the visitor's choices make.

    Raises:
        KindredError: if no affinity was observed there.
    """
    found = findings(
        store(),
        subject.runs,
        subject.name,
        step_from=step_from,
        step_to=step_to,
        budget=state.get("budget"),
        problem=problem_for,
    )
    return report_html(found)


def _file(kind: str, file_name: str, of: Hashable, make: Callable[[], str]) -> None:
    """A button that prepares a file, and in its place, once that is done, the one that saves it.

    Args:
        of: what the file is of; once that is another, it has to be prepared again.
    """
    prepared, place = f"shared-{kind}", st.empty()
    if st.session_state.get(prepared, (None,))[0] != of:
        if not place.button(
            text(f"sharing.{kind}"),
            icon=":material/description:" if kind == "report" else ":material/animation:",
            help=text(f"sharing.{kind}_help"),
            key=f"prepare-{kind}",
            width="stretch",
        ):
            return
        try:
            with st.spinner(text("sharing.reporting" if kind == "report" else "sharing.animating")):
                st.session_state[prepared] = of, make()
        except KindredError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
    place.download_button(
        text(f"sharing.download_{kind}"),
        st.session_state[prepared][1],
        file_name,
        "text/html",
        icon=":material/download:",
        key=f"download-{kind}",
        on_click="ignore",
        width="stretch",
        type="primary",
    )
