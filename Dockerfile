# The image of Kagami: what requirements.lock names with its hashes, and Kagami itself, in /opt/kagami.
# It builds with BuildKit and with the classic builder, and has neither pip nor a compiler in the end.
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
# `yes` leaves pip in the image, for plugins that have dependencies installed at run time.
ARG PLUGIN_DEPENDENCIES=no
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/build \
 && if [ "$PLUGIN_DEPENDENCIES" = yes ]; then python -m venv /opt/kagami; else python -m venv --without-pip /opt/kagami; fi
COPY requirements.lock ./
RUN /opt/build/bin/pip --python /opt/kagami/bin/python install --require-hashes --only-binary :all: -r requirements.lock
COPY requirements-build.lock ./
RUN /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY kagami kagami
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/build/bin/pip --python /opt/kagami/bin/python install --no-deps --no-index /dist/*.whl

FROM ${PYTHON}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Kagami" \
      org.opencontainers.image.description="Connects chat accounts to plugins and OneBot 11 applications" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/lib/python3.11/ensurepip /usr/local/bin/pip* \
 && groupadd --gid 10001 kagami \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/kagami --shell /usr/sbin/nologin kagami \
 && install -d -o 10001 -g 10001 -m 0700 /etc/kagami /var/lib/kagami \
      /var/lib/kagami/plugins /var/lib/kagami/media /var/lib/kagami/backups
COPY --from=build /opt/kagami /opt/kagami
# Only the ports that are published can be reached; the secrets that guard them are strong, or Kagami does not start.
ENV PATH=/opt/kagami/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KAGAMI_HOME=/var/lib/kagami \
    KAGAMI_GATEWAY__HOST=0.0.0.0 \
    KAGAMI_WEB__HOST=0.0.0.0
WORKDIR /var/lib/kagami
USER 10001:10001
VOLUME /var/lib/kagami
EXPOSE 3001 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 CMD ["kagami", "health"]
ENTRYPOINT ["kagami"]
CMD ["run", "--log-format", "json"]
