// Ticking a kecamatan ticks its kelurahan, and taking one of them away again unticks the kecamatan. Without this the server does it.
"use strict";
for (const district of document.querySelectorAll(".district")) {
  const whole = district.querySelector(".whole input");
  const parts = [...district.querySelectorAll("input[type=checkbox]")].filter((one) => one !== whole);
  const ticked = () => parts.filter((one) => one.checked).length;
  const show = () => {
    whole.checked = parts.length > 0 && ticked() === parts.length;
    whole.indeterminate = ticked() > 0 && !whole.checked;
  };
  const spread = () => { for (const one of parts) one.checked = whole.checked; };
  if (!whole) continue;
  if (whole.checked) spread();
  show();
  whole.addEventListener("change", spread);
  for (const one of parts) one.addEventListener("change", show);
}
