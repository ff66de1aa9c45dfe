#!/bin/sh
# Choose one version of every package that any extra needs, and write them to constraints.txt.
# No addresses, no hashes: which index serves them is the user's choice.
set -eu
.venv/bin/python -m pip install --quiet uv
UV_FIND_LINKS="${PIP_FIND_LINKS:-}" .venv/bin/uv pip compile pyproject.toml --all-extras \
  --python-version 3.11 --no-header --no-annotate --quiet |
  sed 's/^\(torch==[0-9.]*\)+cpu$/\1/' >constraints.txt
