FROM python:3.11-slim

WORKDIR /kindred
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN python -m engine.grouping.warm_up
# The store and its files lie in data/, beside the bundled data sets; the user may write there and nowhere else.
RUN useradd --system --create-home kindred && chown -R kindred data
USER kindred
VOLUME /kindred/data
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"]
CMD ["python", "-m", "streamlit", "run", "app/server.py", "--server.address", "0.0.0.0"]
