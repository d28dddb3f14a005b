/** The token: taken out of the address at once, kept for this tab alone, never in a query. */

const KEY = "hillstream-token";
const IN_ADDRESS = /#token=(.+)$/;

/** Move a token from the fragment of the address into this tab's storage. */
export function takeFromAddress() {
  if (!IN_ADDRESS.test(location.hash)) return;
  keep(tokenIn(location.hash));
  history.replaceState(null, "", location.pathname);
}

/** Return the token in what somebody pastes: itself, or the address that was printed with it. */
export function tokenIn(text) {
  const found = IN_ADDRESS.exec(text.trim());
  if (!found) return text.trim();
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

export const keep = (token) => sessionStorage.setItem(KEY, token.trim());
export const forget = () => sessionStorage.removeItem(KEY);
export const token = () => sessionStorage.getItem(KEY);

/** Return the headers that say who asks. */
export const authorization = () => (token() ? { Authorization: `Bearer ${token()}` } : {});
