// Copying a calendar's address. Without this the address can be marked and copied by hand.
"use strict";
for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const word = button.querySelector("span");
  const usual = word.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // without HTTPS there is no clipboard
    }
    word.textContent = button.dataset.done;
    setTimeout(() => { word.textContent = usual; }, 2000);
  });
}
for (const field of document.querySelectorAll(".feed-address input")) field.addEventListener("focus", () => field.select());
