// The speakers beside a line of the agenda follow what is ticked. Without this the server shows them once the form is sent.
"use strict";
function show(own) {
  const chosen = own.querySelector(".chosen");
  const chips = [...own.querySelectorAll("input:checked + .form-check-label")].map((label) => {
    const chip = document.createElement("span");
    chip.className = "chip";
    chip.append(...label.cloneNode(true).childNodes);
    return chip;
  });
  if (!chips.length) {
    const nobody = document.createElement("span");
    nobody.className = "text-secondary";
    nobody.textContent = chosen.dataset.nobody;
    chips.push(nobody);
  }
  chosen.replaceChildren(...chips);
}
document.addEventListener("change", (event) => {
  const own = event.target.closest(".agenda-speakers");
  if (own) show(own);
});
// A browser that comes back to the page keeps the ticks.
addEventListener("pageshow", () => document.querySelectorAll(".agenda-speakers").forEach(show));
