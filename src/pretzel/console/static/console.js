// Keeps the live part of an open page up to date: fetches it every two seconds, and says so when figures are old.
"use strict";

(() => {
  const EVERY = 2000;
  // A plan that is wider than the screen shows its middle first.
  document.querySelectorAll(".picture").forEach((one) => { one.scrollLeft = (one.scrollWidth - one.clientWidth) / 2; });

  const region = document.getElementById("live");
  const stale = document.getElementById("stale");
  const pause = document.getElementById("pause");
  if (!region || !region.firstElementChild) return;

  let since = new Date();
  let paused = false;

  const busy = () => {
    const selection = document.getSelection();
    return paused || document.hidden || (selection && !selection.isCollapsed && region.contains(selection.anchorNode));
  };

  // The focus and the scroll of tables survive: the new part has the same places in the same order.
  const replace = (text) => {
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const places = "a[href], [tabindex]";
    const at = focused ? [...region.querySelectorAll(places)].indexOf(focused) : -1;
    const address = focused && focused.getAttribute("href");
    const scrolled = [...region.querySelectorAll(".table")].map((table) => table.scrollLeft);
    region.innerHTML = text;
    region.querySelectorAll(".table").forEach((table, i) => { table.scrollLeft = scrolled[i] || 0; });
    if (!focused) return;
    const now = [...region.querySelectorAll(places)];
    const same = address ? now.find((one) => one.getAttribute("href") === address) : now[at];
    if (same) same.focus({preventScroll: true});
  };

  const refresh = async () => {
    if (!busy()) {
      try {
        const answer = await fetch(location.href, {headers: {"X-Live": "1"}, signal: AbortSignal.timeout(10000)});
        if (!answer.ok) throw new Error(answer.statusText);
        const text = await answer.text();
        if (!busy()) replace(text);
        since = new Date();
        stale.hidden = true;
      } catch {
        stale.textContent = `No answer since ${since.toLocaleTimeString()}; the figures are old. Trying again.`;
        stale.hidden = false;
      }
    }
    setTimeout(refresh, EVERY);
  };

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Resume" : "Pause";
  });
  setTimeout(refresh, EVERY);
})();
