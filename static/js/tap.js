// "Show Temporary Access Pass": without scripts the box stays hidden and the field stays masked.
for (const box of document.querySelectorAll("[data-shows]")) {
  const field = document.querySelector(box.dataset.shows);
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
  // Masked again before it is sent, so that no browser remembers it as ordinary text.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}
