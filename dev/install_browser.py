"""Install a browser for the tests of the web page, if there is none: Debian's Chromium, as root.

Playwright's own download is not used, so that the tests need nothing but package indexes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Return 0 when a browser is there; say what to do when it is not and cannot be installed."""
    if shutil.which("chromium") or shutil.which("google-chrome"):
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True)
        return 0
    print("The browser tests need Chromium: install it, for instance with: sudo apt-get install chromium")
    return 1


if __name__ == "__main__":
    sys.exit(main())
