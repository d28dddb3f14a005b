"""Where things are in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
MODELS = CONFIGS / "models"
DOCS = ROOT / "docs"
TOOLS = ROOT / "tools"
