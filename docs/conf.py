"""Sphinx: ``make docs``."""

from __future__ import annotations

import sundog

project = "Sundog"
author = "the Sundog contributors"
release = version = sundog.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "sphinx.ext.viewcode"]
intersphinx_mapping: dict[str, tuple[str, None]] = {}
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Sundog"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
default_role = "code"
# botocore, boto and their like are shown by name, not linked.
nitpicky = False
