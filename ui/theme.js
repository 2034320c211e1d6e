// @ts-check
// Runs before the first paint, so that a dark window never flashes white: a plain script, since
// modules wait for the page. The preference itself lives in settings, and comes along with the page
// (`trawlStart`); a page that is loaded again goes by its last known value.
(() => {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const show = () => {
    const chosen = localStorage.getItem('trawl.theme') ?? 'system';
    const dark = chosen === 'dark' || (chosen === 'system' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  };
  system.addEventListener('change', show);
  window.addEventListener('trawl-theme', show);
  const start = /** @type {any} */ (window).trawlStart;
  const [navigation] = performance.getEntriesByType('navigation');
  if (start !== undefined && /** @type {any} */ (navigation)?.type !== 'reload') {
    localStorage.setItem('trawl.theme', start.settings.settings.preferences?.theme ?? 'system');
  }
  show();
})();
