// What the numbers of the settings may be, as the core tells it.

import { readFileSync } from 'node:fs';

export const rules = JSON.parse(readFileSync(new URL('../fixtures/rules.json', import.meta.url), 'utf8'));
