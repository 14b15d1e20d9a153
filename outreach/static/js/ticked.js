// The number in a fieldset's legend follows what is ticked in it. Without this the server counts when it shows the form again.
"use strict";
for (const own of document.querySelectorAll(".together-own")) {
  const count = own.querySelector("legend .count");
  own.addEventListener("change", () => {
    count.textContent = count.textContent.replace(/\d+/, own.querySelectorAll("input[type=checkbox]:checked").length);
  });
}
