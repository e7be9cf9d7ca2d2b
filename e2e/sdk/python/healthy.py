"""Ends well when every address given answers 200."""

import sys
import urllib.error
import urllib.request

for address in sys.argv[1:]:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except (urllib.error.URLError, OSError):
        sys.exit(1)
