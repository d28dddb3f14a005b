/** The token: taken out of the address at once, kept for this tab alone, never in a query. */

const KEY = "hillstream-token";

/** Move a token from the fragment of the address into this tab's storage. */
export function takeFromAddress() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return;
  keep(decodeURIComponent(found[1]));
  history.replaceState(null, "", location.pathname);
}

export const keep = (token) => sessionStorage.setItem(KEY, token.trim());
export const forget = () => sessionStorage.removeItem(KEY);
export const token = () => sessionStorage.getItem(KEY);

/** Return the headers that say who asks. */
export const authorization = () => (token() ? { Authorization: `Bearer ${token()}` } : {});
