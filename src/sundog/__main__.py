"""``python -m sundog`` is ``sundog``."""

from __future__ import annotations

from sundog.cli import main

if __name__ == "__main__":
    main()
