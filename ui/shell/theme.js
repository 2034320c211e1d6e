// @ts-check
// The theme that a person chose: shown at once, remembered for the next start's first paint, kept
// in the settings.

import { preference, setPreference } from '../settings/servers/servers.js';

let chosen = false;

/** @param {'system' | 'light' | 'dark'} theme */
export function chooseTheme(theme) {
  chosen = true;
  show(theme);
  return setPreference('theme', theme);
}

/** What the settings say, unless a person chose before they were read. */
export function themeOfSettings() {
  const theme = preference('theme', 'system');
  if (!chosen && localStorage.getItem('trawl.theme') !== theme) show(theme);
}

/** @param {string} theme */
function show(theme) {
  localStorage.setItem('trawl.theme', theme);
  window.dispatchEvent(new Event('trawl-theme'));
}
