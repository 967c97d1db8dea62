# A slim image with the bot and its sandbox; builds need no network but the package index.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/build.txt requirements/
# Dependencies before code: a change of code does not fetch them again. /opt/app needs no pip.
RUN python3 -m venv /opt/build \
 && python3 -m venv --without-pip /opt/app \
 && /opt/build/bin/pip install --quiet --no-cache-dir --require-hashes -r requirements/build.txt \
 && /opt/build/bin/pip --python /opt/app/bin/python install --quiet --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /tmp/wheel \
 && /opt/build/bin/pip --python /opt/app/bin/python install --quiet --no-cache-dir --no-index --no-deps /tmp/wheel/*.whl \
 && /opt/app/bin/python -m compileall -q /opt/app/lib

FROM ${BASE_IMAGE}
# The official image has its own pip and setuptools, which nothing here uses.
RUN rm -rf /usr/local/lib/python3.*/site-packages/* /usr/local/bin/pip* \
 && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin teleport-chatops
COPY --from=build /opt/app /opt/app
ENV PATH=/opt/app/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
ENTRYPOINT ["teleport-chatops"]
CMD ["run"]
