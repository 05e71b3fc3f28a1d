// The start page follows what goes on: parts of #board are exchanged as the server sends them.
(() => {
  "use strict";
  const board = document.getElementById("board");
  if (!board || !window.EventSource) return;
  const pause = 15000, patience = 5000;
  let source = null, again = 0, doubt = 0;

  const tell = (state) => {
    for (const text of document.querySelectorAll("[data-live]")) text.hidden = text.dataset.live !== state;
  };
  const sure = () => {
    clearTimeout(doubt);
    doubt = 0;
    tell("on");
  };
  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = board.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old && old.outerHTML !== part.outerHTML) old.replaceWith(part);
    }
    sure();
  };
  const stop = () => {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  };
  const start = () => {
    stop();
    source = new EventSource(board.dataset.source);
    source.addEventListener("open", sure);
    source.addEventListener("board", (event) => show(event.data));
    source.addEventListener("error", () => {
      doubt = doubt || setTimeout(() => tell("off"), patience);
      if (source && source.readyState === EventSource.CLOSED) again = setTimeout(start, pause);
    });
  };
  // A browser has few connections to a server: a page that nobody looks at keeps none.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  window.addEventListener("pagehide", stop);
  if (!document.hidden) start();
})();
