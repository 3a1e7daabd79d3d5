// Follow a status address once a second and go where it says.
const PERIOD_MS = 1000;
const STALLED_MS = 45000;

export function follow(element) {
  const message = element.querySelector("[role=status]") ?? element;
  const bar = element.querySelector(".progress__value");
  const progressbar = element.querySelector("[role=progressbar]");
  const began = Date.now();
  let failures = 0;

  const look = async () => {
    try {
      const answer = await fetch(element.dataset.follow, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const status = await answer.json();
      failures = 0;
      if (status.next) {
        location.replace(status.next);
        return;
      }
      if (status.message && message.textContent !== status.message) message.textContent = status.message;
      if (bar && Number.isFinite(status.progress)) {
        bar.classList.add("progress__value--known");
        bar.style.width = `${status.progress}%`;
        progressbar?.setAttribute("aria-valuenow", String(status.progress));
      }
    } catch {
      failures += 1;
    }
    if (element.dataset.stalled && Date.now() - began > STALLED_MS) message.textContent = element.dataset.stalled;
    setTimeout(look, Math.min(PERIOD_MS * 2 ** Math.min(failures, 4), 15000));
  };
  setTimeout(look, PERIOD_MS / 2);
}
