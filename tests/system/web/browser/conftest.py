"""One daemon, one cockpit and one browser for all tests of a module."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_stand import LiveStand, live_stand
from page import chromium, opened
from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def stand(browser, tmp_path_factory) -> Iterator[LiveStand]:
    """A daemon and its cockpit; not started where there is no browser to look at them."""
    sockets = Path(tempfile.mkdtemp(prefix="hillstream-page-"))  # a short path, as sockets need
    with live_stand(tmp_path_factory.mktemp("page"), f"ipc://{sockets}/s") as stand:
        yield stand
    shutil.rmtree(sockets)


@pytest.fixture(scope="module")
def page(browser, stand) -> Iterator[Page]:
    """The page as who may only read sees it."""
    with opened(browser, stand.url) as page:
        yield page


@pytest.fixture
def desk(browser, stand) -> Iterator[Page]:
    """The page as its operator sees it."""
    with opened(browser, stand.url, stand.token, accept_downloads=True) as page:
        yield page
