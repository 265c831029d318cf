FROM python:3.11-slim

# Torch from the index pip is set up with; the store and its files live in the volume.
WORKDIR /kindred
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN useradd --system --create-home kindred \
    && mkdir -p /store \
    && chown kindred /store
USER kindred
ENV KINDRED_STORE=sqlite:////store/kindred.db
VOLUME /store
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"]
CMD ["python", "-m", "streamlit", "run", "app/server.py", "--server.address", "0.0.0.0"]
