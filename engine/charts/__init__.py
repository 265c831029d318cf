"""Pure functions from numbers to plotly figures; no streamlit here, so that a figure is tested without a browser."""
