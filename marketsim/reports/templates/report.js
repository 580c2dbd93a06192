"use strict";
const root = document.documentElement, tip = document.getElementById("tip"), theme = document.getElementById("theme");

// Light and dark: as the system has it, until the reader chooses.
const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const label = () => { theme.textContent = isDark() ? theme.dataset.light : theme.dataset.dark; };
theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; label(); });
label();
document.getElementById("print").addEventListener("click", () => print());

// One of several groups of a figure, or all; on paper all of them.
for (const select of document.querySelectorAll("select[data-figure]")) {
  const groups = document.querySelectorAll(`#${CSS.escape(select.dataset.figure)} > .group`);
  const choose = () => groups.forEach(group => group.classList.toggle("away", select.value !== "" && group.dataset.group !== select.value));
  select.addEventListener("change", choose);
  choose();
}

// The values under the pointer.
const away = () => { tip.hidden = true; };
document.addEventListener("pointerover", event => {
  const mark = event.target.closest(".hit [aria-label]");
  if (!mark) return away();
  tip.textContent = mark.getAttribute("aria-label");
  tip.hidden = false;
});
document.addEventListener("pointermove", event => {
  if (tip.hidden) return;
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8), above = event.clientY - tip.offsetHeight - 12;
  tip.style.left = `${Math.max(left, 8)}px`;
  tip.style.top = `${above > 4 ? above : event.clientY + 18}px`;
});
addEventListener("scroll", away, { passive: true });
