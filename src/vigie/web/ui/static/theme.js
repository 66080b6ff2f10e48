// Runs before the page is painted, so that a chosen theme does not flash. Nothing chosen: the system's.
(() => {
  const chosen = localStorage.getItem("vigie-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
