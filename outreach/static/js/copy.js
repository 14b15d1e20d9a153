// Buttons that copy a text. Without this they stay hidden, and a press on the text selects all of it.
"use strict";
for (const button of document.querySelectorAll("[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  const name = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!(await copied(text))) return;
    button.textContent = button.dataset.done;
    document.getElementById("copy-status").textContent = `${button.dataset.done}: ${text.textContent}`;
    setTimeout(() => { button.textContent = name; }, 2000);
  });
}

// Pages without https, in an office's own network, have no navigator.clipboard: there the text is selected and copied as by hand.
async function copied(element) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(element.textContent);
      return true;
    } catch { /* not allowed: as by hand */ }
  }
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  return document.execCommand("copy");
}
