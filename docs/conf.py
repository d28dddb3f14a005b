"""How the pages of this folder become the site; `hillstream docs` builds it, and so does CI."""

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Beside the source in a checkout; installed, the packages are found without.
if (HERE.parent / "pipeline").is_dir():
    sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE / "_ext"))


def _version() -> str:
    try:
        return metadata.version("hillstream")
    except metadata.PackageNotFoundError:
        return "of a source tree"


project = "hillstream"
version = release = _version()
language = "en"
extensions = ["myst_parser", "hillstream_reference"]
exclude_patterns = ["_ext"]

myst_heading_anchors = 4  # the anchors that GitHub gives, so that links hold in both
nitpicky = True

html_theme = "furo"
html_title = f"hillstream {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
pygments_style = "friendly"
