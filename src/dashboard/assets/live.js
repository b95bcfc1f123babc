// Refreshes a page, counts its times on, copies commands. Every page works without it.
(() => {
  "use strict";
  const main = document.getElementById("live");
  const pulse = document.getElementById("pulse");
  const renew = document.getElementById("renew");
  // The version of the page: the server sends the changes after it.
  let url = document.body.dataset.events;
  if (!main) return;

  // The difference between the server's clock and ours.
  const told = Date.parse(document.body.dataset.now || "");
  const skew = Number.isNaN(told) ? 0 : told - Date.now();

  const say = (state, words) => {
    if (!pulse || pulse.dataset.state === state) return;
    pulse.dataset.state = state;
    pulse.textContent = words;
  };

  // The same format as mc.
  const two = (n) => String(n).padStart(2, "0");
  const short = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return `${s}s`;
    if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
    if (s < 86400) return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`;
    return `${Math.floor(s / 86400)}d${Math.floor((s % 86400) / 3600)}h`;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const count = () => {
    const now = Date.now() + skew;
    all("time[data-since]").forEach((t) => { t.textContent = short(now - Date.parse(t.dataset.since)); });
    all("time[data-until]").forEach((t) => {
      const left = Date.parse(t.dataset.until) - now;
      t.textContent = left > 0 ? short(left) : "now";
    });
  };
  const wake = () => {
    all("button.copy[hidden]").forEach((button) => { button.hidden = false; });
    count();
  };

  // Do not disturb a reader who types or has selected text.
  const isBusy = () => {
    const marked = getSelection();
    if (marked && !marked.isCollapsed && main.contains(marked.anchorNode)) return true;
    return all("main input, main textarea, main select").some((field) => field === document.activeElement ||
      ("defaultValue" in field && field.value !== field.defaultValue));
  };

  const FOCUSABLE = "main :is(a[href], button, summary, [tabindex])";
  const same = (a, b) => a.tagName === b.tagName && a.id === b.id &&
    a.getAttribute("href") === b.getAttribute("href") && a.textContent === b.textContent;
  const SCROLLS = "main :is(.scroll, pre, .table-box)";

  const put = (next) => {
    all("main details[id]").forEach((old) => {
      const fold = next.querySelector(`#${CSS.escape(old.id)}`);
      if (fold) fold.open = old.open;
    });
    const scrolled = all(SCROLLS).map((e) => [e.scrollLeft, e.scrollTop]);
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const [x, y] = [scrollX, scrollY];
    main.replaceChildren(...document.importNode(next, true).childNodes);
    const boxes = all(SCROLLS);
    if (boxes.length === scrolled.length) {
      boxes.forEach((e, n) => { [e.scrollLeft, e.scrollTop] = scrolled[n]; });
    }
    if (focused && focused !== main) {
      const again = all(FOCUSABLE).find((e) => same(e, focused));
      (again || main).focus({ preventScroll: true });
    }
    scrollTo(x, y);
    wake();
  };

  let timer = 0, asking = false, again = false;
  const soon = (ms) => { if (!timer) timer = setTimeout(fresh, ms); };
  const fresh = async (byHand) => {
    clearTimeout(timer);
    timer = 0;
    if (byHand !== true && isBusy()) {
      say("held", "Updates wait while you type");
      return soon(2000);
    }
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      if (answer.redirected || answer.status === 401) return location.reload();
      if (!answer.ok) throw answer.status;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById("live");
      // The reader may have started to type meanwhile.
      if (!next || (byHand !== true && isBusy())) return soon(2000);
      put(next);
      document.title = page.title;
      url = page.body.dataset.events || url;
      if (source) say("live", "Live");
    } catch {
      say("stale", "Not up to date");
      if (source) soon(5000);
    } finally {
      asking = false;
      if (again) { again = false; soon(1000); }
    }
  };

  let source = null, wait = 1000, retry = 0;
  const connect = () => {
    clearTimeout(retry);
    if (!url || source || document.hidden) return;
    source = new EventSource(url);
    source.addEventListener("open", () => { wait = 1000; say("live", "Live"); });
    // A burst of changes is one refresh.
    source.addEventListener("changed", () => soon(400));
    source.addEventListener("error", () => {
      close();
      say("stale", "Reconnecting");
      // Spread the reconnects after a restart.
      retry = setTimeout(() => { connect(); fresh(); }, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, 30000);
    });
  };
  const close = () => { if (source) source.close(); source = null; };

  // A browser has six connections for all its tabs: a hidden one keeps none open.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { clearTimeout(retry); close(); say("paused", "Paused"); }
    else if (url) { connect(); fresh(); }
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Without a secure connection there is no clipboard: select the text instead.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  if (renew) {
    renew.hidden = false;
    renew.addEventListener("click", () => fresh(true));
  }
  wake();
  setInterval(() => { if (!document.hidden) count(); }, 1000);
  connect();
})();
