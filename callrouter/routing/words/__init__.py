"""Why a call goes its way, in German and English: the sentences of all codes, by what they are about."""

from __future__ import annotations

from callrouter.routing.words import calls, claimers, codes, for_pool, guard, opening, pools, waiting

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    code: sentence
    for part in (calls, claimers, codes, for_pool, guard, opening, pools, waiting)
    for code, sentence in part.SENTENCES.items()
}
