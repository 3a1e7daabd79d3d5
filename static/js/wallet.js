// Two small things a wallet page does by itself: go back to who asked, and warn before it locks.

const follow = document.querySelector("a[data-go-back]");
if (follow) window.location.replace(follow.href);

const lock = document.querySelector("[data-idle-lock]");
if (lock) {
  const lockAfter = Number(lock.dataset.lockAfter) * 1000;
  const warnBefore = Number(lock.dataset.warnBefore) * 1000;
  let timers = [];
  const restart = () => {
    timers.forEach(clearTimeout);
    lock.hidden = true;
    timers = [
      setTimeout(() => { lock.hidden = false; }, lockAfter - warnBefore),
      // The server has locked by then; leaving the page takes what it shows off the screen.
      setTimeout(() => { window.location.assign(lock.dataset.unlockUrl); }, lockAfter + 1000),
    ];
  };
  lock.querySelector("[data-stay]").addEventListener("click", async () => {
    const answer = await fetch(lock.dataset.stayUrl, { credentials: "same-origin", redirect: "manual" });
    if (answer.status === 204) restart();
    else window.location.assign(lock.dataset.unlockUrl);
  });
  restart();
}
