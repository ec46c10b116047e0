# One image, three roles: web unless told otherwise; compose.yaml has the commands of worker and beat.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1
ENV KPISERVICE_VAR=/var/lib/kpiservice

WORKDIR /srv/kpiservice

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt

COPY manage.py ./
COPY kpiservice kpiservice/
COPY apps apps/
COPY fixtures fixtures/
RUN SECRET_KEY=unused-here python manage.py collectstatic --no-input

RUN useradd --system kpiservice && chown -R kpiservice "$KPISERVICE_VAR"
USER kpiservice

EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "8", "--respawn-failed-workers", "--workers-kill-timeout", "10", \
     "kpiservice.wsgi:application"]
