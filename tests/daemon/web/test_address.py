"""Where the page is opened."""

import psutil

from daemon.web.address import openable


def test_an_address_is_opened_as_it_is():
    for url in ("http://127.0.0.1:8900/", "https://[::1]:8900/", "https://lab-pc:8900/"):
        assert openable(url) == [url]


def test_of_all_addresses_the_machine_s_own_are_named():
    told = openable("https://0.0.0.0:8900/")
    own = {one.address for of in psutil.net_if_addrs().values() for one in of}
    assert told[-1] == "https://127.0.0.1:8900/"
    assert {url.removeprefix("https://").removesuffix(":8900/") for url in told} <= own
    assert all("[" in url and "%" not in url for url in openable("https://[::]:8900/"))
