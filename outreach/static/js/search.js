// "/" leads to the search: into its box, or, if no box is in sight, to its page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typing = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
  if (event.target.closest?.(typing)) return;
  event.preventDefault();
  const boxes = [...document.querySelectorAll("[data-search]")];
  const box = boxes.find((one) => one.getClientRects().length > 0);
  if (box) {
    box.focus();
    box.select();
  } else document.querySelector("[data-search-page]")?.click();
});
