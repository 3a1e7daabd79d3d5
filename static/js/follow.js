// Follow a status address and go where it says: told of changes while the server has a place for us, else asking once a
// second. A page that says data-polled always asks.
const PERIOD_MS = 1000;
const STALLED_MS = 45000;
const BROKEN = 3; // streams in a row that brought nothing
const TRY_STREAM_AGAIN_MS = 30000;

export function follow(element) {
  const message = element.querySelector("[role=status]") ?? element;
  const bar = element.querySelector(".progress__value");
  const progressbar = element.querySelector("[role=progressbar]");
  const address = element.dataset.follow;
  let isStalled = false;

  const show = (status) => {
    if (status.next) {
      location.replace(status.next);
      return;
    }
    const words = isStalled ? element.dataset.stalled : status.message;
    if (words && message.textContent !== words) message.textContent = words;
    if (bar && Number.isFinite(status.progress)) {
      bar.classList.add("progress__value--known");
      bar.style.width = `${status.progress}%`;
      progressbar?.setAttribute("aria-valuenow", String(status.progress));
    }
  };

  const ask = (until, failures = 0) => {
    const wait = Math.min(PERIOD_MS * 2 ** Math.min(failures, 4), 15000);
    setTimeout(async () => {
      let failed = failures;
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (!answer.ok) throw new Error(String(answer.status));
        const status = await answer.json();
        failed = 0;
        show(status);
        if (status.next) return;
      } catch {
        failed += 1;
      }
      if (Date.now() < until || failed) ask(until, failed);
      else listen();
    }, wait);
  };

  const listen = () => {
    if (!globalThis.EventSource || "polled" in element.dataset) {
      ask(Infinity);
      return;
    }
    const source = new EventSource(address);
    let empty = 0;
    source.addEventListener("message", ({ data }) => {
      const status = JSON.parse(data);
      empty = 0;
      show(status);
      if (status.next) source.close();
    });
    // A stream that has run its time is followed by another one; the browser sees to that.
    source.addEventListener("error", () => {
      empty += 1;
      if (source.readyState !== EventSource.CLOSED && empty < BROKEN) return;
      source.close();
      ask(Date.now() + TRY_STREAM_AGAIN_MS);
    });
    // A page that the back button brings back from the browser's memory listens again.
    addEventListener("pagehide", () => {
      if (source.readyState === EventSource.CLOSED) return;
      source.close();
      addEventListener("pageshow", listen, { once: true });
    }, { once: true });
  };

  if (element.dataset.stalled) setTimeout(() => { isStalled = true; message.textContent = element.dataset.stalled; }, STALLED_MS);
  listen();
}
