// @ts-check
// The page's beginning: defines every element, then `trawl-app` takes over.

import './shell/trawl-app.js';
import { resume } from './run/live/resume.js';

// Where the list cannot be read, the rail says so.
resume().catch(() => {});
