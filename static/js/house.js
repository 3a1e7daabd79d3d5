// Small behaviours every page may ask for by attribute. Pages work without them.
import { follow } from "./follow.js";
import { enhanceCapture } from "./capture.js";

const announce = (text) => {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
};

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    const text = (source.value ?? source.textContent).trim();
    const done = button.dataset.copied ?? "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      return;
    }
    const before = button.textContent;
    button.textContent = done;
    announce(done);
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}

// A second click on a form that is already on its way does nothing.
for (const form of document.querySelectorAll("form[data-once], form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
}
// The back button brings pages back with their forms already marked as sent.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// "1 h 5 min", "4 min 59 s", "30 s": signs that need no translation and cannot be read as a time of day.
const inWords = (left) => {
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${seconds} s` : `${seconds} s`;
};

const spoken = new Set([60, 30, 20]);
for (const time of document.querySelectorAll("[data-countdown]")) {
  const end = new Date(time.dateTime).getTime();
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    time.textContent = inWords(left);
    if (spoken.has(left)) announce(time.textContent);
    if (left > 0) setTimeout(tick, 1000);
    else if (time.hasAttribute("data-reload")) location.reload();
  };
  tick();
}

for (const element of document.querySelectorAll("[data-follow]")) follow(element);
for (const element of document.querySelectorAll("[data-capture]")) enhanceCapture(element);
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
