"""What the browser shows: a Streamlit dashboard over the light half of the engine; it never imports torch."""
