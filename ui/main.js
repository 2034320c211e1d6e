// @ts-check
// The page's beginning: defines every element, then `trawl-app` takes over.

import './elements/trawl-app.js';
