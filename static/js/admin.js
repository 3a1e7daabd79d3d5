// What the admin's own scripts leave out for people who do not see or point (WCAG 4.1.2 and 2.1.1).
const mend = () => {
  // The chooser's search icons carry a name, which a span without a role may not.
  for (const icon of document.querySelectorAll("span.help-tooltip[aria-label]")) icon.setAttribute("role", "img");
  // What scrolls sideways must be reachable by keyboard.
  for (const wide of document.querySelectorAll(".inline-group, .results")) {
    if (wide.scrollWidth <= wide.clientWidth) continue;
    wide.tabIndex = 0;
    wide.setAttribute("role", "region");
    wide.setAttribute("aria-label", wide.querySelector("h2, caption")?.textContent.trim() || document.title);
  }
};
addEventListener("load", () => setTimeout(mend)); // after the admin's own scripts
addEventListener("resize", mend);
