/** Asking the server about recorded sessions. */

import { download } from "../control/download.js";
import { authorization } from "../token.js";

const UNHEARD = "The page's server did not answer; is 'hillstream web' running?";

/** Return the answer, or {sentence} with what is wrong. */
export async function ask(path) {
  try {
    const response = await fetch(path, { headers: authorization() });
    const answer = await response.json();
    return response.ok ? answer : { sentence: answer.sentence ?? UNHEARD };
  } catch {
    return { sentence: UNHEARD };
  }
}

/** Fetch a file and have it saved; return what is wrong, or nothing. */
export async function fetchFile(path, stem) {
  try {
    const response = await fetch(path, { headers: authorization() });
    if (!response.ok) return (await response.json()).sentence;
    const named = /filename\*=utf-8''([^;]+)/i.exec(response.headers.get("Content-Disposition") ?? "");
    download(named ? decodeURIComponent(named[1]) : `${stem}.html`, await response.blob());
    return "";
  } catch {
    return UNHEARD;
  }
}
