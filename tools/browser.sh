#!/bin/sh
# The browser tests need Chromium. CI installs it; on a person's machine nothing is installed
# without asking, and those tests are skipped with a reason.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
  echo "No Chromium here: the browser tests will be skipped (on Debian: apt-get install chromium)."
fi
