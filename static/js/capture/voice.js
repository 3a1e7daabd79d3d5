// Ways to tell a person something besides the words on the page: speech when they asked for it, a short vibration.
export class Voice {
  constructor(toggle) {
    this.toggle = toggle;
    if (!("speechSynthesis" in globalThis) && toggle) toggle.closest(".choice").hidden = true;
    toggle?.addEventListener("change", () => { if (!toggle.checked) this.hush(); });
  }

  say(words) {
    if (!this.toggle?.checked || !words || !("speechSynthesis" in globalThis)) return;
    this.hush();
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = document.documentElement.lang || "en";
    speechSynthesis.speak(utterance);
  }

  hush() {
    globalThis.speechSynthesis?.cancel();
  }

  nudge(pattern = 40) {
    navigator.vibrate?.(pattern);
  }
}
