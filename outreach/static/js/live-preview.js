// The preview follows what is typed, a moment later. Without this the button "Preview" does it.
"use strict";
for (const button of document.querySelectorAll("[data-live-preview]")) {
  const form = document.getElementById(button.dataset.livePreview);
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(button), 700);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}
