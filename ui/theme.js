// @ts-check
// Runs before the first paint, so that a dark window never flashes white: a plain script, since
// modules wait for the page. The preference itself lives in settings; this is its last known value.
(() => {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const show = () => {
    const chosen = localStorage.getItem('trawl.theme') ?? 'system';
    const dark = chosen === 'dark' || (chosen === 'system' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  };
  system.addEventListener('change', show);
  window.addEventListener('trawl-theme', show);
  show();
})();
