// @ts-check
// The models that the server of the model in use offers, as it told last: asked for when somebody is
// about to choose one.

import { listModels } from '../../api.js';
import { allSettings } from '../servers/servers.js';

/** @typedef {import('../../run/live/types.js').OfferedModel} OfferedModel */

let of = '';
/** @type {OfferedModel[]} */
let models = [];

/** What is known of the server in use. */
export const offered = () => (of === inUse() ? models : []);

/** Asks that server; one that does not answer offers nothing. */
export async function lookUp() {
  const { model } = allSettings().settings;
  const own = inUse();
  if (allSettings().modelName === null) return;
  const told = await listModels(model).catch(() => []);
  if (own !== inUse()) return;
  of = own;
  models = told;
}

/** The server in use, to be told from another. */
function inUse() {
  const { provider, baseUrl, apiKeyEnv } = allSettings().settings.model ?? {};
  return JSON.stringify([provider, baseUrl, apiKeyEnv]);
}
