import sys

import pytest

from daemon.config import load_config
from daemon.terminal.history import History
from pipeline.errors import UserError
from pipeline.output.message import Status, StatusMessage
from tools.pictures.demo import _scene
from tools.pictures.page import shoot
from tools.pictures.terminal import draw


def test_the_same_view_gives_the_same_picture(tmp_path):
    history = History("Arm", ["elbow_flexion"])
    history.take(StatusMessage(session="s", t=1.0, status=Status.NOMINAL, uptime_s=12.0))
    for name in ("a.svg", "b.svg"):
        draw(history, tmp_path / name)
    picture = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert picture == (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert "NOMINAL" in picture


def test_the_demo_of_the_pictures_has_its_own_ports(tmp_path):
    scene = _scene("arm", tmp_path)
    config, shipped = load_config(scene.config), load_config("arm")
    assert (config.output.zmq, config.control.address) == (scene.published, scene.control)
    assert scene.published != shipped.output.zmq
    assert config.model == shipped.model


def test_a_picture_of_the_page_without_playwright_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(UserError, match=r"needs Playwright: pip install playwright"):
        shoot("http://127.0.0.1:1/", tmp_path / "page.png")
