// Pages follow what goes on: parts of #board, and how many callers wait, are exchanged as the server sends them.
(() => {
  "use strict";
  if (!window.EventSource) return;
  const pause = 15000, patience = 5000;

  // *show* is given what comes from *address*; *tell* whether it comes: "on" or "off".
  const follow = (address, show, tell) => {
    let source = null, again = 0, doubt = 0;
    const sure = () => {
      clearTimeout(doubt);
      doubt = 0;
      tell("on");
    };
    const stop = () => {
      clearTimeout(again);
      if (source) source.close();
      source = null;
    };
    const start = () => {
      stop();
      source = new EventSource(address);
      source.addEventListener("open", sure);
      source.addEventListener("board", (event) => {
        show(event.data);
        sure();
      });
      source.addEventListener("error", () => {
        doubt = doubt || setTimeout(() => tell("off"), patience);
        if (source && source.readyState === EventSource.CLOSED) again = setTimeout(start, pause);
      });
    };
    // A browser has few connections to a server: a page that nobody looks at keeps none.
    document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
    window.addEventListener("pagehide", stop);
    if (!document.hidden) start();
  };

  const board = document.getElementById("board");
  const exchange = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = board.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old && old.outerHTML !== part.outerHTML) old.replaceWith(part);
    }
  };
  const tell = (state) => {
    for (const text of document.querySelectorAll("[data-live]")) text.hidden = text.dataset.live !== state;
  };
  if (board) follow(board.dataset.source, exchange, tell);

  // The navigation is there twice: for a desk and for a phone.
  const counts = document.querySelectorAll("[data-count]");
  const count = (text) => {
    for (const one of counts) one.textContent = text === "0" ? "" : text;
  };
  if (counts.length) follow(counts[0].dataset.count, count, () => {});
})();
