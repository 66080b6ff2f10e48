// What pages do beyond links and forms. Every page works without it.

const root = document.documentElement;

function currentTheme() {
  return root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function describeTheme(button) {
  button.setAttribute("aria-label", currentTheme() === "dark" ? "Use the light theme" : "Use the dark theme");
}

function toggleTheme(button) {
  root.dataset.theme = currentTheme() === "dark" ? "light" : "dark";
  localStorage.setItem("vigie-theme", root.dataset.theme);
  describeTheme(button);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source.textContent);
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}

function openAll(button) {
  const open = button.dataset.open === "true";
  document.querySelectorAll(`#${button.dataset.tree} details`).forEach((node) => { node.open = open; });
}

// j and k walk the rows of the page's list; Enter follows the focused link by itself
function moveRow(step) {
  const links = [...document.querySelectorAll("[data-row]")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
}

const PLACES = { o: "/", f: "/findings", c: "/changes", r: "/resources", p: "/past", v: "/coverage", a: "/accounts", u: "/rules", s: "/settings" };
let going = false;

function onKey(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const goingNow = going;
  going = false;
  if (goingNow && PLACES[event.key]) { location.assign(PLACES[event.key]); return; }
  const act = {
    "/": () => { const box = document.getElementById("search"); box.focus(); box.select(); },
    "j": () => moveRow(1),
    "k": () => moveRow(-1),
    "g": () => { going = true; },
    "?": () => document.getElementById("keys")?.showModal(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function confirmed(form) {
  return !form.dataset.confirm || confirm(form.dataset.confirm);
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.id === "theme") toggleTheme(button);
  if (button.dataset.copy) copy(button);
  if (button.dataset.tree) openAll(button);
  if (button.dataset.dialog) document.getElementById(button.dataset.dialog).showModal();
});
document.addEventListener("submit", (event) => { if (!confirmed(event.target)) event.preventDefault(); });
document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

const theme = document.getElementById("theme");
if (theme) { theme.hidden = false; describeTheme(theme); }
document.querySelectorAll("[data-needs-script]").forEach((node) => { node.hidden = false; });
