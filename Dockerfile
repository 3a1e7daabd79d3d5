# One image for every house and worker; PORTAL_ROLE decides which one a container is.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY requirements.lock ./
# The lock is complete: nothing is resolved here, and what it leaves out on purpose stays out (pyproject.toml).
RUN uv venv /venv && uv pip install --no-deps --require-hashes --python /venv -r requirements.lock

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 portal
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY recovery_portal recovery_portal
COPY accounts accounts
COPY idv idv
COPY tap tap
COPY templates templates
COPY static static
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 STATIC_ROOT=/app/staticfiles
RUN mkdir staticfiles && chown portal staticfiles
USER portal
EXPOSE 8000
CMD ["sh", "-c", "python manage.py migrate --noinput && python manage.py collectstatic --noinput -v 0 && DATABASE_POOL=${DATABASE_POOL:-8} exec gunicorn recovery_portal.wsgi --bind ${BIND:-0.0.0.0}:${PORT:-8000} --workers 2 --worker-class gthread --threads 32"]
