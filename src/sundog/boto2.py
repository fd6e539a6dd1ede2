"""``import sundog.boto2`` before ``import boto``: boto 2.49 works on today's Pythons.

``sundog.mock_aws`` and the pytest plugin do this too; it is for programs that use neither, but the stand-alone server.
"""

from __future__ import annotations

from sundog.ways import boto2_import

boto2_import.enable()
