"""A token is tried beside the stream, which goes on; what was taken away is forgotten."""

from datetime import date

import pytest
from page import opened

from daemon.web.access.tokens import Right, add_token, revoke_token

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

WATCH = """
() => {
  const root = document.documentElement;
  const banner = document.getElementById("banner");
  const look = () => window.signs.add(`${root.dataset.connection} ${banner.dataset.status}`);
  window.signs = new Set();
  new MutationObserver(look).observe(root, { attributes: true, subtree: true });
}
"""


@pytest.fixture
def desk(send, cockpit_on, ipc_address):
    """A cockpit of a daemon that publishes; none of these tests commands it."""
    send()
    return cockpit_on(ipc_address, f"{ipc_address}-control")


@pytest.fixture
def given(desk):
    """Make a token: ``given(name, right)``."""
    return lambda name, right: add_token(desk.settings.tokens, name, right, date.today())


@pytest.fixture
def reader(browser, desk):
    """The page without a token, which takes note of every state that it shows."""
    with opened(browser, desk.url) as page:
        page.evaluate(WATCH)
        yield page


def uses(page, text: str) -> None:
    page.fill("#control input", text)
    page.click("#control button.primary:enabled")


def went_on(page) -> bool:
    """Tell whether the page was connected and had its daemon all the time."""
    signs = page.evaluate("() => [...window.signs]")
    return all(sign.startswith("open ") and not sign.endswith("UNSERVED") for sign in signs)


def test_a_wrong_token_is_refused_beside_its_field_and_the_stream_goes_on(reader):
    uses(reader, "not-a-token-of-anybody")
    reader.wait_for_selector("#control [role=alert] >> text=not known here")
    uses(reader, "größer")
    reader.wait_for_selector("#control [role=alert] >> text=This is no token")
    assert reader.evaluate("() => sessionStorage.length") == 0
    assert went_on(reader)


def test_a_token_that_may_only_read_is_told_as_such(reader, given):
    uses(reader, given("student", Right.READ))
    reader.wait_for_selector("#control [role=alert] >> text=The token of 'student' may read")
    assert went_on(reader)


def test_the_printed_address_is_taken_for_its_token_without_a_break(reader, desk, given):
    uses(reader, f" {desk.url}#token={given('operator', Right.COMMAND)}\n")
    reader.wait_for_selector("#control [data-command=pause]")
    assert reader.text_content("#control-who") == "as operator"
    reader.click("#control >> text=Forget token")
    reader.wait_for_selector("#control input[type=password]")
    reader.wait_for_selector("#joints [data-field=moment]:not([data-value=''])")
    assert reader.evaluate("() => sessionStorage.length") == 0
    assert went_on(reader)


def test_whose_token_is_taken_away_reads_on(browser, desk, given):
    with opened(browser, desk.url, given("guest", Right.COMMAND)) as page:
        page.wait_for_selector("#control [data-command=pause]")
        page.evaluate(WATCH)
        revoke_token(desk.settings.tokens, "guest")
        page.wait_for_selector("#control [role=alert] >> text=was taken away; you may still read.")
        assert page.text_content("#control-who") == "reading only"
        assert page.evaluate("() => sessionStorage.length") == 0
        assert went_on(page)


def test_a_token_that_nobody_knows_is_forgotten(browser, desk):
    with opened(browser, desk.url, "x" * 43) as page:
        page.wait_for_selector("#control [role=alert] >> text=is not known here")
        assert page.evaluate("() => sessionStorage.length") == 0
